"""`kumo doctor`: checks an installation and says how to mend what is wrong.

Every check is made whatever the others found; only one that cannot be made before another is mended
is left out, and says so.
"""

import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click
from redis import Redis
from redis.exceptions import RedisError

from orchestrator import catalogue, config, database, migrations
from orchestrator.cli import printing
from orchestrator.exceptions import DatabaseAway, OrchestratorError
from orchestrator.ledger import targets, ticks, workers
from orchestrator.ledger.models import Queue

_OLDEST_PYTHON = (3, 11)
_OLDEST_POSTGRES = (14,)
_OLDEST_REDIS = (6, 2)
#: How long workers have to answer.
_ANSWER_SECONDS = 2
#: How much later than the third sweep a sign of life of beat may come.
_PATIENCE_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found: a fact, a fault and how to mend it, or what would be better."""

    well: bool
    says: str
    word: str = "ok"


def well(says: str) -> Finding:
    return Finding(True, says)


def better(says: str) -> Finding:
    return Finding(True, says, "hint")


def ill(says: str) -> Finding:
    return Finding(False, says, "FAIL")


@dataclass(frozen=True, slots=True)
class Check:
    """Something to look at, once what it needs has been found well."""

    name: str
    look: Callable[[], Iterator[Finding]]
    needs: tuple[str, ...] = ()


@click.command()
@click.pass_context
def doctor(context: click.Context) -> None:
    """Check the installation; each failure says how to mend it."""
    faulty: set[str] = set()
    for check in CHECKS:
        missing = [need for need in check.needs if need in faulty]
        for finding in [_left_out(missing[0])] if missing else _found(check):
            if not finding.well:
                faulty.add(check.name)
            click.echo(f"{finding.word:<4}  {check.name:<13}  {printing.cell(finding.says)}")
    context.exit(1 if faulty else 0)


def _found(check: Check) -> Iterator[Finding]:
    try:
        yield from check.look()
    except OrchestratorError as error:
        yield ill(str(error))


def _left_out(need: str) -> Finding:
    return ill(f"cannot be checked before this is mended: {need}")


def _python() -> Iterator[Finding]:
    if sys.version_info < _OLDEST_PYTHON:
        yield ill(f"Python {platform.python_version()} is too old: make .venv with 3.11 or newer.")
    else:
        yield well(platform.python_version())


def _configuration() -> Iterator[Finding]:
    yield well(f"home {config.get().home}, time zone {config.get().timezone}")


def _contact() -> Iterator[Finding]:
    if contact := config.get().contact:
        yield well(f"sites are told: {contact}")
    else:
        yield better(
            "Sites are not told whom to ask: set KUMO_CONTACT to an e-mail or web address."
        )


def _database() -> Iterator[Finding]:
    try:
        with database.transaction() as session:
            version = session.connection().dialect.server_version_info or ()
    except DatabaseAway as error:
        # Whoever runs this may see the driver's own words: a wrong password, an unknown name.
        words = str(getattr(error.__cause__, "orig", "")).partition("\n")[0]
        yield ill(f"{error} {words}".strip())
        return
    said = f"PostgreSQL {'.'.join(map(str, version))}"
    if version < _OLDEST_POSTGRES:
        yield ill(f"{said} is too old: Kumo needs {_OLDEST_POSTGRES[0]} or newer.")
    else:
        yield well(said)


def _migrations() -> Iterator[Finding]:
    if migrations.is_current():
        yield well("the tables are this version's")
    else:
        yield ill("The tables are not this version's: run `kumo migrate`.")


def _redis() -> Iterator[Finding]:
    try:
        about = _redis_info()
    except RedisError as error:
        yield ill(f"Redis does not answer ({error}): start it, or correct REDIS_URL.")
        return
    # Valkey gives the Redis version it is compatible with beside its own.
    version = str(about.get("redis_version", ""))
    if tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) < _OLDEST_REDIS:
        yield ill(f"Redis {version} is too old: Kumo needs 6.2 or newer, or Valkey.")
    elif (policy := about.get("maxmemory_policy")) != "noeviction":
        yield ill(
            f"Redis may throw frontiers away when it is full (maxmemory-policy {policy}): "
            "set maxmemory-policy to noeviction."
        )
    else:
        own = about.get("valkey_version")
        yield well(f"Valkey {own}" if own else f"Redis {version}")


def _redis_info() -> dict[str, object]:
    url = config.get().require_redis_url()
    with Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
        server: dict[str, object] = client.info("server")
        memory: dict[str, object] = client.info("memory")
        return server | memory


def _spiders() -> Iterator[Finding]:
    known = catalogue.read()
    for module, reason in known.broken.items():
        yield ill(f"{module} does not load: {reason}; mend it, its spiders are missing.")
    if known.spiders:
        yield well(", ".join(known.spiders))
    else:
        yield ill("There is no spider: put one into spiders_project/spiders/.")


def _workers() -> Iterator[Finding]:
    # Brings Celery along.
    from kombu.exceptions import OperationalError

    from orchestrator import celery

    served: dict[str, list[str]] = {}
    try:
        answers = celery.app.control.inspect(timeout=_ANSWER_SECONDS).active_queues() or {}
    except (OperationalError, OSError) as error:
        yield ill(f"The workers cannot be asked ({error}): see to Redis first.")
        return
    for worker, queues in answers.items():
        for queue in queues:
            served.setdefault(queue["name"], []).append(worker)
    for queue, names in sorted(served.items()):
        yield well(f"{queue}: {', '.join(sorted(names))}")
    # Where all targets ask for a tag, nobody has to serve those that ask for none.
    kinds = {queue.partition(".")[0] for queue in served}
    for queue in (celery.CRAWLS, celery.CONTROL):
        if queue not in kinds:
            yield ill(
                f"Nobody serves the queue {queue}: start everything with `make up`, or a worker "
                f"with `celery -A orchestrator worker -Q {queue}`."
            )


def _queues() -> Iterator[Finding]:
    """Whether the queues that targets ask for are served, by what workers have written down."""
    with database.transaction() as session:
        asked = targets.count_by_queue(session)
        served = workers.count_by_queue(session)
    if not asked:
        yield well("no target asks for a worker yet")
    for queue, count in sorted(asked.items()):
        if queue in served:
            yield well(f"{queue}: targets {count}, workers {served[queue]}")
        else:
            yield ill(_unserved(queue, count))


def _unserved(queue: str, count: int) -> str:
    with_browser = queue.partition(".")[0] == Queue.BROWSER
    where = " on a machine with kumo[browser] and Chromium" if with_browser else ""
    return (
        f"{queue}: targets {count}, workers none. Start `celery -A orchestrator worker -Q {queue}`"
        f"{where}."
    )


def _beat() -> Iterator[Finding]:
    with database.transaction() as session:
        age = ticks.ages(session).get(ticks.BEAT)
    patience = 3 * config.get().sweep_seconds + _PATIENCE_SECONDS
    if age is not None and age.total_seconds() < patience:
        yield well(f"last alive {age.total_seconds():.0f} s ago")
        return
    minutes = age.total_seconds() / 60 if age else 0
    when = f"gave its last sign of life {minutes:,.0f} minutes ago" if age else "has not begun yet"
    yield ill(
        f"Beat {when}, so no schedule starts anything: start everything with `make up`, or "
        "`celery -A orchestrator beat` beside a worker."
    )


CHECKS = (
    Check("python", _python),
    Check("configuration", _configuration),
    Check("contact", _contact, needs=("configuration",)),
    Check("database", _database, needs=("configuration",)),
    Check("migrations", _migrations, needs=("configuration", "database")),
    Check("redis", _redis, needs=("configuration",)),
    Check("spiders", _spiders, needs=("configuration",)),
    Check("workers", _workers, needs=("configuration", "redis")),
    Check("queues", _queues, needs=("configuration", "database", "migrations")),
    Check("beat", _beat, needs=("configuration", "database", "migrations")),
)
