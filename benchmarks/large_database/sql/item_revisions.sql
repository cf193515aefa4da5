-- What a twentieth of the items were before; every hundredth of these has a long history.
INSERT INTO item_revisions (item_id, job_id, data, content_hash, replaced_at)
SELECT
    id, pg_temp.job_id(target_id, number),
    data || jsonb_build_object('price', revision, 'in_stock', mod(revision, 2) = 0),
    decode(md5(id || '-' || revision), 'hex'),
    pg_temp.queued_at(number, jobs, target_id, %(now)s) + interval '9 seconds'
FROM scraped_items
JOIN (
    SELECT target_id, count(*) AS jobs FROM scraping_jobs GROUP BY target_id
) AS known USING (target_id),
LATERAL generate_series(1, CASE WHEN mod(id, 2000) = 0 THEN 100 ELSE 1 END) AS revision,
LATERAL (SELECT jobs - revision AS number) AS chosen
WHERE mod(id, 20) = 0 AND number > 0
