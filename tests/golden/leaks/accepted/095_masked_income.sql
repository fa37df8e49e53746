-- Income in bands of a hundred thousand.
-- release: {kind: records, quasi_identifiers: [district, industry], sensitive: [income]}
SELECT district, industry, year(founded) AS founded, mask_amount(income, 100000) AS income FROM raw.tax__firm
