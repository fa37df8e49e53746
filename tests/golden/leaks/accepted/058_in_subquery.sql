-- Villages with a large school.
SELECT village FROM raw.city__village WHERE village IN (SELECT village FROM raw.city__school WHERE pupils > 200)
