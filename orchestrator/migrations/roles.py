"""What each role of Postgres may do with our tables, where there are such roles.

They are made by `deploy/postgres/roles.sql`, which knows no table. A migration knows all of them,
and grants in its own transaction: so no role sees for a moment what it must not.
"""

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, text

WORKER, DASHBOARD, READER = "kumo_worker", "kumo_dashboard", "kumo_reader"

#: What a worker may do with tables that sign people in, or say what they did. With all others it
#: may read and write: it crawls, cleans up and sends alerts. But it also runs spiders, which parse
#: what strangers send.
OF_WORKERS: Mapping[str, tuple[str, ...]] = {
    "users": (),
    "api_tokens": (),
    # A target's feeds go with it.
    "change_feeds": ("SELECT (id, target_id)", "UPDATE (target_id)", "DELETE"),
    # Whoever can erase it has done nothing.
    "audit_log": ("SELECT", "INSERT"),
    "alembic_version": ("SELECT",),
}
OF_DASHBOARDS: Mapping[str, tuple[str, ...]] = {
    "audit_log": ("SELECT", "INSERT"),
    "alembic_version": ("SELECT",),
}
#: What nobody looks up in a table: whoever has it can sign in, or send in our name.
PRIVATE_COLUMNS: Mapping[str, frozenset[str]] = {
    "users": frozenset({"password_hash"}),
    "api_tokens": frozenset({"token_hash"}),
    "change_feeds": frozenset({"token_hash"}),
    "alert_channels": frozenset({"url", "secret"}),
}

#: None in a database that is not theirs: roles belong to the whole server, and another installation
#: in it may have them.
_ROLES = """
SELECT rolname FROM pg_roles WHERE rolname = ANY(:names) AND EXISTS (
    SELECT FROM pg_database
    WHERE datname = current_database() AND pg_get_userbyid(datdba) = 'kumo_owner'
)
"""
_COLUMNS = """
SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position)
FROM information_schema.columns JOIN pg_tables ON schemaname = table_schema
AND tablename = table_name
WHERE table_schema = 'public' GROUP BY table_name ORDER BY table_name
"""


def grant(connection: Connection) -> None:
    """Gives each role that is there what it needs of each table, and takes the rest away."""
    names = connection.scalars(text(_ROLES), {"names": [WORKER, DASHBOARD, READER]}).all()
    columns = {table: list(of_it) for table, of_it in connection.execute(text(_COLUMNS))}
    for role in names:
        for statement in _statements(role, columns):
            connection.execute(text(statement))


def _statements(role: str, columns: Mapping[str, list[str]]) -> Iterator[str]:
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}"
    if role != READER:
        yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}"
    for table, names in columns.items():
        for right in _rights(role, table, names):
            yield f'GRANT {right} ON "{table}" TO {role}'


def _rights(role: str, table: str, columns: list[str]) -> tuple[str, ...]:
    if role == READER:
        shown = (f'"{name}"' for name in columns if name not in PRIVATE_COLUMNS.get(table, ()))
        return (f"SELECT ({', '.join(shown)})",)
    limited = OF_WORKERS if role == WORKER else OF_DASHBOARDS
    return limited.get(table, ("SELECT, INSERT, UPDATE, DELETE",))
