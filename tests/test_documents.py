"""The documents say what is so: their links, commands, variables, reasons, words, and the spider.

A document that nobody holds to the code is wrong within a month; what can be compared is compared
here, and what can be run is run.
"""

import ast
import re
import shlex
import uuid
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest

from demo.__main__ import main as demo_command
from orchestrator.celery import app
from orchestrator.cli import kumo
from orchestrator.config import Config
from orchestrator.ledger.models import JobStatus

ROOT = Path(__file__).parents[1]
README, REASONS = ROOT / "README.md", ROOT / "docs" / "reference" / "reasons.md"
DOCUMENTS = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md")]

VARIABLES = {str(field.validation_alias) for field in Config.model_fields.values()}
#: Scrapy settings of ours that are no variables, and what only docker-compose.yml reads.
SETTINGS = {
    "KUMO_RECORD",
    "KUMO_FRONTIER_MOST",
    "KUMO_HTTP_CACHE",
    "KUMO_PAGE_SAMPLES",
    "KUMO_RENDER",
    "KUMO_SILENCE_SECONDS",
    "KUMO_SILENCE_TRIES",
    "KUMO_STUCK_SECONDS",
}

FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)

#: What stands for something a person fills in.
PLACEHOLDERS = {
    "JOB_ID": str(uuid.UUID(int=0)),
    "$JOB_ID": str(uuid.UUID(int=0)),
    "ID": "1",
    "NAME": "name",
    "TARGET": "target",
}


def text(document: Path) -> str:
    return document.read_text()


def blocks(document: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text(document), re.DOTALL | re.MULTILINE)


def commands(program: str) -> list[str]:
    """Every command line of that program in the documents, in blocks or in the text."""
    lines = []
    for document in DOCUMENTS:
        spans = re.findall(r"`([^`]+)`", FENCED.sub("", text(document)))
        shown = [line for block in blocks(document, "sh") for line in block.splitlines()]
        typed = [line for block in blocks(document, "console") for line in block.splitlines()]
        shown += [line.removeprefix("$ ") for line in typed if line.startswith("$ ")]
        for line in spans + shown:
            # What comes after a pipe is another program.
            command = " ".join(line.partition("  #")[0].partition(" | ")[0].split()).removeprefix(
                "docker compose exec dashboard "
            )
            if command.startswith(f"{program} "):
                lines.append(command)
    return sorted(set(lines))


def test_the_documents_are_there() -> None:
    names = {"decisions.md", "operations.md", "reasons.md", "reliability.md"}
    assert names <= {document.name for document in DOCUMENTS}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: str(each.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    lost = []
    for link in re.findall(r"\]\(([^)]+)\)", text(document)):
        if link.startswith("https://"):
            continue
        file, _, anchor = link.partition("#")
        there = (document.parent / file).resolve() if file else document
        if not there.exists() or (anchor and anchor not in anchors(there)):
            lost.append(link)
    assert not lost


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_file_that_the_map_names_exists() -> None:
    named = re.findall(
        r"`((?:orchestrator|spiders_project|dashboard|tests|docs)/[\w./]*)`", all_text()
    )
    assert [name for name in named if not (ROOT / name).exists()] == []


def all_text() -> str:
    return "\n".join(map(text, DOCUMENTS))


def test_every_variable_that_is_named_is_read_by_somebody() -> None:
    files = (ROOT / "docker-compose.yml", ROOT / "deploy/compose/worker.yml")
    compose = {word for file in files for word in re.findall(r"\w+", text(file))}
    named = set(re.findall(r"\b(?:KUMO|FLOWER|POSTGRES|REDIS|DATABASE)_[A-Z_]+\b", all_text()))
    # A secret's name is the target's to choose.
    named -= {name for name in named if name.startswith("KUMO_SECRET_")}
    assert named - VARIABLES - SETTINGS - compose == set()
    used = "\n".join(path.read_text() for path in (ROOT / "spiders_project").rglob("*.py"))
    assert {name for name in SETTINGS if name not in used} == set()


def test_every_kumo_command_in_the_documents_is_one() -> None:
    lines = commands("kumo")
    assert len(lines) > 10
    for line in lines:
        parse(line)


def parse(line: str) -> None:
    """Raises click.UsageError for a command, an option or an argument that is not there."""
    name, *rest = [PLACEHOLDERS.get(word, word) for word in shlex.split(line)]
    command: click.Command = kumo
    context = click.Context(kumo)
    while isinstance(command, click.Group) and rest:
        name, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command = found
    if command.name == "demo":
        command = demo_command
    # A mention without arguments only has to be a command.
    if rest:
        command.make_context(name, rest)


def test_a_kumo_command_that_is_none_is_noticed() -> None:
    with pytest.raises(click.UsageError):
        parse("kumo runs demo_shop")
    with pytest.raises(click.UsageError):
        parse("kumo run demo_shop --at-once")


def test_every_make_target_in_the_documents_is_one() -> None:
    known = set(re.findall(r"^([a-z-]+):", text(ROOT / "Makefile"), re.MULTILINE))
    named = {line.split()[1] for line in commands("make")}
    assert {"up", "test", "check"} <= named
    assert named <= known


@pytest.mark.usefixtures("redis_url")
def test_every_task_in_the_documents_is_one() -> None:
    app.loader.import_default_modules()
    named = set(re.findall(r"orchestrator\.tasks\.\w+", all_text()))
    assert named
    assert named <= set(app.tasks)


def test_every_word_of_the_glossary_is_in_the_code() -> None:
    rows = re.findall(r"^\| ([\w -]+) \| .+ \| `([\w.]+)` \|$", text(README), re.MULTILINE)
    words = {
        "target", "spider", "job", "crawl", "task", "worker", "item", "frontier", "checkpoint",
        "ledger", "bell", "sweep",
    }  # fmt: skip
    assert words <= {word for word, _ in rows}
    for _, name in rows:
        assert named_object(name) is not None


def named_object(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError:
        module, _, attribute = name.rpartition(".")
        return getattr(import_module(module), attribute)


def test_every_status_of_a_job_is_in_the_readme() -> None:
    assert [status for status in JobStatus if f"`{status}`" not in text(README)] == []


def test_every_reason_a_job_can_end_for_is_told_and_no_other() -> None:
    section = text(REASONS)
    first_cells = re.findall(r"^\|([^|]*)\|", section, re.MULTILINE)
    told = set(re.findall(r"`(\w+)`", " ".join(first_cells)))
    # A status stands in front of its reason there.
    told |= set(re.findall(r"^\| `\w+` \| `(\w+)` \|", section, re.MULTILINE))
    told -= set(JobStatus) - {"cancelled"}
    of_scrapy = {"start_error", *(name for name in told if name.startswith("closespider_"))}
    made_up = {"signal_9", "pause_requested", "cancelled", "target_busy"}
    assert told - of_scrapy - made_up == set(reasons_in_the_code())


def reasons_in_the_code() -> Iterator[str]:
    for folder in ("orchestrator", "spiders_project"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and called(node) in {"End", "_ended", "_end"}:
                    yield from (word for word in map(constant, node.args) if word)


def called(node: ast.Call) -> str:
    return getattr(node.func, "attr", None) or getattr(node.func, "id", "")


def constant(argument: ast.expr) -> str | None:
    value = argument.value if isinstance(argument, ast.Constant) else None
    return value if isinstance(value, str) and re.fullmatch("[a-z]+(_[a-z]+)*", value) else None
