"""A YAML document, read with the line of everything in it.

Plain values alone are read. There are no aliases, so no file of a few bytes unfolds to gigabytes,
and no tags; size and depth are bounded. Keys are text and come once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.reader import ReaderError

from orchestrator.exceptions import ManifestInvalid
from orchestrator.ledger.secrecy import Place

#: What begins a value; an alias is the other thing that may stand there.
_VALUES = (ScalarEvent, SequenceStartEvent, MappingStartEvent)
MOST_BYTES = 4 * 1024 * 1024
_DEEPEST = 32
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Document:
    """What is in a file, and the line of each place, counted from 1."""

    value: Any
    lines: dict[Place, int] = field(default_factory=dict)

    def line(self, place: Place) -> int:
        """Of that place, or of the nearest around it that is in the file."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def read(text: str) -> Document:
    """The one document in the text. Raises ManifestInvalid."""
    if len(text.encode(errors="replace")) > MOST_BYTES:
        raise too_large()
    reader = _Reader(text)
    try:
        value = reader.document()
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ManifestInvalid([(line, "there is a character that YAML does not allow")]) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise ManifestInvalid([(line, f"this is no YAML: {error.problem}")]) from error
    except (YAMLError, ValueError) as error:
        raise ManifestInvalid([(1, f"this is no YAML: {error}")]) from error
    if reader.faults:
        raise ManifestInvalid(reader.faults)
    return Document(value, reader.lines)


def too_large() -> ManifestInvalid:
    return ManifestInvalid([(1, f"a file takes at most {MOST_BYTES // 2**20} MB")])


class _Reader:
    """Makes values of the parser's events, which come before anything is built of them."""

    def __init__(self, text: str) -> None:
        self._yaml = YAML(typ="safe", pure=True)
        self._events: Iterator[Event] = self._yaml.parse(text)
        self.lines: dict[Place, int] = {}
        self.faults: list[tuple[int, str]] = []

    def document(self) -> Any:
        found: list[Any] = []
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                if found:
                    raise _refused(event, "there should be one document in it")
                found.append(self._value(next(self._events), ()))
        return found[0] if found else None

    def _value(self, event: Event, place: Place) -> Any:
        self.lines.setdefault(place, _line(event))
        if not isinstance(event, _VALUES) or event.anchor:
            raise _refused(event, "anchors and aliases (& and *) are not read; write it out")
        if event.tag not in (None, "!"):
            raise _refused(event, "tags (!) are not read; write a plain value")
        if len(place) > _DEEPEST:
            raise _refused(event, f"this is nested deeper than {_DEEPEST}")
        if isinstance(event, MappingStartEvent):
            return self._mapping(place)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(place)
        return self._scalar(event)

    def _mapping(self, place: Place) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            if not isinstance(event, ScalarEvent):
                raise _refused(event, "a key should be a word")
            name = event.value
            if name in mapping:
                first = self.lines[(*place, name)]
                self.faults.append((_line(event), f"{name} is there already, on line {first}"))
            self.lines.setdefault((*place, name), _line(event))
            mapping[name] = self._value(next(self._events), (*place, name))
        return mapping

    def _sequence(self, place: Place) -> list[Any]:
        sequence: list[Any] = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            sequence.append(self._value(event, (*place, len(sequence))))
        return sequence

    def _scalar(self, event: ScalarEvent) -> Any:
        tag = self._yaml.resolver.resolve(ScalarNode, event.value, event.implicit)
        node = ScalarNode(tag, event.value)
        constructor = self._yaml.constructor
        match str(tag).removeprefix(_TAG):
            case "null":
                return None
            case "bool":
                return constructor.construct_yaml_bool(node)
            case "int":
                return constructor.construct_yaml_int(node)
            case "float":
                return constructor.construct_yaml_float(node)
        # Dates too: JSON has none.
        return event.value


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1


def _refused(event: Event, why: str) -> ManifestInvalid:
    return ManifestInvalid([(_line(event), why)])
