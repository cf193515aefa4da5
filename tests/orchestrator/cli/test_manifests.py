import json
from pathlib import Path

import pytest

from orchestrator import database as storage
from orchestrator.ledger import targets
from tests.orchestrator.cli.conftest import Kumo
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")

FILE = """\
targets:
  # ours
  shop:
    spider: demo_shop
    priority: 2
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "targets.yaml"
    path.write_text(FILE)
    return path


def names() -> list[str]:
    with storage.transaction() as session:
        return list(targets.by_name(session))


def test_a_plan_shows_and_changes_nothing(kumo: Kumo, file: Path):
    given.a_target("shop", spider="demo_shop", arguments={"token": "hunter2"})
    given.a_target("other")
    said = kumo("targets", "plan", str(file)).stdout
    assert "~ shop\n" in said
    assert "    priority: 5 → 2\n" in said
    assert "    arguments.token: " in said
    assert "hunter2" not in said
    assert "0 to add, 1 to change, 0 as they are." in said
    assert "left alone: other (--prune deletes them)" in said
    assert given.do(targets.find, "shop").priority == 5
    told = json.loads(kumo("targets", "plan", str(file), "--json").stdout)
    assert told["changed"]["shop"]["priority"] == [5, 2]
    assert told["gone"] == ["other"]


def test_it_is_applied_after_a_yes_and_then_there_are_no_changes(kumo: Kumo, file: Path):
    given.a_target("other")
    refused = kumo("targets", "apply", str(file), "--unchecked", typed="n\n")
    assert refused.exit_code == 1
    assert names() == ["other"]
    assert kumo("targets", "apply", str(file), "--unchecked", typed="y\n").exit_code == 0
    assert names() == ["other", "shop"]
    said = kumo("targets", "apply", str(file), "--prune", "--yes").stdout
    assert "- other, with all its jobs and items\n" in said
    assert names() == ["shop"]
    assert kumo("targets", "plan", str(file), "--prune").stdout == "No changes.\n"


def test_a_fault_is_told_with_file_and_line(kumo: Kumo, file: Path):
    file.write_text(FILE.replace("2", "12") + "    schedule: soon\n")
    result = kumo("targets", "apply", str(file), "--yes")
    assert result.exit_code == 1
    assert f"{file}:5: shop: priority: should be 9 or less\n" in result.stderr
    assert f"{file}:6: shop: schedule: 'soon' is no cron line" in result.stderr
    assert names() == []


def test_an_unknown_spider_is_told_at_its_line(kumo: Kumo, file: Path):
    file.write_text(FILE.replace("demo_shop", "demo_shp"))
    result = kumo("targets", "plan", str(file))
    assert f"{file}:4: shop: spider: no spider is called 'demo_shp'; did you mean" in result.stderr


def test_an_export_keeps_what_a_person_wrote(kumo: Kumo, file: Path):
    given.a_target("shop", spider="demo_shop", priority=7)
    assert kumo("targets", "export", str(file)).exit_code == 0
    assert file.read_text() == FILE.replace("2", "7")
    assert "# ours" not in kumo("targets", "export").stdout
    assert kumo("targets", "export").stdout.startswith("targets:\n  shop:\n")


def test_an_export_says_which_secrets_it_left_out(kumo: Kumo, tmp_path: Path):
    given.a_target("shop", arguments={"password": "hunter2"})
    result = kumo("targets", "export", str(tmp_path / "new.yaml"))
    assert "KUMO_SECRET_SHOP_PASSWORD" in result.stderr
    assert "hunter2" not in (tmp_path / "new.yaml").read_text() + result.stderr


def test_a_file_that_is_not_text_is_refused(kumo: Kumo, file: Path):
    file.write_bytes(b"targets:\n  a:\n    spider: \xff\n")
    assert f"{file}:3: this is not UTF-8" in kumo("targets", "plan", str(file)).stderr
    before = file.read_bytes()
    assert kumo("targets", "export", str(file)).exit_code == 1
    assert file.read_bytes() == before


def test_a_file_that_is_not_there_is_named(kumo: Kumo):
    result = kumo("targets", "plan", "nowhere.yaml")
    assert result.exit_code == 1
    assert "nowhere.yaml" in result.stderr


def test_the_schema_is_printed(kumo: Kumo):
    assert json.loads(kumo("targets", "schema").stdout)["title"] == "Targets of Kumo"
