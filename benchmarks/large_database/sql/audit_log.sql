-- What people pressed in two years, oldest first.
INSERT INTO audit_log (at, who, action, subject, details)
SELECT
    %(now)s - make_interval(secs => (%(audit_entries)s - n) * 63072000.0 / %(audit_entries)s),
    CASE WHEN mod(n, 3) = 0 THEN 'admin' ELSE 'person-' || mod(n, 11) END,
    (ARRAY['target.run', 'job.cancel', 'job.retry', 'job.pause', 'sign_in', 'target.enable'])[1 + mod(n, 6)],
    md5(n::text)::uuid::text,
    jsonb_build_object('target', 1 + mod(n, %(targets)s))
FROM generate_series(1, %(audit_entries)s) AS n
