-- A harmless-looking union of two sides of a join; the second side repeats the key.
-- refused by: release_ceiling
SELECT v.village, k.plate AS x FROM raw.city__village AS v LEFT JOIN raw.police__sighting AS k ON k.village = v.village
