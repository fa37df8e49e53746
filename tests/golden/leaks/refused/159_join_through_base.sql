-- The join stands one model earlier.
-- refused by: release_indirect, release_ceiling
-- model base.step
SELECT o.office, o.district FROM raw.city__official AS o JOIN raw.health__patient AS p ON p.name = o.name
-- model open.answer
SELECT office FROM base.step
