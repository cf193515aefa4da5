-- What each job changed, counted.
INSERT INTO change_sets (job_id, target_id, at, found, changed, gone, back)
SELECT id, target_id, completed_at, found, changed, gone, back
FROM (
    SELECT job_id, sum(found) AS found, sum(changed) AS changed, sum(gone) AS gone,
        sum(back) AS back
    FROM (
        SELECT first_job_id AS job_id, count(*) AS found, 0 AS changed, 0 AS gone, 0 AS back
        FROM scraped_items GROUP BY 1
        UNION ALL
        SELECT job_id, 0, count(*), 0, 0 FROM item_revisions GROUP BY 1
        UNION ALL
        SELECT gone_job_id, 0, 0, count(*), 0 FROM item_absences GROUP BY 1
        UNION ALL
        SELECT back_job_id, 0, 0, 0, count(*) FROM item_absences GROUP BY 1
    ) AS counted
    GROUP BY job_id
) AS sums
JOIN scraping_jobs ON id = job_id
WHERE status IN ('completed', 'failed', 'cancelled')
ORDER BY completed_at
