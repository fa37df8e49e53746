-- A moment and a place, no name: still above the ceiling.
-- refused by: release_ceiling
SELECT village, epoch(seen) AS x FROM raw.police__sighting
