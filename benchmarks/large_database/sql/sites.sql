-- Budgets of their own for three of five hosts.
INSERT INTO sites (name, requests_per_second, in_flight, note, updated_at)
SELECT
    'shop-' || n || '.example', mod(n, 9) + 0.5, mod(n, 4) + 1, 'As agreed with its owner.',
    %(now)s - make_interval(hours => n)
FROM generate_series(1, %(targets)s * 3 / 5) AS n
