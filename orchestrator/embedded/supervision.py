"""The supervisor as `kumo up` sees it: its start, what it says, its stop.

Supervisor restarts what dies but, after a few failed starts in a row, gives up; then we ask it
again, so that a database that was away for an hour is no reason to stay down.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from http.client import HTTPException
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xmlrpc.client import Error as RpcError
from xmlrpc.client import ServerProxy

from orchestrator.embedded import kept, processes, supervisor_ini
from orchestrator.embedded.programs import PROJECT, Program
from orchestrator.exceptions import EmbeddedFailed

_TEMPORARY, _PREFIX = Path("/tmp"), "kumo-control-"  # noqa: S108 mkdtemp makes it ours alone
_NO_ANSWER = (OSError, HTTPException, RpcError)


class Supervision:
    """A supervisor process and the programs it keeps."""

    def __init__(self, home: Path, programs: Sequence[Program]) -> None:
        if find_spec("supervisor") is None:
            raise EmbeddedFailed(
                "`kumo up` needs the package supervisor: install kumo[embedded], as `make up` does."
            )
        self.home = home
        self.programs = programs
        self._control = _control_folder(home)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, environment: Mapping[str, str], lock: int) -> None:
        """Starts the supervisor and with it the databases.

        `lock` is the open lock of the home: it stays locked until the supervisor is gone as well.
        """
        ini = self.home / "supervisor.ini"
        kept.private(ini, supervisor_ini.text(self.home, self.programs, self._socket))
        with (kept.folder(self.home / "logs") / "supervisor-errors.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __package__ + ".supervisord", ini, self._control],
                env=_inherited() | dict(environment) | {processes.MARK: str(self.home)},
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=[lock],
            )
        self._await_answer()

    def _await_answer(self) -> None:
        deadline = time.monotonic() + 30
        while self.is_alive and time.monotonic() < deadline:
            if self._states() is not None:
                return
            time.sleep(0.05)
        raise EmbeddedFailed(
            f"The supervisor did not start: see {self.home / 'logs' / 'supervisor-errors.log'}."
        )

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def given_up(self) -> list[str]:
        """The programs that failed to start so often that the supervisor left them alone."""
        return [name for name, state in (self._states() or {}).items() if state == "FATAL"]

    def start_programs(self, names: Iterable[str]) -> None:
        """Has programs started, without waiting until they run."""
        ranks = {program.name: program.rank for program in self.programs}
        for name in names:
            with suppress(*_NO_ANSWER), self._rpc() as rpc:
                rpc.supervisor.startProcess(f"rank-{ranks[name]}:{name}", False)

    def _states(self) -> dict[str, str] | None:
        """How each program stands; None when the supervisor does not answer."""
        with suppress(*_NO_ANSWER), self._rpc() as rpc:
            return {each["name"]: each["statename"] for each in rpc.supervisor.getAllProcessInfo()}
        return None

    def stop(self) -> None:
        """Has everything stopped in order; `wait` tells when that is done."""
        if self._process is not None and self.is_alive:
            self._process.terminate()

    def wait(self, seconds: float) -> None:
        """Waits until the supervisor has ended, but no longer than that."""
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)

    def close(self) -> None:
        """Removes the control socket, which a supervisor that was killed leaves behind."""
        shutil.rmtree(self._control, ignore_errors=True)

    def _rpc(self) -> Any:
        from supervisor.xmlrpc import SupervisorTransport  # an extra; see __init__

        return ServerProxy(
            "http://-", transport=SupervisorTransport(serverurl=f"unix://{self._socket}")
        )

    @property
    def _socket(self) -> Path:
        return self._control / "supervisor.sock"


def _control_folder(home: Path) -> Path:
    """A new folder for the control socket; what a kill left of the last one goes.

    A socket's path holds 107 characters, and the home may be deeper than that.
    """
    note = home / "control"
    with suppress(FileNotFoundError):
        last = Path(note.read_text())
        if last.parent == _TEMPORARY and last.name.startswith(_PREFIX):
            shutil.rmtree(last, ignore_errors=True)
    new = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_TEMPORARY))
    kept.private(note, str(new))
    return new


def _inherited() -> dict[str, str]:
    return dict(os.environ)  # noqa: TID251 handed on to children; nothing is read from it
