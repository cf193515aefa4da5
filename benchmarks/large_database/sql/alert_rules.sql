INSERT INTO alert_rules (channel_id, tag, kinds)
SELECT 1 + mod(n, 20), CASE WHEN mod(n, 2) = 0 THEN 'shops' END, '{failed,recovered,weekly}'
FROM generate_series(1, 40) AS n
