"""What a page describes for search engines: lists of products, or the one thing it is about."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from orchestrator.exceptions import Sentence
from orchestrator.ledger import recipes
from spiders_project.extraction import Page, Row
from spiders_project.extraction.described import Description, descriptions, of_types
from spiders_project.proposals import blocks, records, vocabulary
from spiders_project.proposals.proposal import Proposal, read_columns
from spiders_project.proposals.selectors import Place

_SIGNS = {"json-ld": b"application/ld+json", "microdata": b"itemscope", "opengraph": b"og:"}
#: Microdata is read by walking each item again for each of its properties.
_MOST_MICRODATA = 1_500_000
Title = Callable[[int, str], Sentence]


def described(page: Page, following: Place | None) -> list[Proposal]:
    """A proposal for each type of which the page describes enough to be items."""
    found: list[Proposal | None] = []
    for syntax, sign in _SIGNS.items():
        if sign not in page.body or (syntax == "microdata" and len(page.body) > _MOST_MICRODATA):
            continue
        try:
            top = list(descriptions(page, syntax))
        except ValueError:
            # Such as a base of links that is no address.
            continue
        if syntax == "opengraph":
            found.append(_opengraph(page, top))
            continue
        for name, those in _by_type(top).items():
            found.append(_proposal(page, syntax, name, those, following))
    return [proposal for proposal in found if proposal is not None]


def _by_type(top: Sequence[Description]) -> Mapping[str, list[Description]]:
    """The descriptions of each type that could be items."""
    counts = Counter(
        name for name in _types(top, 0) if name.casefold() not in vocabulary.MINOR_TYPES
    )
    return {name: of_types(iter(top), [name]) for name, _ in counts.most_common(4)}


def _types(value: Any, depth: int) -> list[str]:
    found: list[str] = []
    if isinstance(value, dict) and depth < 20:
        own = value.get("@type")
        found += [
            name.rstrip("/").rsplit("/", 1)[-1].rsplit("#", 1)[-1]
            for name in (own if isinstance(own, list) else [own])
            if isinstance(name, str)
        ]
        value = list(value.values())
    if isinstance(value, list) and depth < 20:
        found += [name for each in value for name in _types(each, depth + 1)]
    return found


def _proposal(
    page: Page, syntax: str, name: str, those: Sequence[Description], following: Place | None
) -> Proposal | None:
    made = records.fields(those)
    _with_own_address(made)
    if len(made) < 2:
        return None
    is_list = len(those) > 1
    arguments: dict[str, Any] = {
        "syntaxes": [syntax],
        "types": [name],
        "fields": records.bare(made),
    }
    if is_list and following is not None:
        arguments["next_page"] = following
    score = blocks.ranked(records.value_of(made), len(those)) * 1.4
    if not is_list:
        score *= 2.0 if name.casefold() in vocabulary.MAJOR_TYPES else 0.5
    return _tried(page, those, arguments, (_titled(name, is_list=is_list), score, made))


def _titled(name: str, *, is_list: bool) -> Title:
    """What a proposal of items of that type is called."""

    def titled(rows: int, columns: str) -> Sentence:
        if is_list:
            return Sentence(
                "%(rows)d × %(type)s, as the page describes them for search engines: %(columns)s",
                rows=rows,
                type=name,
                columns=columns,
            )
        return Sentence(
            "One %(type)s, as the page describes it for search engines: %(columns)s",
            type=name,
            columns=columns,
        )

    return titled


def _shared(_: int, columns: str) -> Sentence:
    return Sentence(
        "One item for this page, as it describes itself to social networks: %(columns)s",
        columns=columns,
    )


def _tried(
    page: Page,
    those: Sequence[Description],
    arguments: dict[str, Any],
    about: tuple[Title, float, Sequence[Mapping[str, Any]]],
) -> Proposal | None:
    """The proposal with what it reads."""
    titled, score, made = about
    try:
        recipes.read("structured", arguments)
        rows = _rows(page, those, made)
    except ValidationError:
        return None
    columns = read_columns([(each["name"], each["kind"]) for each in made], rows)
    names = ", ".join(column.name for column in columns)
    return Proposal(
        spider="structured",
        arguments=arguments,
        title=titled(len(those), names),
        start_url=page.url,
        rows=len(those),
        columns=columns,
        read=tuple(rows),
        score=score,
    )


def _rows(page: Page, those: Sequence[Description], made: Sequence[Mapping[str, Any]]) -> list[Row]:
    """As the extraction reads them: each with its own address, the only one with the page's."""
    rows = records.read(page, those, made)
    for description, row in zip(those, rows, strict=False):
        told = description.get("url") or description.get("@id")
        address = page.absolute(told) if isinstance(told, str) and told[:1] != "#" else None
        if address := address or (page.url if len(those) == 1 else None):
            row.setdefault("url", address)
    return rows


def _with_own_address(made: list[dict[str, Any]]) -> None:
    """The extraction gives each item its `url` by itself; only another path needs a field."""
    made[:] = [each for each in made if each["path"] != "url"]


def _opengraph(page: Page, top: Sequence[Description]) -> Proposal | None:
    made = records.fields(top)
    made = [each for each in made if not each["name"].startswith(("image_", "image:", "locale"))]
    _with_own_address(made)
    if len(made) < 2:
        return None
    kind = str(top[0].get("@type", "")).casefold()
    arguments = {
        "syntaxes": ["opengraph"],
        "fields": records.bare(made),
    }
    score = 1.5 if kind in ("website", "") else 6.0
    return _tried(page, top[:1], arguments, (_shared, score, made))
