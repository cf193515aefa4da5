"""The dashboard as people reach it: a gunicorn process of its own.

The socket is ours and listens from the start, so whoever connects early is served when gunicorn is
ready, and a second gunicorn on the same socket is a restarted server.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextmanager
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@contextmanager
def dashboard(
    listener: socket.socket, *, app: str = "dashboard.wsgi:app", root: Path = ROOT
) -> Iterator[str]:
    """Its address; DATABASE_URL, REDIS_URL and KUMO_SECRET_KEY are those of this process.

    It is that of the version of Kumo in `root`, which calls it `app`.
    """
    command = [sys.executable, "-m", "gunicorn", app, "--threads", "4"]
    command += ["--graceful-timeout", "1"]
    port = listener.getsockname()[1]
    with subprocess.Popen(
        [*command, "--bind", f"fd://{listener.fileno()}", "--log-level", "warning"],
        env=os.environ | {"PORT": str(port)},
        pass_fds=[listener.fileno()],
        cwd=root,
    ) as process:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
