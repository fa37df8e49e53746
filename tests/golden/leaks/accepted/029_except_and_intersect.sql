-- Villages without a school, and those with one.
(SELECT village FROM raw.city__village EXCEPT SELECT village FROM raw.city__school)
UNION
(SELECT village FROM raw.city__village INTERSECT SELECT village FROM raw.health__patient)
