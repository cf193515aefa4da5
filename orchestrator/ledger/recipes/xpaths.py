"""What an XPath from people may hold, so that no page makes it run for minutes.

Not a proof: a page may be built against an expression that is harmless elsewhere. What is left is
stopped by the time limit of the process that extracts; this refuses what is slow on any page.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

from orchestrator.exceptions import Sentence

#: Attributes of an element are none.
MOST_STEPS = 30
#: Each may look at the whole document once more for every node before it.
MOST_DESCENTS = 8
MOST_NESTED = 2

_AXES = frozenset(
    {"ancestor", "ancestor-or-self", "attribute", "child", "descendant", "descendant-or-self"}
    | {"following-sibling", "parent", "preceding-sibling", "self"}
)
_DESCENDING = frozenset({"descendant", "descendant-or-self"})
_FUNCTIONS = frozenset(
    {"boolean", "ceiling", "comment", "concat", "contains", "count", "false", "floor", "last"}
    | {"local-name", "name", "node", "normalize-space", "not", "number", "position", "round"}
    | {"starts-with", "string", "string-length", "substring", "substring-after"}
    | {"substring-before", "sum", "text", "translate", "true"}
)
_TOKEN = re.compile(
    r"""\s*(?:(?P<literal>"[^"]*"|'[^']*')|(?P<axis>[\w.-]+)\s*::|(?P<call>[\w.:-]+)\s*\("""
    r"""|(?P<name>[^\W\d][\w.-]*(?::[\w*.-]+)?|\*)|(?P<number>\d+(?:\.\d*)?|\.\d+)"""
    r"""|(?P<sign>//|\.\.|!=|<=|>=|[/.@()\[\],|+=<>$-]))"""
)
#: After one of these a slash does not begin at the root.
_ENDS_A_STEP = frozenset({"name", "]", ")", ".", ".."})


# Bounded: whoever edits a recipe tries many, in a process that lives for weeks.
@lru_cache(1024)
def compiled(xpath: str) -> etree.XPath:
    """The expression, ready to be asked of a node. Raises etree.XPathError."""
    return etree.XPath(xpath, smart_strings=False)


def fault(xpath: str) -> Sentence | None:
    """What is wrong with it, if anything."""
    try:
        compiled(xpath)
    except (etree.XPathError, ValueError) as error:
        return Sentence("is no XPath: %(why)s", why=str(error)[:200])
    return next(_Reading(xpath).faults(), None)


class _Reading:
    """One way through the tokens of an expression."""

    def __init__(self, xpath: str) -> None:
        self._tokens = list(_tokens(xpath))
        self._steps = self._descents = self._nested = 0
        self._before = ""

    def faults(self) -> Iterator[Sentence]:
        for kind, text in self._tokens:
            yield from self._token_faults(kind, text)
            self._before = text if kind == "sign" else kind
        if self._steps > MOST_STEPS:
            yield Sentence("should have at most %(most)d steps", most=MOST_STEPS)
        if self._descents > MOST_DESCENTS:
            yield Sentence(
                "should look into descendants at most %(most)d times", most=MOST_DESCENTS
            )

    def _token_faults(self, kind: str, text: str) -> Iterator[Sentence]:
        match kind:
            case "axis":
                yield from self._axis_faults(text)
            case "call" if text not in _FUNCTIONS | {"and", "or", "div", "mod"}:
                yield Sentence("may not call %(function)s()", function=text)
            case "name":
                self._steps += self._before != "@"
                if ":" in text:
                    yield Sentence("may not use names with a prefix, like %(name)s", name=text)
            case "sign":
                yield from self._sign_faults(text)

    def _axis_faults(self, axis: str) -> Iterator[Sentence]:
        if axis not in _AXES:
            yield Sentence("may not use the axis %(axis)s::", axis=axis)
        if axis in _DESCENDING:
            yield from self._descent_faults()

    def _sign_faults(self, sign: str) -> Iterator[Sentence]:
        match sign:
            case "[":
                self._nested += 1
                if self._nested > MOST_NESTED:
                    yield Sentence("should nest at most %(most)d brackets", most=MOST_NESTED)
            case "]":
                self._nested -= 1
            case "$":
                yield Sentence("may not use variables")
            case "//":
                yield from self._descent_faults()
            case "/" if self._nested and self._before not in _ENDS_A_STEP:
                yield Sentence("may not begin at the root within brackets")

    def _descent_faults(self) -> Iterator[Sentence]:
        self._descents += 1
        if self._nested:
            yield Sentence("may not look into descendants within brackets")


def _tokens(xpath: str) -> Iterator[tuple[str, str]]:
    at = 0
    while match := _TOKEN.match(xpath, at):
        yield str(match.lastgroup), match[str(match.lastgroup)]
        at = match.end()
        if match.lastgroup == "call":
            yield "sign", "("
    if xpath[at:].strip():
        yield "call", xpath[at:].strip()[:20]
