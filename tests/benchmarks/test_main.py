"""Each benchmark in its quickest form, in one run. No time is asserted: none would be a fact."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from benchmarks.processes import PROJECT
from benchmarks.question import Question
from benchmarks.questions import QUESTIONS


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> "subprocess.CompletedProcess[str]":
    """`python -m benchmarks --quick`; its results are in the folder its last argument names."""
    results = tmp_path_factory.mktemp("results")
    charts = str(results / "charts")
    command = [sys.executable, "-m", "benchmarks", "--quick", "--charts", charts]
    command += ["--results", str(results)]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


@pytest.mark.timeout(400)
def test_the_quick_form_runs_to_its_end(run: "subprocess.CompletedProcess[str]") -> None:
    assert run.returncode == 0, run.stderr


@pytest.mark.timeout(400)
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_a_question_is_answered_for_each_contender(
    run: "subprocess.CompletedProcess[str]", question: Question
) -> None:
    record = _record(run, question.name)
    assert len(record["contenders"]) > 1 or not question.rivals
    for taken in record["rounds"]:
        assert list(taken) == record["contenders"]
        assert all(figures for figures in taken.values())


@pytest.mark.timeout(400)
def test_what_is_to_be_reached_is_told_without_a_verdict(
    run: "subprocess.CompletedProcess[str]",
) -> None:
    rows = [each.row for question in QUESTIONS for each in question.reaches]
    lines = run.stdout.splitlines()
    for row in rows:
        (line,) = (each for each in lines if each.startswith(f"{row}  "))
        assert line.endswith("–")


@pytest.mark.timeout(400)
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_each_reach_is_of_a_figure_that_is_there(
    run: "subprocess.CompletedProcess[str]", question: Question
) -> None:
    record = _record(run, question.name)
    taken = record["rounds"][0]
    for reach in question.reaches:
        assert reach.measure in taken[record["contenders"][0]]
        if reach.against:
            assert reach.measure in taken[reach.against]


@pytest.mark.timeout(400)
def test_the_pictures_that_are_drawn_are_those_of_the_documentation(
    run: "subprocess.CompletedProcess[str]",
) -> None:
    drawn = {file.name for file in (Path(run.args[-1]) / "charts").iterdir()}
    page = (PROJECT / "docs" / "performance.md").read_text()
    assert drawn == set(re.findall(r"images/(bench-[\w-]+\.svg)", page))


@pytest.mark.timeout(400)
def test_an_interrupted_run_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks", "--quick", "--only", "whole-crawl"]
    # More rounds than one, so that the first is not the end, when the figures are kept.
    command += ["--rounds", "5"]
    process = subprocess.Popen(
        [*command, "--results", str(tmp_path / "results")],
        cwd=PROJECT,
        env=os.environ | {"TMPDIR": str(_open_to_all(tmp_path))},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    while "round 1" not in process.stderr.readline():
        assert process.poll() is None
    started = psutil.Process(process.pid).children(recursive=True)
    assert len(started) > 5
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert psutil.wait_procs(started, timeout=10)[1] == []
    assert list(tmp_path.iterdir()) == []


def _record(run: "subprocess.CompletedProcess[str]", name: str) -> Any:
    (file,) = Path(run.args[-1]).glob(f"{name}-*.json")
    return json.loads(file.read_text())


def _open_to_all(folder: Path) -> Path:
    """Postgres may have to run as nobody, who must get in."""
    for each in (folder, *folder.parents[:2]):
        each.chmod(0o755)
    return folder
