-- Villages with a school but without an inn of the same name.
SELECT v.village FROM raw.city__village AS v
SEMI JOIN raw.city__school AS s ON s.village = v.village
ANTI JOIN raw.city__official AS o ON o.district = v.village
