"""Answers in JSON: where the list is in them, and what leads to the next answer."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
from pydantic import ValidationError

from orchestrator.exceptions import Sentence
from orchestrator.ledger import recipes
from spiders_project.extraction import Page
from spiders_project.proposals import blocks, records
from spiders_project.proposals.proposal import Proposal, read_columns
from spiders_project.proposals.records import Way, path_to

_DEEPEST = 5
_MOST_LISTS = 200
_MOST_KEYS = 200
_NEXT_ADDRESS = re.compile(r"next(?:_?(?:page|link|href|url))*", re.IGNORECASE)
_NEXT_VALUE = re.compile(
    r"(?:next_?)(?:page|cursor|token|page_?token|offset|start|after)?|(?:end|next)_?cursor"
    r"|continuation(?:_?token)?|cursor|scroll_?id|after",
    re.IGNORECASE,
)
_PAGE = ("page", "p", "pg", "pagenumber", "page_number", "pageno", "pageindex", "seite")
_SKIPPED = ("offset", "start", "skip", "from", "startindex", "first")
_SIZE = ("limit", "per_page", "perpage", "page_size", "pagesize", "size", "count", "rows", "n")
#: Parameters that take a value which goes by another name in the answer.
_RELATED = {
    "": ("page",),
    "endcursor": ("after", "cursor"),
    "end_cursor": ("after", "cursor"),
    "cursor": ("cursor", "after"),
    "token": ("token", "page_token", "pagetoken"),
    "pagetoken": ("pageToken", "pagetoken"),
}
_EVERY = ("totalpages", "pages", "pagecount", "lastpage", "numpages")
_LONGEST_VALUE = 2_000

List = tuple[Way, Sequence[Any]]


def apis(page: Page) -> list[Proposal]:
    """A proposal for each list of records in the answer, best first."""
    try:
        answer = orjson.loads(page.body)
    except orjson.JSONDecodeError:
        return []
    following = _next(page, answer)
    found = [_proposal(page, way, entries, following) for way, entries in _lists(answer, (), 0)]
    return sorted((each for each in found if each is not None), key=lambda each: -each.score)


def _lists(value: Any, way: Way, depth: int) -> Iterator[List]:
    if isinstance(value, list):
        if value and sum(isinstance(each, Mapping) for each in value) > 0.5 * len(value):
            yield way, value
    elif isinstance(value, Mapping) and depth < _DEEPEST:
        for key, inner in list(value.items())[:_MOST_KEYS]:
            yield from _lists(inner, (*way, key), depth + 1)


def _proposal(
    page: Page, way: Way, entries: Sequence[Any], following: dict[str, Any] | None
) -> Proposal | None:
    made = records.fields([each for each in entries if isinstance(each, Mapping)])
    arguments: dict[str, Any] = {"fields": records.bare(made)}
    if way:
        arguments = {"list": path_to(way), **arguments}
    if following:
        arguments["next_page"] = following
    if not made:
        return None
    try:
        recipes.read("api", arguments)
        rows = records.read(page, entries, made)
    except ValidationError:
        return None
    columns = read_columns([(each["name"], each["kind"]) for each in made], rows)
    return Proposal(
        spider="api",
        arguments=arguments,
        title=Sentence(
            "%(rows)d entries of this answer: %(columns)s",
            rows=len(entries),
            columns=", ".join(column.name for column in columns),
        ),
        start_url=page.url,
        rows=len(entries),
        columns=columns,
        read=tuple(rows),
        # A list further down is more often a part of an entry than the answer's own.
        score=blocks.ranked(records.value_of(made), len(entries)) * 0.9 ** len(way),
    )


def _next(page: Page, answer: Any) -> dict[str, Any] | None:
    """How to get at the next answer: by an address in this one, a value, or by counting."""
    leaves = list(_told(answer, (), 0))
    for way, value in leaves:
        if _NEXT_ADDRESS.fullmatch(_last_name(way)) and _is_address(value):
            return {"path": path_to(way)}
    query = dict(parse_qsl(urlsplit(page.url).query))
    for way, value in leaves:
        if _NEXT_VALUE.fullmatch(way[-1]) and value not in (None, "", False):
            return {"path": path_to(way), "parameter": _parameter(way[-1], query)}
    return _counted(query, leaves)


def _told(value: Any, way: Way, depth: int) -> Iterator[tuple[Way, Any]]:
    """What an answer says beside its lists."""
    if isinstance(value, Mapping) and depth < _DEEPEST:
        for key, inner in list(value.items())[:_MOST_KEYS]:
            yield from _told(inner, (*way, key), depth + 1)
    elif way and not isinstance(value, (list, Mapping)):
        yield way, value


def _last_name(way: Way) -> str:
    """The name of what is told; `next.href` and `links.next` are both next."""
    return way[-2] if len(way) > 1 and way[-1] in ("href", "url", "link") else way[-1]


def _is_address(value: Any) -> bool:
    return (
        isinstance(value, str)
        and len(value) < _LONGEST_VALUE
        and value.startswith(("http://", "https://", "/", "?"))
    )


def _parameter(key: str, query: Mapping[str, str]) -> str:
    """The parameter that takes such a value; by its name, since no answer says it."""
    plain = re.sub(r"^next_?", "", key, flags=re.IGNORECASE).lower()
    known = {name.lower(): name for name in query}
    if plain in known:
        return known[plain]
    if "cursor" in plain:
        return known.get("cursor") or known.get("after") or "cursor"
    if "token" in plain:
        return (
            known.get("token")
            or known.get("pagetoken")
            or known.get("page_token")
            or key[4:].lstrip("_")
        )
    return plain or "page"


def _counted(query: Mapping[str, str], leaves: Sequence[tuple[Way, Any]]) -> dict[str, Any] | None:
    known = {name.lower(): name for name in query}
    for word in _PAGE:
        if word in known and query[known[word]].isdigit():
            return {"parameter": known[word], "from": min(1, int(query[known[word]]))}
    for word in _SKIPPED:
        if word in known and query[known[word]].isdigit():
            size = next((query[known[each]] for each in _SIZE if each in known), "")
            if size.isdigit() and 0 < int(size) <= 10_000:
                return {"parameter": known[word], "from": 0, "by": int(size)}
    return _told_pages(leaves)


def _told_pages(leaves: Sequence[tuple[Way, Any]]) -> dict[str, Any] | None:
    """`page` is counted on where an answer says that it is one of several."""
    told = {way[-1].lower().replace("_", ""): value for way, value in leaves}
    now = next((told[each] for each in ("page", "currentpage", "pagenumber") if each in told), None)
    every = next(
        (
            told[each]
            for each in ("totalpages", "pages", "pagecount", "lastpage", "numpages")
            if each in told
        ),
        None,
    )
    if isinstance(now, int) and isinstance(every, int) and now < every:
        return {"parameter": "page", "from": now}
    return None
