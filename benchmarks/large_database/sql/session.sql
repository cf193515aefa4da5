-- What every other statement here leans on: settings and functions of this session alone.
-- A job's id and time follow from its target and its number, so that rows of other tables can
-- name it without looking it up.
SET synchronous_commit = off;
SET maintenance_work_mem = '1GB';
SET work_mem = '128MB';

CREATE FUNCTION pg_temp.job_id(target bigint, number bigint) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$ SELECT md5(target || '-' || number)::uuid $$;

-- A number from 0 to 1 that is always the same for the same two.
CREATE FUNCTION pg_temp.chance(a bigint, b bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE AS $$ SELECT (hashint8(a * 1000003 + b)::bigint + 2147483648) / 4294967296.0 $$;

-- Evenly over two years; the newest a quarter of an hour ago.
CREATE FUNCTION pg_temp.queued_at(number bigint, jobs bigint, target bigint, now timestamptz)
RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
    SELECT now - make_interval(secs => 900
        + (jobs - number) * (63072000.0 / jobs)
        + mod(target * 7919, 600) + 240 * pg_temp.chance(number, target))
$$;

-- Where a job stands; only the newest of a target may be active.
CREATE FUNCTION pg_temp.status(number bigint, jobs bigint, target bigint) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN number = jobs AND mod(target, 60) = 1 THEN 'running'
        WHEN number = jobs AND mod(target, 20) = 2 THEN 'pending'
        WHEN number = jobs AND mod(target, 100) = 3 THEN 'paused'
        WHEN number BETWEEN jobs - 2 AND jobs - 1 THEN 'completed'
        WHEN pg_temp.chance(target, number) < 0.90 THEN 'completed'
        WHEN pg_temp.chance(target, number) < 0.95 THEN 'failed'
        WHEN pg_temp.chance(target, number) < 0.97 THEN 'cancelled'
        ELSE 'skipped'
    END
$$;
