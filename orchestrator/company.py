"""The company of a crawler: the processes that it has started, such as a browser.

A browser leaves the process group it was started in, and when its crawler is dead nobody tells
whose it was. So they are noted while the crawler lives, and ended when it does not.
"""

from contextlib import suppress
from pathlib import Path

import psutil

_KB = 1024


class Company:
    """What one process has started, as of the last look."""

    def __init__(self, pid: int) -> None:
        self._leader = pid
        self._known: dict[int, psutil.Process] = {}

    def look(self) -> None:
        with suppress(psutil.Error):
            for process in psutil.Process(self._leader).children(recursive=True):
                self._known[process.pid] = process

    def memory(self) -> int:
        """What the process and all of these hold, in bytes; the files they share count once."""
        own, shared = 0, 0
        for pid in (self._leader, *self._known):
            anonymous, files, segments = _held(pid)
            own += anonymous + segments
            shared = max(shared, files)
        return own + shared

    def end(self) -> None:
        """Kills those that are still there, with what they have started since."""
        for process in self._known.values():
            with suppress(psutil.Error):
                # A number that somebody else has by now is not running, to psutil.
                if process.is_running():
                    for each in (*process.children(recursive=True), process):
                        each.kill()


def _held(pid: int) -> tuple[int, int, int]:
    """Memory of its own, of files, and of segments that others may have too.

    From `status`, which anybody may read: of a process in a sandbox nothing finer is told.
    """
    held = dict.fromkeys((b"RssAnon", b"RssFile", b"RssShmem"), 0)
    with suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/status").read_bytes().splitlines():
            name, _, value = line.partition(b":")
            if name in held:
                held[name] = int(value.split()[0]) * _KB
    return held[b"RssAnon"], held[b"RssFile"], held[b"RssShmem"]
