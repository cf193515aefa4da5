"""By which names a place is told: the words of classes, ids, attributes and keys."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from spiders_project.proposals import classes

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
#: Words of selectors that name nothing.
_GRAMMAR = re.compile(
    r"div|span|p|xpath|css|contains|class|concat|normalize|space|text|following|sibling|descendant"
    r"|self|node|nth|child|of|type|not"
)


def of(place: Mapping[str, Any], *more: str) -> frozenset[str]:
    """The words in a place of a recipe and in further names."""
    said = [str(place.get(key) or "") for key in ("css", "xpath", "attribute", "path")]
    return frozenset(_words([*said, *more]))


def overlap(wanted: frozenset[str], found: frozenset[str]) -> float:
    """From 0 to 1, how much of the wanted words is found."""
    return len(wanted & found) / len(wanted) if wanted else 0.0


def _words(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        for token in _WORD.findall(text):
            yield from (word for word in classes.words(token) if not _GRAMMAR.fullmatch(word))
