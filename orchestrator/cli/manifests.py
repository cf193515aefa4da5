"""`kumo targets plan`, `apply`, `export` and `schema`: targets as text.

A plan is shown before anything is done, and what is applied is that plan: when a target has changed
in between, nothing happens.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import click

from orchestrator import catalogue, database
from orchestrator.catalogue import Catalogue
from orchestrator.cli import printing
from orchestrator.cli.definition_options import unchecked_option
from orchestrator.exceptions import ManifestInvalid
from orchestrator.ledger import targets as ledger
from orchestrator.ledger.manifests import documents, plans, reading, schema, writing
from orchestrator.ledger.manifests.plans import ABSENT, Change, Plan
from orchestrator.ledger.manifests.reading import Manifest

Command = Callable[..., Any]

_HIDDEN = "••••••"
#: As much of a value is shown, and as many names.
_LONGEST, _NAMED = 200, 20

_file = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
_prune_option: Callable[[Command], Command] = click.option(
    "--prune", is_flag=True, help="Delete targets that are not in the file."
)


@click.command()
@_file
@_prune_option
@unchecked_option
@printing.json_option
def plan(file: Path, *, prune: bool, unchecked: bool, as_json: bool) -> None:
    """Show what FILE would change; change nothing."""
    found = _planned(file, unchecked=unchecked)
    if as_json:
        printing.as_json(_as_data(found))
    else:
        _show(found, prune=prune)


@click.command()
@_file
@_prune_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@unchecked_option
def apply(file: Path, *, prune: bool, yes: bool, unchecked: bool) -> None:
    """Make targets be as FILE says, all of them or none."""
    # Brings Celery along.
    from orchestrator import triggers

    found = _planned(file, unchecked=unchecked)
    _show(found, prune=prune)
    if not _does_something(found, prune=prune):
        return
    if not yes:
        click.confirm("Apply it?", abort=True)
    triggers.apply(found, prune=prune)
    click.echo("Applied.")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
def export(file: Path | None) -> None:
    """Write all targets to FILE, or to standard output.

    In a file that is there, order and comments stay, and only what differs is written.
    """
    before = _text(file) if file and file.exists() else ""
    with database.transaction() as session:
        stored = ledger.by_name(session)
    with _faults_of(file):
        written = writing.write(stored, into=before)
    if file is None:
        click.echo(written.text, nl=False)
    elif written.text != before:
        _replace(file, written.text)
    for each in written.left_out:
        click.echo(
            f"{each.target}: {each.field} is a secret and was not written; {each.name} stands for"
            f" it. Put it into KUMO_SECRET_{each.name} of the workers before you apply the file.",
            err=True,
        )


@click.command("schema")
def schema_() -> None:
    """Print the JSON Schema of such a file, for editors."""
    click.echo(schema.text(), nl=False)


def _planned(file: Path, *, unchecked: bool) -> Plan:
    with _faults_of(file):
        manifest = reading.read(_text(file))
        with database.transaction() as session:
            stored = ledger.by_name(session)
        if not unchecked:
            _require_spiders(manifest, {target.spider for target in stored.values()})
    return plans.of(manifest.definitions, stored)


@contextmanager
def _faults_of(file: Path | None) -> Iterator[None]:
    """What is wrong with a file is told with its name before each line."""
    try:
        yield
    except ManifestInvalid as error:
        raise ManifestInvalid(error.faults, file=str(file or "")) from error


def _text(file: Path) -> str:
    with _faults_of(file):
        try:
            if file.stat().st_size > documents.MOST_BYTES:
                raise documents.too_large()
            return file.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise click.FileError(str(file), error.strerror) from error
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise ManifestInvalid([(line, "this is not UTF-8")]) from error


def _require_spiders(manifest: Manifest, known: set[str]) -> None:
    """Spiders that no stored target has are looked for, which takes a second or two."""
    named = {name: each.spider for name, each in manifest.definitions.items()}
    if known.issuperset(named.values()):
        return
    found = catalogue.read()
    faults = [
        (manifest.line(name, "spider"), f"{name}: spider: {_unknown(spider, found)}")
        for name, spider in named.items()
        if spider not in known and spider not in found.spiders
    ]
    if faults:
        raise ManifestInvalid(faults)


def _unknown(spider: str, found: Catalogue) -> str:
    near = found.near(spider)
    hint = f"did you mean {' or '.join(near)}?" if near else "`scrapy list` shows all"
    return f"no spider is called {spider!r}; {hint} (--unchecked takes it anyway)"


def _does_something(found: Plan, *, prune: bool) -> bool:
    return bool(found.added or found.changed or (prune and found.gone))


def _show(found: Plan, *, prune: bool) -> None:
    for line in _lines(found, prune=prune):
        click.echo(printing.lines(line))


def _lines(found: Plan, *, prune: bool) -> Iterator[str]:
    yield from (f"+ {each.name} ({each.spider})" for each in found.added)
    for each in found.changed:
        yield f"~ {each.definition.name}"
        yield from (f"    {_told(change)}" for change in each.changes)
    if prune:
        yield from (f"- {gone.name}, with all its jobs and items" for gone in found.gone)
    yield _summary(found, prune=prune)
    if found.gone and not prune:
        names = ", ".join(gone.name for gone in found.gone[:_NAMED])
        more = f" and {len(found.gone) - _NAMED} more" if len(found.gone) > _NAMED else ""
        yield f"Not in the file, and left alone: {names}{more} (--prune deletes them)."


def _summary(found: Plan, *, prune: bool) -> str:
    if not _does_something(found, prune=prune):
        return "No changes."
    deleted = f", {len(found.gone)} to delete" if prune else ""
    return (
        f"{len(found.added)} to add, {len(found.changed)} to change{deleted},"
        f" {found.unchanged} as they are."
    )


def _told(change: Change) -> str:
    before, after = _value(change, change.before), _value(change, change.after)
    if change.before is ABSENT:
        return f"{change.field}: {after} (new)"
    if change.after is ABSENT:
        return f"{change.field}: {before} (taken out)"
    return f"{change.field}: {before} → {after}"


def _value(change: Change, value: Any) -> str:
    text = json.dumps(_shown(change, value), ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _shown(change: Change, value: Any) -> Any:
    if value is None or value is ABSENT:
        return None
    return _HIDDEN if change.secret else value


def _as_data(found: Plan) -> dict[str, Any]:
    return {
        "added": [definition.name for definition in found.added],
        "changed": {
            each.definition.name: {
                change.field: [_shown(change, change.before), _shown(change, change.after)]
                for change in each.changes
            }
            for each in found.changed
        },
        "gone": [gone.name for gone in found.gone],
        "unchanged": found.unchanged,
    }


def _replace(file: Path, text: str) -> None:
    """Wholly or not at all: who reads it meanwhile sees the one or the other."""
    file = file.resolve()
    mode = file.stat().st_mode & 0o777 if file.exists() else 0o644
    with NamedTemporaryFile("w", dir=file.parent, delete=False, encoding="utf-8") as new:
        new.write(text)
    written = Path(new.name)
    written.chmod(mode)
    written.replace(file)
