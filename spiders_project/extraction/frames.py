"""What crawler and extraction process say to each other, in frames; a worker is told so as well."""

from asyncio import StreamReader
from socket import socket
from typing import Any

import orjson

from orchestrator import frames
from orchestrator.frames import LENGTHS
from orchestrator.ledger.items import repaired

#: A page and its answer are far smaller; what claims to be larger is no frame.
_MOST_BYTES = 512 * 1024 * 1024


def packed(value: Any, body: bytes = b"") -> bytes:
    """What JSON cannot hold is repaired, as items are."""
    try:
        return frames.packed(value, body)
    except TypeError:
        # Half a surrogate pair, or more digits than a number may have.
        return frames.packed(repaired(value), body)


async def awaited(reader: StreamReader) -> tuple[Any, bytes]:
    """The next frame. Raises EOFError when there is none."""
    value, body = LENGTHS.unpack(await reader.readexactly(LENGTHS.size))
    return orjson.loads(await reader.readexactly(value)), await reader.readexactly(body)


def received(connection: socket) -> tuple[Any, bytes]:
    """Likewise, where nothing else is to be done meanwhile."""
    value, body = LENGTHS.unpack(_exactly(connection, LENGTHS.size))
    return orjson.loads(_exactly(connection, value)), _exactly(connection, body)


def _exactly(connection: socket, size: int) -> bytes:
    if size > _MOST_BYTES:
        raise EOFError("no frame")
    buffer = bytearray(size)
    view, got = memoryview(buffer), 0
    while got < size:
        if not (count := connection.recv_into(view[got:])):
            raise EOFError("the other side is gone")
        got += count
    return bytes(buffer)
