"""The page around some elements, as lines of its own markup: cut, and marked where they stand."""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from orchestrator.ledger.items import clean_text, repaired

_MOST_LINES, _LONGEST_LINE, _LONGEST_VALUE = 30, 200, 80
_MOST_SHOWN, _DEEPEST, _INDENT = 2, 12, "  "
_MOST_ATTRIBUTES = 8

Line = dict[str, Any]


def of(elements: Sequence[Any]) -> list[Line]:
    """What is around the first of them: the element that holds each, line by line."""
    lines: list[Line] = []
    marked = set(elements)
    for element in elements[:_MOST_SHOWN]:
        holder = element.getparent()
        begin = element if holder is None or not isinstance(holder.tag, str) else holder
        if lines:
            lines.append({"text": "…"})
        lines.extend(_bounded(_lines(begin, marked, 0), _MOST_LINES // _MOST_SHOWN, marked))
    return lines


def of_data(entry: Any, path: str | None) -> list[Line]:
    """An entry of data, with the lines marked that name the last part of the path."""
    key = f'"{(path or "").rpartition(".")[2].partition("[")[0].strip(chr(34))}":'
    try:
        text = orjson.dumps(repaired(entry), option=orjson.OPT_INDENT_2).decode()
    except (TypeError, RecursionError):
        return []
    return [
        {"text": _cut(line), **({"marked": True} if path and key in line else {})}
        for line in text.splitlines()[:_MOST_LINES]
    ]


def _bounded(lines: Iterator[Line], most: int, marked: set[Any]) -> list[Line]:
    """The beginning, and what is marked even where that comes later."""
    shown: list[Line] = []
    skipped = False
    for number, line in enumerate(lines):
        if len(shown) < most or (line.get("marked") and len(shown) < 2 * most):
            if skipped:
                shown.append({"text": "…"})
            shown.append(line)
            skipped = False
        else:
            skipped = True
        if number > 20 * most:
            break
    return [*shown, {"text": "…"}] if skipped else shown


def _lines(element: Any, marked: set[Any], depth: int) -> Iterator[Line]:
    """Opening tag and text of each element; comments, scripts and closing tags are left out."""
    if not isinstance(element.tag, str) or depth > _DEEPEST:
        return
    mark = {"marked": True} if element in marked else {}
    yield {"text": _cut(_INDENT * depth + _tag(element) + _said(element.text)), **mark}
    if element.tag in ("script", "style"):
        return
    for child in element:
        yield from _lines(child, marked, depth + 1)
        if tail := _said(child.tail):
            yield {"text": _cut(_INDENT * (depth + 1) + tail), **mark}


def _tag(element: Any) -> str:
    attributes = [
        f' {name}="{_short(value)}"'
        for name, value in list(element.attrib.items())[:_MOST_ATTRIBUTES]
    ]
    return f"<{element.tag}{''.join(attributes)}>"


def _short(value: str) -> str:
    value = " ".join(value.split())
    return value if len(value) <= _LONGEST_VALUE else f"{value[:_LONGEST_VALUE]}…"


def _said(text: str | None) -> str:
    return " ".join(text[:2_000].split()) if text else ""


def _cut(text: str) -> str:
    return clean_text(text if len(text) <= _LONGEST_LINE else f"{text[:_LONGEST_LINE]}…")
