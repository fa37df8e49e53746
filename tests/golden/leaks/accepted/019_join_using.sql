-- USING on a public key.
SELECT village, v.district, s.pupils FROM raw.city__village AS v JOIN raw.city__school AS s USING (village)
