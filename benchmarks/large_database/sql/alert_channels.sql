INSERT INTO alert_channels (name, url, secret)
SELECT 'channel-' || n, 'json://hooks.example/' || n, 'secret'
FROM generate_series(1, 20) AS n
