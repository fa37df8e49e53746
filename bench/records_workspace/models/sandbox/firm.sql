-- One row per invented enterprise.
SELECT
    f.code,
    f.sector,
    f.opened_on,
    f.contact,
    f.capital,
    f.tax_paid,
    f.employees
FROM raw.registry__firm AS f
