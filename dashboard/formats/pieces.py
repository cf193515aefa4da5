"""A file that is done, a piece at a time."""

from collections.abc import Iterator
from typing import IO

_BYTES = 256 * 1024


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(_BYTES):
        yield piece
