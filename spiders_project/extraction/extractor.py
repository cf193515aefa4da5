"""Reads pages for a crawl in a process of its own, under a time limit.

A page that takes too long costs that process and nothing else: it is killed, the page is given up,
and the next page gets a new one.
"""

import asyncio
import os
import signal
from asyncio import StreamReader, StreamWriter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from spiders_project.extraction import frames, nursery
from spiders_project.extraction.extracted import Extracted, Fault, Link
from spiders_project.extraction.pages import Page

#: For one page, from handing it over to having its rows.
MOST_SECONDS = 5.0


class PageUnreadable(Exception):  # told on the job, which lists the page
    """A page could not be read by its recipe; the sentence says why."""


@dataclass(frozen=True, slots=True)
class _Server:
    pid: int
    reader: StreamReader
    writer: StreamWriter


class Extractor:
    """One extraction process at a time, made when it is first needed; pages take turns."""

    def __init__(
        self, spider: str, arguments: Mapping[str, Any], *, seconds: float = MOST_SECONDS
    ) -> None:
        self._told = (spider, dict(arguments))
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self._server: _Server | None = None

    async def extract(self, page: Page) -> Extracted:
        """What `extraction.extract` gives. Raises PageUnreadable."""
        async with self._turn:
            try:
                async with asyncio.timeout(self._seconds):
                    answer = await self._answer(page)
            except TimeoutError:
                self.close()
                sentence = f"Reading it took longer than {self._seconds:g} s and was stopped."
                raise PageUnreadable(sentence) from None
            except (EOFError, OSError) as error:
                self.close()
                sentence = "The process that read it ended, probably for want of memory."
                raise PageUnreadable(sentence) from error
            except BaseException:
                # Half an answer may be under way; nobody else should get it.
                self.close()
                raise
        if "error" in answer:
            raise PageUnreadable(f"It could not be read: {answer['error']}.")
        return _extracted(answer["extracted"])

    def close(self) -> None:
        """Ends the process, whatever it is at."""
        server, self._server = self._server, None
        if server is not None:
            with suppress(ProcessLookupError):
                os.kill(server.pid, signal.SIGKILL)
            server.writer.close()

    async def _answer(self, page: Page) -> dict[str, Any]:
        server = self._server = self._server or await self._hatched()
        told = {"url": page.url, "headers": dict(page.headers)}
        server.writer.write(frames.packed(told, page.body))
        await server.writer.drain()
        answer, _ = await frames.awaited(server.reader)
        return dict(answer)

    async def _hatched(self) -> _Server:
        connection = nursery.hatch()
        reader, writer = await asyncio.open_unix_connection(sock=connection)
        try:
            pid, _ = await frames.awaited(reader)
        except BaseException:
            # It may come yet; without its other end it does not stay.
            writer.close()
            raise
        writer.write(frames.packed(self._told))
        return _Server(pid, reader, writer)


def _extracted(answer: Mapping[str, Any]) -> Extracted:
    links = [Link(**each) for each in answer["links"]]
    faults = [Fault(**each) for each in answer["faults"]]
    return Extracted(answer["rows"], links, faults)
