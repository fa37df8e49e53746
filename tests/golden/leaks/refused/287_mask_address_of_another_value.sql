-- The digits of a telephone, written as the name of a district.
-- refused by: release_ceiling, masks_combine
-- release: {kind: records, quasi_identifiers: [place]}
SELECT village, mask_address(translate(substr(phone, 8), '0123456789', '甲乙丙丁戊己庚辛壬癸') || '市甲区') AS place FROM raw.health__patient
