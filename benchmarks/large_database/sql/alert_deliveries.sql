INSERT INTO alert_deliveries (channel_id, made_at, next_try_at, delivered_at, tries, subject)
SELECT
    1 + mod(n, 20), at, at, at + interval '2 s', 1, 'Kumo: ' || 1 + mod(n, 9) || ' targets fail'
FROM generate_series(1, %(deliveries)s) AS n
CROSS JOIN LATERAL (SELECT %(now)s - make_interval(mins => n::int)) AS made (at)
