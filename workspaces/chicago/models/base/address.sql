-- Every address text that a department published, with the street address that it means. Units, floors and
-- punctuation are dropped: what stands after two spaces, after '#', after a unit word, or behind the street suffix
-- of '<number> <N|S|E|W> <name> <suffix>'. An address without such a suffix keeps its cleaned text.
WITH published AS (
  SELECT address FROM raw.business_affairs__business_licenses WHERE address IS NOT NULL
  UNION
  SELECT address FROM raw.public_health__food_inspections WHERE address IS NOT NULL
  UNION
  SELECT street_address AS address FROM raw.hotline_311__sanitation_complaints_311 WHERE street_address IS NOT NULL
),
cleaned AS (
  SELECT
    address,
    TRIM(
      regexp_replace(
        regexp_replace(
          regexp_replace(UPPER(address), '(  +|#).*$', '', 'g'),
          '[ .,;:''"/()*!?_-]+', ' ', 'g'
        ),
        ' (STE|SUITE|UNIT|APT|FL|FLOOR|BLDG|RM) .*$', '', 'g'
      )
    ) AS cleaned_address
  FROM published
),
cut AS (
  SELECT
    address,
    cleaned_address,
    regexp_extract(
      cleaned_address,
      '^([^ ]+( [0-9]+)? [NSEW] [^ ]+( [^ ]+)*? (ST|AVE|BLVD|RD|DR|PL|PKWY|CT|HWY|TER|WAY|SQ|PLZ|LN))( .*)?$', 1
    ) AS street_part
  FROM cleaned
)
SELECT
  address,
  CASE WHEN street_part <> '' THEN street_part WHEN cleaned_address <> '' THEN cleaned_address ELSE UPPER(address) END AS street_address
FROM cut
