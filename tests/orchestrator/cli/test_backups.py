from pathlib import Path

import pytest

from orchestrator.ledger.models import JobStatus
from tests.orchestrator.cli.conftest import Kumo
from tests.orchestrator.cli.refusals import sentence
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database", "redis_url")


def test_a_database_is_saved_and_put_in_the_place_of_another(kumo: Kumo, tmp_path: Path) -> None:
    file = tmp_path / "kumo.dump"
    given.a_target("saved")
    said = kumo("backup", str(file)).output
    assert said == f"Saved to {file} ({file.stat().st_size:,} bytes).\n"
    given.a_target("later")
    assert "give --replace to lose what is in it" in sentence(kumo("restore", str(file)))
    said = kumo("restore", str(file), "--replace").output
    assert said == "Restored; 0 jobs go on from the start pages.\n"
    assert given.execute("SELECT name FROM scraping_targets") == [("saved",)]


def test_what_is_left_to_do_after_another_means_is_done(kumo: Kumo) -> None:
    assert given.claim(job_id := given.a_job(given.a_target()))
    said = kumo("restore", "--afterwards").output
    assert said == "Restored; 1 job goes on from the start pages.\n"
    assert given.job(job_id).status is JobStatus.PENDING


def test_a_folder_gets_files_named_after_the_moment(kumo: Kumo, tmp_path: Path) -> None:
    said = kumo("backup", "--to", str(tmp_path), "--keep", "1").output
    (file,) = tmp_path.iterdir()
    assert said.startswith(f"Saved to {file} (")


@pytest.mark.parametrize("words", [("backup",), ("restore",), ("restore", "x", "--afterwards")])
def test_what_is_meant_has_to_be_said(words: tuple[str, ...], kumo: Kumo) -> None:
    asked = kumo(*words)
    assert asked.exit_code == 2
    assert "Name a FILE" in asked.output
