"""The small values an installation keeps between starts: passwords and ports.

Ports are drawn from below the range the kernel gives to outgoing connections, so that a server
that is started again does not find its own port lent to somebody else.
"""

import random
import secrets
import socket
from contextlib import closing, suppress
from pathlib import Path

from orchestrator.exceptions import EmbeddedFailed

LOOPBACK = "127.0.0.1"
_PORTS = range(15_000, 32_000)


def folder(path: Path) -> Path:
    """Makes a folder that only we may enter; raises EmbeddedFailed where that is refused."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedFailed(
            f"{path} cannot be made ({error.strerror}): set KUMO_HOME to a folder you may write to."
        ) from error
    return path


def private(path: Path, text: str) -> None:
    """Writes a file only we may read, whole or not at all."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(text)
    new.replace(path)


def secret(path: Path) -> str:
    """The secret kept in a file; made when there is none."""
    with suppress(FileNotFoundError):
        if kept := path.read_text().strip():
            return kept
    made = secrets.token_urlsafe(32)
    private(path, made)
    return made


def port(path: Path) -> int:
    """The port kept in a file, or another one when that is taken or none was kept."""
    with suppress(FileNotFoundError, ValueError):
        if is_free(kept := int(path.read_text())):
            return kept
    found = free_port()
    private(path, str(found))
    return found


def free_port() -> int:
    # Where and when a port is used is no secret: no need for the strong generator.
    candidates = random.sample(_PORTS, 100)
    return next(port for port in candidates if is_free(port))


def is_free(port: int, host: str = LOOPBACK) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family)) as probe:
        # As servers do it; else a port is "taken" for a minute after its last connection.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True
