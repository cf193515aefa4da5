"""Where extraction processes come from: a small process that forks one in milliseconds.

A crawler has threads and open connections by the time a page comes, and must not be forked then;
a new interpreter would take half a second to import what the crawler has had since its own fork.
So this one is forked before there is anything in the crawler, and forks others when it is asked.
"""

import ctypes
import faulthandler
import os
import signal
import socket
import sys
from typing import NoReturn

from spiders_project.extraction.server import serve

_PR_SET_PDEATHSIG = 1


class Nursery:
    """The process, seen from the crawler. It ends with the crawler, however that ends."""

    def __init__(self) -> None:
        self._asking, theirs = socket.socketpair()
        parent = os.getpid()
        if (pid := os.fork()) == 0:
            _live(theirs, parent)
        self.pid = pid
        theirs.close()

    def hatch(self) -> socket.socket:
        """The crawler's end of a new extraction process. Raises OSError when none can be had."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                socket.send_fds(self._asking, [b"?"], [theirs.fileno()])
        except OSError:
            ours.close()
            raise
        return ours

    def close(self) -> None:
        """Its processes end when it does."""
        self._asking.close()


_nursery: Nursery | None = None


def begin() -> Nursery:
    """The one of this process; the first call should come before the first thread."""
    global _nursery  # noqa: PLW0603  # there is one, as there is one process
    if _nursery is None:
        _nursery = Nursery()
    return _nursery


def hatch() -> socket.socket:
    """The crawler's end of a new extraction process, from a new nursery if the old one is gone."""
    global _nursery  # noqa: PLW0603  # as above
    try:
        return begin().hatch()
    except OSError:
        begin().close()
        _nursery = None
        return begin().hatch()


def _live(asked: socket.socket, parent: int) -> NoReturn:
    try:
        _become_nobody_elses(asked, parent)
        while True:
            said, fds, _, _ = socket.recv_fds(asked, 1, 1)
            if not said:
                break
            _fork(asked, fds[0])
    finally:
        os._exit(0)


def _fork(asked: socket.socket, fd: int) -> None:
    nursery = os.getpid()
    if os.fork() == 0:
        asked.close()
        _end_with(nursery)
        serve(socket.socket(fileno=fd))
    os.close(fd)


def _become_nobody_elses(asked: socket.socket, parent: int) -> None:
    """What the crawler has open would stay open here: its report, its databases."""
    faulthandler.disable()
    _end_with(parent)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        # A crawl that is told to stop reads its last pages; children are nobody's to wait for.
        signal.signal(number, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    os.closerange(3, asked.fileno())
    os.closerange(asked.fileno() + 1, os.sysconf("SC_OPEN_MAX"))


def _end_with(parent: int) -> None:
    """The end of its socket shows too, but not to one that is lost in a page."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)
