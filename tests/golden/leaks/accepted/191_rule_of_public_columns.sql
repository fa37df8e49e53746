-- Rules about public columns.
-- rule base.t: {rule: row, holds: "sex IN ('f', 'm')"}
-- field base.t.village: required: true, logicalTypeOptions: {minLength: 1}
-- model base.t
SELECT village, sex, diagnosis FROM raw.health__patient
-- model open.answer
SELECT village FROM base.t
