-- A fiftieth of the items was gone once, and came back with the next job but two.
INSERT INTO item_absences (item_id, gone_job_id, gone_at, back_job_id, back_at)
SELECT
    id, pg_temp.job_id(target_id, number),
    pg_temp.queued_at(number, jobs, target_id, %(now)s) + interval '9 seconds',
    pg_temp.job_id(target_id, number + 2),
    pg_temp.queued_at(number + 2, jobs, target_id, %(now)s) + interval '9 seconds'
FROM scraped_items
JOIN (
    SELECT target_id, count(*) AS jobs FROM scraping_jobs GROUP BY target_id
) AS known USING (target_id),
LATERAL (SELECT 1 + floor((jobs - 4) * pg_temp.chance(id, 12))::bigint AS number) AS chosen
WHERE mod(id, 50) = 7 AND number > 0
ORDER BY 3
