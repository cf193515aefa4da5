-- How fast the newest jobs went: half an hour has some three hundred steps at most.
INSERT INTO job_progress (job_id, began_at, pages, items, errors)
SELECT
    id, started_at + make_interval(secs => CASE
        WHEN step <= 120 THEN step WHEN step <= 228 THEN 120 + (step - 120) * 10
        ELSE 1200 + (step - 228) * 60 END),
    3 + 9 * pg_temp.chance(step, 1), 40 + 160 * pg_temp.chance(step, 2), step / 200
FROM (
    SELECT id, started_at, row_number() OVER (ORDER BY queued_at DESC) AS place
    FROM (
        SELECT * FROM scraping_jobs
        ORDER BY queued_at DESC LIMIT %(progressing_jobs)s
    ) AS newest
    WHERE started_at IS NOT NULL
) AS jobs,
LATERAL generate_series(1, CASE WHEN mod(place, 10) = 0 THEN 300 ELSE 80 END) AS step
