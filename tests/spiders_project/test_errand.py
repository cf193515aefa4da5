import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_contracts import imported

ROOT = Path(__file__).parents[2]
TABLES = ("sqlalchemy", "psycopg2", "orchestrator.database", "orchestrator.ledger.models")


@pytest.mark.parametrize("name", ["errand", "look", "diagnose"])
def test_who_reads_strangers_pages_asks_no_table(name: str) -> None:
    tree = ast.parse((ROOT / "spiders_project" / f"{name}.py").read_text())
    assert [each for each in imported(tree) if each.startswith(TABLES)] == []


def test_what_reads_strangers_pages_loads_no_table() -> None:
    """SQLAlchemy and our tables would take half a second, each time that somebody looks."""
    code = """
import sys
import orchestrator.ledger.errands
from spiders_project import diagnosis, extraction, fetch, preview, proposals, secrets
print(*sorted(sys.modules))
"""
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    assert "spiders_project.proposals.ranking" in loaded
    assert [each for each in loaded if each.startswith(TABLES)] == []
