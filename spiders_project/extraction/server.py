"""The extraction process: reads pages by one recipe until its crawler is gone.

It may take for ever or more memory than there is, on a page made for that; it has no secret, no
connection but the one to its crawler, and is killed when it takes too long.
"""

import os
import resource
from dataclasses import asdict
from socket import socket
from typing import Any, NoReturn

import psutil

from spiders_project import extraction
from spiders_project.extraction import frames
from spiders_project.extraction.pages import Page

#: Beyond what it had from the start. A page of DOWNLOAD_MAXSIZE (16 MB) takes up to 400 MB.
_MOST_BYTES = 640 * 1024 * 1024
#: Rows and links of one page, as JSON.
_LONGEST_ANSWER = 32 * 1024 * 1024


def serve(connection: socket) -> NoReturn:
    """First the recipe is told, then page after page."""
    most = psutil.Process().memory_info().vms + _MOST_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        connection.sendall(frames.packed(os.getpid()))
        (spider, arguments), _ = frames.received(connection)
        while True:
            told, body = frames.received(connection)
            connection.sendall(_answer(Page(told["url"], body, told["headers"]), spider, arguments))
    except (EOFError, OSError):
        os._exit(0)
    except BaseException:  # noqa: BLE001  # it has no parent that would read a traceback
        os._exit(1)


def _answer(page: Page, spider: str, arguments: dict[str, Any]) -> bytes:
    try:
        extracted = asdict(extraction.extract(page, spider, arguments))
        answer = frames.packed({"extracted": extracted})
    except MemoryError:
        return frames.packed({"error": "it takes more memory than a page may"})
    except Exception as error:  # noqa: BLE001  # told to the crawler, which gives the page up
        return frames.packed({"error": f"{type(error).__name__}: {error}"[:1_000]})
    if len(answer) > _LONGEST_ANSWER:
        return frames.packed({"error": "it gives more than 32 MB of rows and links"})
    return answer
