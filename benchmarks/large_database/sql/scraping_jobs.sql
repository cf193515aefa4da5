-- The jobs of one target, oldest first. What Scrapy said of each is as long as it really is.
INSERT INTO scraping_jobs
    (id, target_id, status, trigger, priority, definition, due_at, run_after, rung_at, attempt,
     failures, queued_at, started_at, completed_at, finish_reason, error_message, items_scraped,
     items_new, items_changed, items_rejected, pages, pages_given_up, errors, bytes_received, stats)
SELECT
    pg_temp.job_id(%(target)s, n), %(target)s, status,
    CASE WHEN scheduled THEN 'beat' ELSE (ARRAY['dashboard', 'cli', 'api'])[1 + mod(n, 3)] END,
    mod(%(target)s, 10),
    definition,
    CASE WHEN scheduled THEN date_trunc('minute', queued_at) END,
    queued_at, queued_at,
    CASE WHEN status IN ('pending', 'skipped') THEN 0 WHEN status = 'failed' THEN 3 ELSE 1 END,
    CASE WHEN status = 'failed' THEN 3 ELSE 0 END,
    queued_at,
    CASE WHEN status NOT IN ('pending', 'skipped') THEN queued_at + interval '80 ms' END,
    CASE WHEN status NOT IN ('pending', 'running', 'paused')
        THEN queued_at + make_interval(secs => 8 + 400 * luck + items / 400.0) END,
    CASE status WHEN 'completed' THEN 'finished' WHEN 'failed' THEN 'crawler_died'
        WHEN 'cancelled' THEN 'cancelled' WHEN 'skipped' THEN 'target_busy' END,
    CASE status
        WHEN 'failed' THEN 'The crawler was killed by signal 9 in all of 3 attempts.' || E'\n'
            || repeat('  File "spiders/shop.py", line 12, in parse' || E'\n', 8)
        WHEN 'skipped' THEN 'Skipped: another job of this target was still running.'
    END,
    round(items * part), round(items * 0.01 * luck), round(items * 0.04 * luck),
    CASE WHEN mod(n, 15) = 0 THEN 3 ELSE 0 END,
    round(items * part / 18) + 3,
    CASE WHEN mod(n, 20) = 0 THEN 2 ELSE 0 END,
    CASE WHEN mod(n, 10) = 0 THEN 5 ELSE 0 END,
    round(items * part * 3500),
    stats
FROM (
    SELECT
        n, queued_at, pg_temp.status(n, %(jobs)s, %(target)s) AS status,
        pg_temp.chance(n, 7) AS luck,
        -- It was a smaller website once.
        %(items)s * (0.4 + 0.6 * n / %(jobs)s) AS items,
        mod(n, 3) > 0 AS scheduled
    FROM generate_series(1, %(jobs)s::bigint) AS n,
        LATERAL (SELECT pg_temp.queued_at(n, %(jobs)s, %(target)s, %(now)s) AS queued_at) AS t
) AS jobs,
LATERAL (
    SELECT CASE status WHEN 'completed' THEN 1 WHEN 'skipped' THEN 0 WHEN 'pending' THEN 0
        ELSE luck END AS part
) AS parts,
(
    SELECT jsonb_build_object(
        'target', name, 'spider', spider, 'start_urls', to_jsonb(start_urls),
        'arguments', arguments, 'settings', settings, 'key_fields', to_jsonb(key_fields),
        'max_attempts', max_attempts
    ) || jsonb_strip_nulls(
        jsonb_build_object('crawlers', nullif(crawlers, 1), 'worker_tag', worker_tag)
    ) AS definition
    FROM scraping_targets WHERE id = %(target)s
) AS target,
LATERAL (
    SELECT jsonb_build_object(
        'downloader/request_bytes', n * 411, 'downloader/request_count', n + 60,
        'downloader/request_method_count/GET', n + 60, 'downloader/response_bytes', n * 60111,
        'downloader/response_count', n + 60, 'downloader/response_status_count/200', n + 57,
        'downloader/response_status_count/404', 2, 'downloader/response_status_count/503', 1,
        'dupefilter/filtered', n * 3, 'elapsed_time_seconds', luck * 400,
        'finish_reason', 'finished', 'finish_time', queued_at + interval '5 minutes',
        'start_time', queued_at, 'httpcompression/response_bytes', n * 288001,
        'httpcompression/response_count', n + 40, 'item_scraped_count', round(items),
        'items_per_minute', 5000.5, 'log_count/INFO', 10, 'log_count/WARNING', 2,
        'memusage/max', 88000000, 'memusage/startup', 65000000, 'request_depth_max', 14,
        'response_received_count', n + 60, 'responses_per_minute', 611.0,
        'retry/count', 1, 'retry/reason_count/503 Service Unavailable', 1,
        'robotstxt/request_count', 1, 'robotstxt/response_count', 1,
        'scheduler/dequeued', n + 60, 'scheduler/enqueued', n + 60
    ) AS stats
) AS said
