"""Which page's callback is running: written where the launcher can read it after a crash.

A page is charged only when this says so, and a killed process can say nothing any more; so it is
kept in memory shared with the launcher: two bytes of length, then the page's id in hex, a space
and its address. A length of zero names none.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

_HEADER = 2


class RunningPage:
    """The shared bytes, and the one way to write them. Without bytes it does nothing."""

    def __init__(self, shared: Any = None) -> None:
        self._bytes = memoryview(shared).cast("B") if shared is not None else None

    def __deepcopy__(self, _: object) -> Self:
        # Scrapy copies its settings; a copy of these bytes would be read by nobody.
        return self

    @contextmanager
    def named(self, page: bytes) -> Iterator[None]:
        """While this lasts, `page` is the one to be charged."""
        if self._bytes is None:
            yield
            return
        told = page[: len(self._bytes) - _HEADER]
        self._bytes[_HEADER : _HEADER + len(told)] = told
        # The length last: until then nothing is named.
        self._bytes[:_HEADER] = len(told).to_bytes(_HEADER, "big")
        try:
            yield
        finally:
            self._bytes[:_HEADER] = bytes(_HEADER)
