"""Frames: a JSON value and bytes, lengths first, as processes say them to each other.

Never a pickle: one that has parsed a stranger's page may be the stranger's by now, and whoever
unpickles does what the sender wants.
"""

import struct
from typing import Any

import orjson

LENGTHS = struct.Struct("!II")


def packed(value: Any, body: bytes = b"") -> bytes:
    """The frame. Raises TypeError for what JSON cannot hold."""
    told = orjson.dumps(value)
    return LENGTHS.pack(len(told), len(body)) + told + body


class NoFrame(Exception):  # for whoever reads the frames, who says what follows
    """What came is larger than a frame may be, or no JSON."""


class Frames:
    """What has come through a pipe, cut into frames; holds little more than the one it waits for.

    For whoever has something else to do while one comes bit by bit, or never to its end.
    """

    def __init__(self, most_told: int, most_body: int) -> None:
        self._most = (most_told, most_body)
        self._held = bytearray()

    def add(self, some: bytes) -> None:
        self._held += some

    def __bool__(self) -> bool:
        """Whether something came that was not taken yet."""
        return bool(self._held)

    def next(self) -> tuple[Any, bytes] | None:
        """The next frame, once all of it is there. Raises NoFrame."""
        if len(self._held) < LENGTHS.size:
            return None
        told, body = LENGTHS.unpack_from(self._held)
        if told > self._most[0] or body > self._most[1]:
            raise NoFrame(f"it would have {told} bytes of JSON and {body} beside it")
        end = LENGTHS.size + told + body
        if len(self._held) < end:
            return None
        frame = bytes(self._held[LENGTHS.size : end])
        del self._held[:end]
        try:
            return orjson.loads(frame[:told]), frame[told:]
        except orjson.JSONDecodeError as error:
            raise NoFrame("it is no JSON") from error
