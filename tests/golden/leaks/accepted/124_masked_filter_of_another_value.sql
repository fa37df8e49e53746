-- One mask shows the cost, another decides by the birth date.
-- release: {kind: records, quasi_identifiers: [a]}
SELECT village, mask_amount(cost, 500) AS a FROM raw.health__patient WHERE mask_date(birth_date, 'year') >= DATE '1960-01-01'
