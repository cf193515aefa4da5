INSERT INTO alerts (channel_id, key, kind, details, happened_at, due_at, delivery_id)
SELECT
    1 + mod(n, 20), 'failed:' || n, 'failed',
    jsonb_build_object('target', 'target-' || n, 'site', 'shop.example', 'message', ''),
    at, at, 1 + mod(n, %(deliveries)s)
FROM generate_series(1, %(deliveries)s * 3) AS n
CROSS JOIN LATERAL (SELECT %(now)s - make_interval(secs => n::int * 20)) AS happened (at)
