-- One crawl of each job that began, three of those that failed.
INSERT INTO crawls
    (job_id, attempt, worker, pid, lease_until, heartbeat_at, checkpoint, pages, started_at,
     ended_at, outcome)
SELECT
    id, crawl.attempt, 'crawls@kumo-' || 1 + mod(target_id, 2), 4000 + mod(target_id, 900),
    CASE WHEN status = 'running' THEN %(now)s + interval '1 minute' ELSE queued_at END,
    coalesce(completed_at, %(now)s), 40, pages / greatest(jobs.attempt, 1), started_at,
    CASE WHEN status <> 'running' THEN coalesce(completed_at, started_at + interval '2 minutes') END,
    CASE status WHEN 'running' THEN NULL WHEN 'failed' THEN 'killed by signal 9'
        WHEN 'completed' THEN 'finished' ELSE status END
FROM scraping_jobs AS jobs, LATERAL generate_series(1, jobs.attempt) AS crawl (attempt)
WHERE started_at IS NOT NULL
