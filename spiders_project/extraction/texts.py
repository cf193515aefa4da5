"""The text of an element, as a reader sees it: no scripts, and a space where a block ends."""

from typing import Any

from lxml import etree

_UNREAD = frozenset({"script", "style", "template", "noscript"})
#: Within these, words go on across the tag.
_INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "font", "i"}
    | {"ins", "kbd", "mark", "q", "rb", "rp", "rt", "ruby", "s", "samp", "small", "span"}
    | {"strong", "sub", "sup", "time", "u", "var", "wbr"}
)


def text_of(element: Any) -> str:
    """All text inside it, in one line."""
    if len(element) == 0:
        return one_line(element.text or "") if isinstance(element.tag, str) else ""
    return one_line("".join(_parts(element)))


def one_line(text: str) -> str:
    return " ".join(text.split())


def _parts(element: Any) -> list[str]:
    parts: list[str] = []
    unread = 0
    for event, node in etree.iterwalk(element, events=("start", "end", "comment", "pi")):
        named = isinstance(node.tag, str)
        if event == "start":
            unread += node.tag in _UNREAD
            parts.append("" if node.tag in _INLINE else " ")
            parts.append("" if unread else node.text or "")
            continue
        if named:
            unread -= node.tag in _UNREAD
            parts.append("" if node.tag in _INLINE else " ")
        if node is not element and not unread:
            parts.append(node.tail or "")
    return parts
