-- The last completed job of each target was not believed, and its changes were discarded.
WITH chosen AS (
    SELECT DISTINCT ON (target_id) id, target_id, completed_at
    FROM scraping_jobs WHERE status = 'completed'
    ORDER BY target_id, completed_at DESC
), marked AS (
    UPDATE scraping_jobs SET verdict = 'suspicious', publication = 'discarded'
    WHERE id IN (SELECT id FROM chosen)
)
INSERT INTO held_jobs
    (job_id, target_id, tells_absences, items_changed, moved_at, decided_at, decided_by)
SELECT id, target_id, false, 200, completed_at, completed_at + interval '8 hours', 'admin'
FROM chosen
