-- Kumo's roles in Postgres, each with what it needs and no more. For psql 14 or newer, as a superuser
-- and connected to Kumo's database:
--
--     psql --dbname=kumo --file=deploy/postgres/roles.sql
--
-- The passwords come from the environment, since every user of a host can read the arguments of a
-- process. To run it again is harmless, and sets passwords that have changed. What a worker and a
-- reader may see of each table is granted by `kumo migrate`, which knows the tables.

\set ON_ERROR_STOP on
\getenv owner POSTGRES_OWNER_PASSWORD
\getenv worker POSTGRES_WORKER_PASSWORD
\getenv dashboard POSTGRES_DASHBOARD_PASSWORD
\getenv reader POSTGRES_READER_PASSWORD

SELECT format('CREATE ROLE %I LOGIN', name)
FROM unnest(ARRAY['kumo_owner', 'kumo_worker', 'kumo_dashboard', 'kumo_reader']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

-- Not into the server's log, where statements are kept.
SET log_statement = 'none';
-- `kumo migrate`: owns the tables, and nobody else can make or drop one.
ALTER ROLE kumo_owner PASSWORD :'owner';
-- Workers and beat.
ALTER ROLE kumo_worker PASSWORD :'worker';
-- The dashboard, Scrapyd's API and `kumo`.
ALTER ROLE kumo_dashboard PASSWORD :'dashboard';
-- People with questions: reads, and never holds a crawl or a migration up for long.
ALTER ROLE kumo_reader PASSWORD :'reader';
ALTER ROLE kumo_reader SET default_transaction_read_only = on;
ALTER ROLE kumo_reader SET statement_timeout = '1min';
ALTER ROLE kumo_reader SET idle_in_transaction_session_timeout = '1min';

ALTER DATABASE :"DBNAME" OWNER TO kumo_owner;
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"DBNAME" TO kumo_worker, kumo_dashboard, kumo_reader;
ALTER SCHEMA public OWNER TO kumo_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO kumo_worker, kumo_dashboard, kumo_reader;

-- Tables of later migrations. Those that hold what signs people in are taken back by the migration.
ALTER DEFAULT PRIVILEGES FOR ROLE kumo_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO kumo_worker, kumo_dashboard;
ALTER DEFAULT PRIVILEGES FOR ROLE kumo_owner IN SCHEMA public
    GRANT USAGE ON SEQUENCES TO kumo_worker, kumo_dashboard;

-- Tables from a time before these roles; sequences follow their tables.
SELECT format('ALTER TABLE public.%I OWNER TO kumo_owner', tablename)
FROM pg_tables
WHERE schemaname = 'public' AND tableowner <> 'kumo_owner'
\gexec
