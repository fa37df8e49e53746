-- The last known day before a school opened.
SELECT o.name, d.day FROM raw.city__official AS o ASOF JOIN raw.city__day AS d ON d.day >= o.since
