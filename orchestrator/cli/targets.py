"""`kumo targets`: what is scraped, how and when.

A spider's name is checked against the spiders that load, so that a slip of the finger is told now
and not by a failed job tonight.
"""

from typing import Any

import click

from orchestrator import catalogue, database
from orchestrator.cli import manifests, printing
from orchestrator.cli.definition_options import definition_options, fields_from, unchecked_option
from orchestrator.exceptions import TargetInvalid
from orchestrator.ledger import definitions, job_lists, overviews
from orchestrator.ledger import targets as ledger
from orchestrator.ledger.job_lists import JobFilter
from orchestrator.ledger.models import ScrapingJob, ScrapingTarget

_HEADERS = (
    "NAME", "SPIDER", "ACTIVE", "SCHEDULE", "NEXT CRAWL", "LAST JOB", "ENDED", "ITEMS", "NEW",
    "CHANGED", "TAGS",
)  # fmt: skip


@click.group()
def targets() -> None:
    """What is scraped, how and when."""


for command in (manifests.plan, manifests.apply, manifests.export, manifests.schema_):
    targets.add_command(command)


@targets.command("list")
@printing.json_option
def list_(*, as_json: bool) -> None:
    """List the targets by name, each with its last job."""
    with database.transaction() as session:
        found = overviews.with_last_job(session)
    if as_json:
        printing.as_json([_described(target, job) for target, job in found])
    elif not found:
        click.echo("No targets yet; `kumo targets add NAME --spider SPIDER` makes one.")
    else:
        printing.table(_HEADERS, [_row(target, job) for target, job in found])


@targets.command()
@click.argument("target")
@printing.json_option
def show(target: str, *, as_json: bool) -> None:
    """Show TARGET, given by name or id."""
    with database.transaction() as session:
        found = ledger.find(session, target)
        last = job_lists.page(session, JobFilter(found.id), size=1).jobs
    described = _described(found, last[0][0] if last else None)
    if as_json:
        printing.as_json(described)
    else:
        printing.pairs(_facts(described))


@targets.command()
@click.argument("name")
@definition_options(spider_required=True)
@unchecked_option
@printing.json_option
def add(name: str, *, unchecked: bool, as_json: bool, **given: Any) -> None:
    """Add a target called NAME: small letters, digits, - and _."""
    fields = {"name": name} | fields_from(given, {})
    definitions.check(fields)
    if not unchecked:
        _require_spider(fields["spider"])
    with database.transaction() as session:
        target = ledger.register(session, fields)
    _answer(target, f"Added {target.name}; `kumo run {target.name}` starts a first job.", as_json)


@targets.command()
@click.argument("target")
@click.option("--name", help="A new name.")
@definition_options(spider_required=False)
@unchecked_option
@printing.json_option
def edit(target: str, *, unchecked: bool, as_json: bool, **given: Any) -> None:
    """Change TARGET; what no option names stays as it is.

    Jobs that were requested before keep the definition they were requested with.
    """
    if given["spider"] is not None and not unchecked:
        _require_spider(given["spider"])
    with database.transaction() as session:
        found = ledger.find(session, target)
        now = {name: getattr(found, name) for name in ledger.FIELDS}
        changed = ledger.change(session, found, fields_from(given, now))
    _answer(changed, f"Changed {changed.name}.", as_json)


@targets.command()
@click.argument("target")
@printing.json_option
def enable(target: str, *, as_json: bool) -> None:
    """Let schedules start TARGET."""
    changed = _set_active(target, active=True)
    _answer(changed, f"{changed.name} is enabled; schedules start it.", as_json)


@targets.command()
@click.argument("target")
@printing.json_option
def disable(target: str, *, as_json: bool) -> None:
    """Keep schedules from starting TARGET; people still can."""
    changed = _set_active(target, active=False)
    _answer(changed, f"{changed.name} is disabled; schedules leave it alone.", as_json)


@targets.command()
@click.argument("target")
@click.option("--yes", is_flag=True, help="Do not ask.")
@printing.json_option
def delete(target: str, *, yes: bool, as_json: bool) -> None:
    """Delete TARGET, its jobs and its items; an active job is cancelled."""
    from orchestrator import triggers

    with database.transaction() as session:
        found = ledger.find(session, target)
    if not yes:
        question = f"Delete the target {found.name} with all its jobs and items?"
        click.confirm(question, abort=True, err=as_json)
    triggers.delete_target(found.id)
    if as_json:
        printing.as_json({"id": found.id, "name": found.name, "deleted": True})
    else:
        click.echo(f"Deleted {found.name}.")


def _require_spider(name: str) -> None:
    known = catalogue.read()
    if name in known.spiders:
        return
    near = known.near(name)
    hint = f"did you mean {' or '.join(near)}?" if near else "`scrapy list` shows all"
    broken = "; some modules do not load, see `kumo doctor`" if known.broken else ""
    raise TargetInvalid(
        {"spider": f"no spider is called {name!r}; {hint} (--unchecked takes it anyway){broken}"}
    )


def _set_active(reference: str, *, active: bool) -> ScrapingTarget:
    with database.transaction() as session:
        return ledger.change(session, ledger.find(session, reference), {"active": active})


def _answer(target: ScrapingTarget, sentence: str, as_json: bool) -> None:
    if as_json:
        printing.as_json(_described(target, None))
    else:
        click.echo(sentence)


def _described(target: ScrapingTarget, job: ScrapingJob | None) -> dict[str, Any]:
    names = ("id", *ledger.FIELDS, "next_run_at", "created_at", "updated_at")
    described = {name: getattr(target, name) for name in names}
    if job is not None:
        described["last_job"] = {"id": job.id, "status": job.status}
    return described


def _row(target: ScrapingTarget, job: ScrapingJob | None) -> tuple[Any, ...]:
    next_at = target.next_run_at if target.active else None
    about = (target.name, target.spider, target.active, target.schedule or "nightly", next_at)
    tags = ", ".join(target.tags) or None
    if job is None:
        return (*about, None, None, None, None, None, tags)
    counts = (job.items_scraped, job.items_new, job.items_changed)
    return (*about, job.status, job.completed_at, *counts, tags)


def _facts(described: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(name.replace("_", " ").capitalize(), _shown(described[name])) for name in described]


def _shown(value: Any) -> Any:
    if isinstance(value, list):
        return "\n".join(map(str, value)) or None
    if isinstance(value, dict):
        return "\n".join(f"{name}={inner}" for name, inner in value.items()) or None
    return value
