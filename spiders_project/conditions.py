"""What may be asked for on condition, what may be kept for it, and what "unchanged" refers to.

The rules are those of RFC 9110 (conditional requests) and RFC 9111 (caching), for a cache that
never answers without asking the site. They are stricter where a page could be meant for one reader:
only what anybody would be sent is kept.
"""

import re
from collections.abc import Sequence
from datetime import timedelta
from email.utils import parsedate_to_datetime
from hashlib import blake2b

from scrapy import Request
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes
from w3lib.http import headers_raw_to_dict

from orchestrator.ledger.cached_pages import PageCopy, Validators
from spiders_project import secrets

#: Larger pages are fetched whole each time.
MOST_BYTES = 4 * 1024 * 1024
#: By these a site may choose what it sends; part of a page's key.
_CHOOSING = (b"Accept", b"Accept-Encoding", b"Accept-Language", b"User-Agent")
#: With any other header, a cookie or a token among them, the answer may be for this reader alone.
_PLAIN = frozenset((*_CHOOSING, b"Referer"))
#: Of a connection, not of a page.
_HOP_BY_HOP = frozenset(
    (
        b"Connection",
        b"Keep-Alive",
        b"Proxy-Authenticate",
        b"Proxy-Connection",
        b"Te",
        b"Trailer",
        b"Transfer-Encoding",
        b"Upgrade",
    )
)
#: How Scrapy marks a body that is not whole.
_CUT_OFF = frozenset(("dataloss", "partial", "download_stopped"))
#: A site's word is sent back as it came, unless it could mean something else or never ends.
_ECHOED = re.compile(r"(?!\*$)[\x20-\x7e]{1,1000}")


def is_plain(request: Request) -> bool:
    """Anybody could have sent it: it has no secret, and no condition of the spider's own."""
    return (
        request.method == "GET"
        and not request.body
        and _PLAIN.issuperset(request.headers)
        and not request.meta.get("dont_cache")
        and not secrets.is_named_in(request.url)
        and not any(b"${" in value for name in _PLAIN for value in _values(request.headers, name))
    )


def key(request: Request, fingerprint: bytes) -> bytes:
    """Tells pages apart, and the forms of one that a site may choose from."""
    chosen_by = [b",".join(_values(request.headers, name)) for name in _CHOOSING]
    return blake2b(b"\n".join((fingerprint, *chosen_by)), digest_size=16).digest()


def ask(request: Request, known: Validators) -> None:
    """Makes it a request for a page that is in another state than the known one."""
    if known.etag:
        request.headers["If-None-Match"] = known.etag
    if known.last_modified:
        request.headers["If-Modified-Since"] = known.last_modified


def withdraw(request: Request) -> None:
    """Whoever repeats or redirects it must not take the condition along."""
    request.headers.pop("If-None-Match", None)
    request.headers.pop("If-Modified-Since", None)


def validators(response: Response) -> Validators | None:
    """What to ask with next time; None when the page has nothing of the kind or may not be kept."""
    headers = response.headers
    found = Validators(_echoed(headers, b"Etag"), _echoed(headers, b"Last-Modified"))
    if not any(found) or response.status != 200 or not _may_be_kept(response):
        return None
    return found if found.etag or _has_settled(headers, found.last_modified) else None


def forbids_keeping(response: Response) -> bool:
    return b"no-store" in _words(response.headers, b"Cache-Control")


def copy_of(response: Response) -> PageCopy:
    """The page as it was sent, in the coding it was sent in."""
    lines = [
        b"%b: %b" % (name, value)
        for name, values in dict.items(response.headers)
        if name not in _HOP_BY_HOP
        for value in values
    ]
    return PageCopy(b"\r\n".join(lines), response.body)


def is_about(unchanged: Response, asked: Validators) -> bool:
    """Whether an answer of "unchanged" means the state that was asked about."""
    etag = _echoed(unchanged.headers, b"Etag")
    return not etag or not asked.etag or _opaque(etag) == _opaque(asked.etag)


def restored(copy: PageCopy, unchanged: Response) -> Response:
    """The page as the site would have sent it, with what it says anew about it."""
    headers = Headers(headers_raw_to_dict(copy.head) or {})
    for name, values in unchanged.headers.items():
        # The answer has no content, so what it says of content is not about the page's.
        if not name.startswith(b"Content-"):
            headers.setlist(name, values)
    kind = responsetypes.from_args(headers=headers, url=unchanged.url, body=copy.body)
    return kind(
        unchanged.url,
        headers=headers,
        body=copy.body,
        flags=[*unchanged.flags, "cached"],
        ip_address=unchanged.ip_address,
        certificate=unchanged.certificate,
        protocol=unchanged.protocol,
    )


def _may_be_kept(response: Response) -> bool:
    return (
        len(response.body) <= MOST_BYTES
        and _CUT_OFF.isdisjoint(response.flags)
        and not _values(response.headers, b"Set-Cookie")
        and not forbids_keeping(response)
        # Other headers it may vary by are in the key, or in no request that is plain.
        and _words(response.headers, b"Vary").isdisjoint((b"*", b"referer"))
    )


def _has_settled(headers: Headers, last_modified: str | None) -> bool:
    """A date alone tells two states apart only if they are not of the same second."""
    try:
        changed = parsedate_to_datetime(last_modified or "")
        sent = parsedate_to_datetime(b"".join(_values(headers, b"Date")).decode("latin-1"))
        return sent - changed >= timedelta(seconds=1)
    except (TypeError, ValueError, IndexError, OverflowError):
        return False


def _words(headers: Headers, name: bytes) -> frozenset[bytes]:
    """The members of a list in a header, in small letters and without their values."""
    if not (values := _values(headers, name)):
        return frozenset()
    line = b",".join(values).lower()
    return frozenset(member.partition(b"=")[0].strip() for member in line.split(b","))


def _echoed(headers: Headers, name: bytes) -> str | None:
    if not (values := _values(headers, name)):
        return None
    value = values[-1].decode("latin-1")
    return value if _ECHOED.fullmatch(value) else None


def _values(headers: Headers, name: bytes) -> Sequence[bytes]:
    """The lines of a header; named as Scrapy keeps it, since spelling it so takes a while."""
    return dict.get(headers, name, ())


def _opaque(etag: str) -> str:
    return etag.removeprefix("W/")
