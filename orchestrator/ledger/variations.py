"""Variations: targets of a spider with exactly these arguments and settings, made when needed.

Who starts spiders rather than targets, as Scrapyd's clients do, says each time what the spider is
given. The first time that is written down as a target, the next time it is found again: so items
have one place, and a change is a change of the same thing.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from orchestrator.exceptions import TargetInvalid, TargetNotFound
from orchestrator.ledger import audit, definitions, targets
from orchestrator.ledger.models import ScrapingTarget

#: By which people tell these targets from their own.
TAG = "scrapyd"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
_STRANGE = re.compile(r"[^a-z0-9_-]+")
_LONGEST_STEM = 80
#: So many namesakes that people have edited since are passed over.
_MOST_NAMESAKES = 20


@dataclass(frozen=True, slots=True)
class Variation:
    """What is to be crawled, as far as it tells one target from another."""

    spider: str
    start_urls: list[str] = field(default_factory=list)
    arguments: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    key_fields: list[str] = field(default_factory=list)
    render: bool = False
    #: None = whichever it is.
    worker_tag: str | None = None
    #: For one that is made; how many share its jobs tells no target from another.
    crawlers: int = field(default=1, compare=False)

    def as_fields(self) -> dict[str, Any]:
        """What a target has to have to be this one."""
        tagged = {"worker_tag": self.worker_tag} if self.worker_tag else {}
        return tagged | {
            "spider": self.spider,
            "start_urls": self.start_urls,
            "arguments": dict(self.arguments),
            "settings": dict(self.settings),
            "key_fields": self.key_fields,
            "render": self.render,
        }


def of_target(
    target: ScrapingTarget, arguments: Mapping[str, Any], settings: Mapping[str, Any]
) -> Variation:
    """What the target crawls, with these put over its own arguments and settings."""
    return Variation(
        target.spider,
        target.start_urls,
        {**target.arguments, **arguments},
        {**target.settings, **settings},
        target.key_fields,
        target.render,
        target.worker_tag,
        target.crawlers,
    )


def find(session: Session, wanted: Variation) -> ScrapingTarget | None:
    """The oldest living target of exactly that. Raises TargetInvalid for what no target can be."""
    definitions.check({"name": "variation", **wanted.as_fields()})
    same = [getattr(ScrapingTarget, name) == value for name, value in wanted.as_fields().items()]
    living = select(ScrapingTarget).where(ScrapingTarget.deleted_at.is_(None), *same)
    return session.scalar(living.order_by(ScrapingTarget.id).limit(1))


def register(session: Session, wanted: Variation, *, who: str) -> ScrapingTarget:
    """A target of exactly that, which no schedule starts; or another's of the same moment."""
    for name in _names(wanted):
        own = {"name": name, "active": False, "tags": [TAG], "crawlers": wanted.crawlers}
        fields = own | wanted.as_fields()
        try:
            target = targets.register(session, fields)
        except TargetInvalid as error:
            if set(error.faults) != {"name"}:
                raise
            if found := find(session, wanted):
                return found
            continue
        audit.record(session, who, "target.add", target.name, spider=wanted.spider)
        return target
    raise TargetNotFound(
        f"No name is left for a target of {wanted.spider} with these arguments: "
        f"delete some of those whose names begin with {_stem(wanted)}."
    )


def _names(wanted: Variation) -> Iterator[str]:
    """What it may be called: the spider's own name if that is all there is to it."""
    if wanted == Variation(wanted.spider) and _NAME.fullmatch(wanted.spider):
        yield wanted.spider
    yield _stem(wanted)
    yield from (f"{_stem(wanted)}-{number}" for number in range(2, _MOST_NAMESAKES))


def _stem(wanted: Variation) -> str:
    said = orjson.dumps(wanted.as_fields(), option=orjson.OPT_SORT_KEYS)
    digest = hashlib.blake2b(said, digest_size=4).hexdigest()
    plain = _STRANGE.sub("-", wanted.spider.lower()).lstrip("_-")[:_LONGEST_STEM]
    return f"{plain or 'spider'}-{digest}"
