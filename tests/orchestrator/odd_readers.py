"""Processes that say what a page may have made them say; the draft's address names it."""

import os
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from time import sleep
from typing import Any

from orchestrator.frames import LENGTHS, packed
from orchestrator.ledger.errands import DraftErrand

#: Longer than any test waits.
_FOR_EVER = 60
#: Nothing makes it smaller.
LARGE = os.urandom(5 * 1024 * 1024)
PAGE: dict[str, Any] = {"url": "https://shop.example/", "status": 200, "headers": {}}
KEPT = packed(["page", PAGE], b"compressed")
NONE = packed(["proposals", {"proposals": [], "why_none": "nothing"}])


def main(told: DraftErrand, pipe: "Connection[bytes, bytes]") -> None:
    _SAYING[told.url.rpartition("/")[2]](pipe.fileno())


def say(pipe: int, *said: bytes) -> None:
    for each in said:
        left = memoryview(each)
        while left:
            left = left[os.write(pipe, left) :]


def _closes(pipe: int) -> None:
    os.close(pipe)
    sleep(_FOR_EVER)


def _dawdles(pipe: int) -> None:
    """A page many times as large as a pipe, not always at once."""
    page = packed(["page", PAGE], LARGE)
    for begin in range(0, len(page), 1024 * 1024):
        say(pipe, page[begin : begin + 1024 * 1024])
        sleep(0.02)
    say(pipe, NONE)


def _says(*said: bytes) -> Callable[[int], None]:
    """And stays."""

    def main(pipe: int) -> None:
        say(pipe, *said)
        sleep(_FOR_EVER)

    return main


_SAYING: Mapping[str, Callable[[int], None]] = {
    "nothing": lambda _: None,
    "closes": _closes,
    "stalls": _says(KEPT[:-1]),
    "dawdles": _dawdles,
    "no-json": _says(LENGTHS.pack(7, 0) + b"__reduc"),
    "no-frame": _says(b"\x80\x05cos\nsystem\n(S'true'\ntR."),
    "too-much-json": _says(LENGTHS.pack(2**24 + 1, 0)),
    "too-large-a-page": _says(LENGTHS.pack(2, 2**24)),
    "other-shape": _says(packed(["page", PAGE | {"status": "200"}], b"compressed")),
    "other-kind": _says(packed(["findings", {"findings": {}}])),
    "proposals-first": _says(NONE),
    "page-then-no-json": _says(KEPT, LENGTHS.pack(7, 0) + b"__reduc"),
    "more-than-asked": _says(KEPT, NONE, KEPT),
}
