"""Answers, and what the shop calls the state that a page is in.

A visitor who names that state is told "not modified" instead of being sent the page again. Most
pages are called by their bytes. A product's page is called by the product, whatever the day in its
footer, so an unchanged one need not even be rendered.
"""

from datetime import UTC, date, datetime, time
from hashlib import blake2b

from aiohttp import ETag, web

from demo.catalogue import Product
from demo.visit import Visit


def page(request: web.Request, text: str | None, content_type: str = "text/html") -> web.Response:
    """The page, unless the visitor has it. Raises HTTPNotFound where there is none."""
    if text is None:
        raise web.HTTPNotFound
    body = text.encode()
    state = ETag(blake2b(body, digest_size=12).hexdigest())
    if has(request, state):
        return unchanged(state)
    answer = web.Response(body=body, content_type=content_type, charset="utf-8")
    answer.etag = state
    return answer


def state_of(product: Product, visit: Visit, pages: int) -> ETag:
    """The state of a product's page in a shop of that many pages."""
    day = f"-{visit.day}" if visit.asked else ""
    script = "-script" if visit.scripted else ""
    return ETag(f"{pages}-{product.sku}-{product.updated:%Y%m%d}{day}{script}", is_weak=True)


def has(request: web.Request, state: ETag, changed: date | None = None) -> bool:
    """Whether the visitor's page is in that state, or younger than the last change."""
    if known := request.if_none_match:
        return any(each.value in (state.value, "*") for each in known)
    since = request.if_modified_since
    return changed is not None and since is not None and since >= _midnight(changed)


def unchanged(state: ETag) -> web.Response:
    answer = web.Response(status=304)
    answer.etag = state
    return answer


def dated(answer: web.Response, state: ETag, changed: date) -> web.Response:
    answer.etag = state
    answer.last_modified = _midnight(changed)
    return answer


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
