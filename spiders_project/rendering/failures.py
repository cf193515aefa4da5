"""Why a page could not be rendered, in the words and errors that Scrapy knows.

So what may pass is tried again, and what is refused is listed with what to do about it.
"""

import socket
from collections.abc import Mapping

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
)
from scrapy.http import Headers, Response

from spiders_project.addresses import AddressRefused
from spiders_project.rendering.documents import Redirection

_LONGEST, _LONGEST_REPORT = 300, 2_000
#: What came between the gateway and a site, and what Scrapy's own handler would have raised.
_KNOWN: Mapping[type[Exception], type[Exception]] = {
    ConnectionRefusedError: DownloadConnectionRefusedError,
    socket.gaierror: CannotResolveHostError,
    TimeoutError: DownloadTimeoutError,
}


class BrowserFailed(Exception):  # told in the browser's words, and no page is to blame
    """The browser cannot be started."""


def told(error: PlaywrightError, trouble: Exception | None) -> Exception:
    """The error to raise; `trouble` is what the gateway knows of the page's server."""
    if isinstance(error, PlaywrightTimeout):
        return DownloadTimeoutError(_first_line(error))
    if "net::ERR_" in error.message and trouble is not None:
        if isinstance(trouble, AddressRefused):
            return trouble
        for known, raised in _KNOWN.items():
            if isinstance(trouble, known):
                return raised(str(trouble) or _first_line(error))
        return DownloadFailedError(str(trouble))
    return DownloadFailedError(_first_line(error))


def at_start(error: Exception) -> BrowserFailed:
    """Without the long line by which it was started: what the browser itself said of it."""
    first, *others = str(error).splitlines() or [repr(error)]
    said = [line for line in others if "[err]" in line]
    return BrowserFailed("\n".join([first, *said])[:_LONGEST_REPORT])


def redirecting(url: str, redirection: Redirection) -> Response:
    """The answer that leads elsewhere, for Scrapy to follow."""
    headers = Headers()
    for name, value in redirection.headers:
        headers.appendlist(name, value)
    return Response(url, status=redirection.status, headers=headers, flags=["playwright"])


def _first_line(error: PlaywrightError) -> str:
    """What follows is a log of the browser's own steps."""
    return error.message.partition("\n")[0][:_LONGEST]
