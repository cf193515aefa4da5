"""A manifest as it is meant: a definition for each target, judged as the form judges it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.exceptions import ManifestInvalid, TargetInvalid
from orchestrator.ledger import definitions, recipes, secrecy
from orchestrator.ledger.definitions import TargetDefinition
from orchestrator.ledger.manifests import documents
from orchestrator.ledger.manifests.documents import Document
from orchestrator.ledger.secrecy import Place

#: What a file holds, all of it under one word: there may be more one day.
TARGETS = "targets"

Fault = tuple[int, str]

_NO_PLACE = (
    "is a secret, which has no place in a file: put it into the variable KUMO_SECRET_NAME of the"
    ' workers, and write {"secret": "NAME"} here'
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The targets of a file, by name and in its order."""

    definitions: Mapping[str, TargetDefinition]
    document: Document

    def line(self, name: str, field: str = "") -> int:
        """Where a target, or a field of it such as arguments.fields.2.css, is in the file."""
        return self.document.line(_place(self.document, name, field))


def read(text: str) -> Manifest:
    """The manifest in a file. Raises ManifestInvalid, which names every line at fault."""
    document = documents.read(text)
    found: dict[str, TargetDefinition] = {}
    faults: list[Fault] = []
    for name, fields in _targets(document).items():
        try:
            found[name] = _definition(name, fields)
        except TargetInvalid as error:
            faults += [
                (document.line(_place(document, name, field)), f"{name}: {field}: {fault}")
                for field, fault in error.faults.items()
            ]
    if faults:
        raise ManifestInvalid(sorted(faults))
    return Manifest(found, document)


def _targets(document: Document) -> dict[str, Any]:
    top = {} if document.value is None else document.value
    if not isinstance(top, dict):
        raise ManifestInvalid([(1, f"a file should begin with {TARGETS}:")])
    if unknown := [name for name in top if name != TARGETS]:
        raise ManifestInvalid(
            [
                (document.line((name,)), f"{name} is not known; all is under {TARGETS}:")
                for name in unknown
            ]
        )
    targets = top.get(TARGETS) or {}
    if not isinstance(targets, dict):
        raise ManifestInvalid(
            [(document.line((TARGETS,)), "each target should have its name for a key")]
        )
    return targets


def _definition(name: str, fields: Any) -> TargetDefinition:
    if not isinstance(fields, dict):
        raise TargetInvalid({"spider": "is missing"})
    if "name" in fields:
        raise TargetInvalid({"name": "is the key above already; leave it out here"})
    definition = definitions.check({"name": name, **fields})
    secrets = plain_secrets(definition.spider, definition.arguments)
    if secrets:
        raise TargetInvalid({".".join(map(str, ("arguments", *at))): _NO_PLACE for at in secrets})
    return definition


def plain_secrets(spider: str, arguments: Mapping[str, Any]) -> list[Place]:
    """Where arguments hold a secret; in a recipe only headers can, other names are of fields."""
    told = arguments
    if spider in recipes.RECIPES:
        told = {"headers": arguments["headers"]} if "headers" in arguments else {}
    return list(secrecy.plain(told))


def _place(document: Document, name: str, field: str) -> Place:
    """The way to a field at fault, as far as it is in the file."""
    place: Place = (TARGETS, name)
    for part in field.split("."):
        steps: list[Place] = [(*place, part)]
        if part.isdigit():
            steps.append((*place, int(part)))
        known = [step for step in steps if step in document.lines]
        if not known:
            break
        place = known[0]
    return place
