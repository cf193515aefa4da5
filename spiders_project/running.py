"""Which page's callback is running: written where the launcher can read it after a crash.

A page is charged only when this says so, and a killed process can say nothing any more; so it is
kept in memory shared with the launcher: two bytes of length, then the page's id in hex, a space
and its address. A length of zero names none.
"""

from collections.abc import AsyncIterator, Awaitable, Generator, Iterator
from contextlib import AbstractContextManager, nullcontext
from inspect import isawaitable
from typing import Any, Self

_HEADER = 2
_NOBODY = bytes(_HEADER)


class SpiderQuit(Exception):  # an error of the callback's own, told in its words
    """A callback called sys.exit(), which is to end the callback and not the crawl."""


class RunningPage:
    """The shared bytes, and the one way to write them. Without bytes it does nothing."""

    def __init__(self, shared: Any = None) -> None:
        self._bytes = memoryview(shared).cast("B") if shared is not None else None

    def __deepcopy__(self, _: object) -> Self:
        # Scrapy copies its settings; a copy of these bytes would be read by nobody.
        return self

    def named(self, page: bytes) -> AbstractContextManager[None]:
        """While this lasts, `page` is the one to be charged; for any number of stretches."""
        return nullcontext() if self._bytes is None else _Stretch(self._bytes, page)

    def named_on(self, page: bytes, output: Any) -> Any:
        """What a callback gave, with each stretch that is still to run in the page's name."""
        if self._bytes is None:
            return output
        if hasattr(output, "__anext__"):
            return self._asynchronous(page, output)
        if hasattr(output, "__next__"):
            return self._synchronous(page, output)
        return self._awaited(page, output) if isawaitable(output) else output

    def _synchronous(self, page: bytes, outputs: Iterator[Any]) -> Iterator[Any]:
        stretch = self.named(page)
        while True:
            with stretch:
                output = next(outputs, _END)
            if output is _END:
                return
            yield output

    async def _asynchronous(self, page: bytes, outputs: AsyncIterator[Any]) -> AsyncIterator[Any]:
        while True:
            output = await self._awaited(page, anext(outputs, _END))
            if output is _END:
                return
            yield output

    async def _awaited(self, page: bytes, waited_for: Awaitable[Any]) -> Any:
        return self.named_on(page, await _Stretches(self, page, waited_for))


class _Stretch:
    """What a page runs in. There is one for each item, so it is no generator."""

    __slots__ = ("_bytes", "_length", "_page")

    def __init__(self, shared: memoryview, page: bytes) -> None:
        self._bytes = shared
        self._page = page[: len(shared) - _HEADER]
        self._length = len(self._page).to_bytes(_HEADER, "big")

    def __enter__(self) -> None:
        self._bytes[_HEADER : _HEADER + len(self._page)] = self._page
        # The length last: until then nothing is named.
        self._bytes[:_HEADER] = self._length

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._bytes[:_HEADER] = _NOBODY
        if isinstance(error, SystemExit):
            # It would end the event loop and leave the process behind.
            raise SpiderQuit(f"it quit with sys.exit({error.code!r})") from error


class _Stretches:
    """Something to await of which each stretch between two waits runs in a page's name."""

    def __init__(self, running: RunningPage, page: bytes, waited_for: Awaitable[Any]) -> None:
        self._running, self._page, self._waited_for = running, page, waited_for

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self._waited_for.__await__()
        send, given = steps.send, None
        stretch = self._running.named(self._page)
        while True:
            try:
                with stretch:
                    future = send(given)
            except StopIteration as end:
                return end.value
            try:
                send, given = steps.send, (yield future)
            except BaseException as error:  # noqa: BLE001  # a cancel too is the callback's to hear
                send, given = steps.throw, error


_END: Any = object()
