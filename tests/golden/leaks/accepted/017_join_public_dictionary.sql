-- A sensitive table joined with a dictionary on a public key.
SELECT p.village, v.district FROM raw.health__patient AS p JOIN raw.city__village AS v ON v.village = p.village
