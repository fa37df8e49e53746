-- FROM before SELECT.
FROM raw.city__village SELECT village, district WHERE area > 3
