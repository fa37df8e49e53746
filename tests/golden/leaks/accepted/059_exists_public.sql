-- Villages that some patient comes from: the village is public.
SELECT v.village FROM raw.city__village AS v
WHERE EXISTS (SELECT 1 FROM raw.health__patient AS p WHERE p.village = v.village)
