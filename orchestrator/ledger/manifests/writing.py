"""Targets written as a manifest, new or into a file that is there.

In a file that is there only what differs is touched, so its order, its comments and its way of
writing stay. No secret is written: where one stands in an argument, the file gets a name for it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from orchestrator.ledger.definitions import TargetDefinition
from orchestrator.ledger.manifests import reading
from orchestrator.ledger.manifests.reading import TARGETS, Manifest
from orchestrator.ledger.models import ScrapingTarget
from orchestrator.ledger.secrecy import Place

#: Longer than any line, so that none is folded.
_WIDTH = 100_000
_DEFAULTS = TargetDefinition(name="default", spider="default").model_dump(mode="json")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A secret that was not written."""

    target: str
    field: str
    #: What stands for it.
    name: str


@dataclass(slots=True)
class Written:
    """A manifest as text."""

    text: str
    left_out: list[LeftOut] = field(default_factory=list)


def write(stored: Mapping[str, ScrapingTarget], *, into: str = "") -> Written:
    """The targets, by name. Raises ManifestInvalid when `into`, a file's text, is no manifest."""
    written = Written("")
    fields = {name: _fields(target, written) for name, target in stored.items()}
    manifest = reading.read(into)
    if not manifest.definitions:
        written.text = _dumped({TARGETS: fields}, into)
        return written
    if _is_same(manifest, fields):
        written.text = into
        return written
    kept = _without(into, manifest, [each for each in manifest.definitions if each not in fields])
    document = _yaml(kept).load(kept)
    for name, wanted in fields.items():
        if name not in manifest.definitions:
            document[TARGETS][name] = wanted
        else:
            before = manifest.definitions[name].model_dump(mode="json")
            _merge(document[TARGETS][name], before, wanted, defaults=_DEFAULTS)
    written.text = _dumped(document, kept)
    return written


def _is_same(manifest: Manifest, fields: Mapping[str, Any]) -> bool:
    return set(manifest.definitions) == set(fields) and all(
        definition.model_dump(mode="json") == {**_DEFAULTS, "name": name, **fields[name]}
        for name, definition in manifest.definitions.items()
    )


def _fields(target: ScrapingTarget, written: Written) -> dict[str, Any]:
    """What the target has that is not as by default."""
    stored = {name: getattr(target, name) for name in _DEFAULTS if name != "name"}
    stored["overlap"] = str(stored["overlap"])
    for place in reading.plain_secrets(target.spider, target.arguments):
        name = _secret_name(target.name, place)
        stored["arguments"] = _put(stored["arguments"], place, {"secret": name})
        where = ".".join(map(str, ("arguments", *place)))
        written.left_out.append(LeftOut(target.name, where, name))
    return {name: value for name, value in stored.items() if value != _DEFAULTS[name]}


def _secret_name(target: str, place: Place) -> str:
    """One that no other secret of any target has: SHOP_PASSWORD."""
    words = re.sub(r"[^A-Z0-9]+", "_", "_".join(map(str, (target, *place))).upper())
    return (words if words[0].isalpha() else f"T_{words}")[:100]


def _put(value: Any, place: Place, new: Any) -> Any:
    """A copy of it with something else at that place."""
    if not place:
        return new
    first, rest = place[0], place[1:]
    copy = value.copy()
    copy[first] = _put(copy[first], rest, new)
    return copy


def _merge(
    node: Any, before: Mapping[str, Any], after: Mapping[str, Any], *, defaults: Mapping[str, Any]
) -> None:
    """Makes a mapping of the file mean `after`, and leaves alone what means that already."""
    for name in list(node):
        if name not in after and (name not in defaults or before.get(name) != defaults[name]):
            del node[name]
    for name, value in after.items():
        if name not in node:
            node[name] = value
        elif before.get(name) != value:
            _replace(node, name, before.get(name), value)


def _replace(node: Any, at: str | int, before: Any, after: Any) -> None:
    there = node[at]
    if isinstance(there, dict) and isinstance(before, dict) and isinstance(after, dict):
        _merge(there, before, after, defaults={})
    elif (
        isinstance(there, list)
        and isinstance(before, list)
        and isinstance(after, list)
        and len(there) == len(before) == len(after)
    ):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            if old != new:
                _replace(there, number, old, new)
    else:
        node[at] = after


def _without(text: str, manifest: Manifest, names: list[str]) -> str:
    """The text without the lines of those targets; what is written above the next one stays."""
    lines = text.splitlines(keepends=True)
    starts = sorted(manifest.line(name) - 1 for name in manifest.definitions)
    for name in sorted(names, key=manifest.line, reverse=True):
        start = manifest.line(name) - 1
        end = next((each for each in starts if each > start), len(lines))
        while end > start + 1 and end < len(lines) and _is_aside(lines[end - 1]):
            end -= 1
        del lines[start:end]
    return "".join(lines)


def _is_aside(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _dumped(document: Any, text: str) -> str:
    stream = StringIO()
    _yaml(text).dump(document, stream)
    return stream.getvalue()


def _yaml(text: str) -> YAML:
    """One that writes as far in as the text does."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _WIDTH
    match = re.search(r"^( *)[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\n( *)- ", text, re.MULTILINE)
    offset = len(match[2]) - len(match[1]) if match else 2
    inner = re.search(r"^( +)[^\s#]", text, re.MULTILINE)
    yaml.indent(mapping=len(inner[1]) if inner else 2, sequence=offset + 2, offset=offset)
    return yaml
