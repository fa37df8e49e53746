-- A rule that only warns decides nothing.
-- field base.t.diagnosis: logicalTypeOptions: {pattern: "B.*"}, customProperties: [{property: severity, value: {pattern: warn}}]
-- model base.t
SELECT village, diagnosis FROM raw.health__patient
-- model open.answer
SELECT village FROM base.t
