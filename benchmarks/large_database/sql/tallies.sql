-- As many as gather between two sweeps of a busy installation.
INSERT INTO tallies (amounts)
SELECT jsonb_build_object(
    'jobs/completed/good', 1, 'pages', 40 + n, 'errors', mod(n, 3), 'bytes_received', 900000,
    'items_scraped', 30, 'items_new', 2, 'items_changed', 3, 'items_gone', 1,
    'checkpoint/0.005', 12, 'checkpoint/0.01', 4, 'checkpoint/sum', 0.083,
    'frontier/0.001', 40, 'frontier/0.002', 9, 'frontier/sum', 0.031)
FROM generate_series(1, 300) AS n
