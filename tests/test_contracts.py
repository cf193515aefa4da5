"""What holds the house together, each checked in a breath."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("orchestrator", "spiders_project", "dashboard", "demo")
OWNERS_OF_SQL = (
    "orchestrator/ledger/",
    "orchestrator/migrations/",
    "orchestrator/database.py",
    "orchestrator/driver.py",
)
#: The embedded server is asked whether it answers, and for its database, before any table is there.
ASKS_THE_BARE_SERVER = "orchestrator/embedded/postgres.py"
#: The supervisor inherits the environment as it is; nothing is read from it.
HANDS_IT_ON = "orchestrator/embedded/supervision.py"
FORBIDDEN_IN_LEDGER = ("celery", "kombu", "redis", "scrapy", "twisted", "flask")


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def imported(tree: ast.Module) -> Iterator[str]:
    """Every dotted name a module imports, also inside functions and by `import_module`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and "import" in ast.unparse(node.func):
            yield from (each.value for each in node.args if _is_text(each))


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_imports_go_where_the_design_says() -> None:
    linted = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert linted.returncode == 0, linted.stdout[-3000:] + linted.stderr
    assert re.search(r"Contracts: \d+ kept, 0 broken", linted.stdout)


def test_the_ledger_loads_no_other_room() -> None:
    script = (
        "import sys, pkgutil, importlib, orchestrator.ledger as ledger\n"
        "for each in pkgutil.walk_packages(ledger.__path__, 'orchestrator.ledger.'):\n"
        "    importlib.import_module(each.name)\n"
        "print(*sorted(sys.modules))\n"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    assert "orchestrator.ledger.cleanup" in loaded
    assert not {name.partition(".")[0] for name in loaded} & set(FORBIDDEN_IN_LEDGER)
    assert not [name for name in loaded if name.startswith(("spiders_project", "dashboard"))]


def test_sql_stays_in_the_ledger() -> None:
    strangers = []
    for name, tree in modules(*PACKAGES):
        if name.startswith(OWNERS_OF_SQL) or name == ASKS_THE_BARE_SERVER:
            continue
        for each in imported(tree):
            # The type of a transaction in hand is no SQL.
            if each != "sqlalchemy.orm.Session" and each.startswith(("sqlalchemy", "psycopg2")):
                strangers.append(f"{name}: {each}")
    assert strangers == []


def test_the_environment_is_read_in_one_place() -> None:
    readers = [
        name
        for name, tree in modules(*PACKAGES)
        if any(each in ("os.environ", "os.getenv") for each in imported(tree))
        or any(
            isinstance(node, ast.Attribute)
            and ast.unparse(node) in ("os.environ", "os.environb", "os.getenv", "os.putenv")
            for node in ast.walk(tree)
        )
    ]
    assert readers == ["orchestrator/config.py", HANDS_IT_ON]


def test_nothing_is_unpickled() -> None:
    unsafe = ("pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib")
    found = [
        f"{name}: {each}"
        for name, tree in modules(*PACKAGES, "tests", "benchmarks")
        for each in imported(tree)
        if each.partition(".")[0] in unsafe
    ]
    assert found == []


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    private = re.compile(rb"(?<![\w.:/<>-])/(?:home/\w|Users/\w|root/\w|work/\w|mnt/\w|tmp/lab)")
    found = []
    for path in tracked():
        for number, line in enumerate(path.read_bytes().splitlines(), 1):
            if path != Path(__file__) and private.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]!r}")
    assert found == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_says_what_it_is_for(package: str) -> None:
    silent = [name for name, tree in modules(package) if not ast.get_docstring(tree)]
    assert silent == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "core", "base", "manager", "service"}
    named = {name: set(Path(name).with_suffix("").parts) & vague for name, _ in modules(*PACKAGES)}
    assert {name for name, words in named.items() if words} == set()
