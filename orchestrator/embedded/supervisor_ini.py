"""The supervisor's configuration file, written anew at every start.

It holds no secret: those are in the supervisor's environment, which its children inherit. The
control socket needs no password, since its folder is ours alone.
"""

import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from configparser import RawConfigParser
from io import StringIO
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from orchestrator.embedded.programs import DATABASES, Program
from orchestrator.exceptions import EmbeddedFailed

Section = dict[str, object]


def text(home: Path, programs: Sequence[Program], socket: Path) -> str:
    """The file's text. Raises EmbeddedFailed for a path that cannot be written in it."""
    parser = RawConfigParser()
    for name, options in _sections(home, programs, socket):
        parser.add_section(name)
        for option, value in options.items():
            parser.set(name, option, _plain(str(value)))
    parser.write(out := StringIO())
    return out.getvalue()


def _sections(
    home: Path, programs: Sequence[Program], socket: Path
) -> Iterable[tuple[str, Mapping[str, object]]]:
    factory = "supervisor.rpcinterface:make_main_rpcinterface"
    yield "supervisord", _supervisor(home)
    yield "unix_http_server", {"file": socket, "chmod": "0600"}
    yield "rpcinterface:supervisor", {"supervisor.rpcinterface_factory": factory}
    for program in programs:
        yield f"program:{program.name}", _program(home, program)
    for rank, equals in groupby(programs, attrgetter("rank")):
        # A group is started and stopped as one, so a program alone gets one as well.
        names = ",".join(program.name for program in equals)
        yield f"group:rank-{rank}", {"programs": names, "priority": rank}


def _supervisor(home: Path) -> Section:
    # As root, supervisor wants to be told that this is meant.
    user = {"user": "root"} if os.geteuid() == 0 else {}
    return {
        **user,
        "nodaemon": "true",
        "silent": "true",
        "nocleanup": "true",
        "pidfile": home / "supervisor.pid",
        "logfile": home / "logs" / "supervisor.log",
        "logfile_maxbytes": "5MB",
        "logfile_backups": 2,
    }


def _program(home: Path, program: Program) -> Section:
    return {
        "command": shlex.join(program.command),
        "directory": program.folder,
        # The others need the databases, and their tables, to be there.
        "autostart": str(program.rank == DATABASES).lower(),
        "autorestart": "true",
        "startsecs": program.start_seconds,
        "startretries": 3,
        "stopsignal": program.stop_signal,
        "stopwaitsecs": program.stop_seconds,
        # Whatever a killed program had started itself goes with it.
        "killasgroup": "true",
        "redirect_stderr": "true",
        # Supervisor expands this one twice.
        "stdout_logfile": str(home / "logs" / f"{program.name}.log").replace("%", "%%"),
        "stdout_logfile_maxbytes": "5MB",
        "stdout_logfile_backups": 2,
    }


def _plain(value: str) -> str:
    for unwritable in (" #", " ;", "\n"):
        if unwritable in value:
            raise EmbeddedFailed(
                f"The path in {value!r} holds {unwritable!r}, which no supervisor configuration "
                "can: move Kumo, or set KUMO_HOME, to a path without it."
            )
    return value.replace("%", "%%")
