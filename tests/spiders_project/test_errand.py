import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_contracts import imported

ROOT = Path(__file__).parents[2]
TABLES = ("sqlalchemy", "orchestrator.database", "orchestrator.ledger.models")


@pytest.mark.parametrize("name", ["errand", "look", "diagnose"])
def test_who_reads_strangers_pages_asks_no_table(name: str) -> None:
    tree = ast.parse((ROOT / "spiders_project" / f"{name}.py").read_text())
    assert [each for each in imported(tree) if each.startswith(TABLES)] == []


def test_what_such_processes_are_forked_from_loads_no_table() -> None:
    """Nor do crawls, which come from there too."""
    code = """
import sys
import orchestrator.forked
import spiders_project.preload
print(*sorted(sys.modules))
"""
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    assert "spiders_project.proposals.ranking" in loaded
    assert [each for each in loaded if each.startswith(TABLES)] == []
