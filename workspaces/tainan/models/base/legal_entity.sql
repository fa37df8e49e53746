-- One row per legal entity. Two published spellings of one entity may be judged differently (with and
-- without the trader's name): the kind that protects more wins.
SELECT
    n.entity_id,
    MIN(n.entity_name) AS entity_name,
    CASE
        WHEN MAX(CASE WHEN n.entity_kind = 'natural_person' THEN 1 ELSE 0 END) = 1 THEN 'natural_person'
        WHEN MAX(CASE WHEN n.entity_kind = 'sole_trader' THEN 1 ELSE 0 END) = 1 THEN 'sole_trader'
        WHEN MAX(CASE WHEN n.entity_kind = 'company' THEN 1 ELSE 0 END) = 1 THEN 'company'
        WHEN MAX(CASE WHEN n.entity_kind = 'organisation' THEN 1 ELSE 0 END) = 1 THEN 'organisation'
        ELSE 'other'
    END AS entity_kind,
    COUNT(*) AS published_names,
    MAX(CASE WHEN n.names_site THEN 1 ELSE 0 END) = 1 AS in_site_register,
    MAX(CASE WHEN n.names_punished THEN 1 ELSE 0 END) = 1 AS in_environmental_penalties,
    MAX(CASE WHEN n.names_employer THEN 1 ELSE 0 END) = 1 AS in_labour_penalties
FROM base.legal_entity_name AS n
GROUP BY n.entity_id
