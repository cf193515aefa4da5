-- What half of the items were before: the fields that a job found changed, in the order in
-- which jobs did. One item in two thousand has a long history.
INSERT INTO item_revisions (item_id, job_id, data, added, content_hash, began_at, replaced_at)
SELECT
    id, pg_temp.job_id(target_id, number),
    CASE mod(id + revision, 8)
        WHEN 0 THEN jsonb_build_object('in_stock', mod(revision, 2) = 0)
        WHEN 1 THEN jsonb_build_object('price', price, 'name', 'Formerly ' || (data ->> 'name'))
        ELSE jsonb_build_object('price', price)
    END,
    CASE WHEN mod(id, 32) = 0 THEN '{rating}'::text[] ELSE '{}' END,
    decode(md5(id || '-' || revision), 'hex'),
    first_seen_at, at
FROM scraped_items
JOIN (
    SELECT target_id, count(*) AS jobs FROM scraping_jobs GROUP BY target_id
) AS known USING (target_id),
LATERAL generate_series(1, CASE WHEN mod(id, 2000) = 0 THEN 100 ELSE 1 END) AS revision,
LATERAL (
    SELECT CASE WHEN mod(id, 2000) = 0 THEN jobs - 101 + revision
        ELSE 1 + floor(jobs * pg_temp.chance(id, 11))::bigint END AS number
) AS chosen,
LATERAL (
    SELECT pg_temp.queued_at(number, jobs, target_id, %(now)s) + interval '9 seconds' AS at,
        -- As texts sometimes, and up to a third less or more than it is.
        CASE WHEN mod(id, 5) = 0 THEN to_jsonb(round(was, 2)::text)
            ELSE to_jsonb(round(was, 2)) END AS price
    FROM (
        SELECT (data ->> 'price')::numeric
            * (0.7 + 0.6 * pg_temp.chance(id, revision)::numeric) AS was
    ) AS earlier
) AS told
WHERE mod(id, 100) < 51 AND number > 0
  AND pg_temp.status(number, jobs, target_id) = 'completed'
ORDER BY at
