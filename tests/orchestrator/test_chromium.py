"""What a machine needs to render pages, and what it says when that is missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator import chromium, config
from orchestrator.exceptions import BrowserMissing
from tests.workers import CELERY, ROOT


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def _program(at: Path) -> Path:
    at.write_text("#!/bin/sh")
    at.chmod(0o755)
    return at


def test_the_browser_is_the_first_of_its_names_on_the_path(programs: Path) -> None:
    _program(programs / "google-chrome")
    assert chromium.require() == programs / "google-chrome"
    _program(programs / "chromium")
    assert chromium.require() == programs / "chromium"


def test_a_browser_that_is_named_is_taken(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(programs / "chromium")
    own = _program(programs / "my-browser")
    monkeypatch.setenv("KUMO_CHROMIUM", str(own))
    config.get.cache_clear()
    assert chromium.require() == own
    own.unlink()
    with pytest.raises(BrowserMissing, match=r"KUMO_CHROMIUM names .*my-browser"):
        chromium.require()


def test_without_a_browser_it_says_how_to_get_one(programs: Path) -> None:
    with pytest.raises(BrowserMissing, match="apt install chromium"):
        chromium.require()


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromium, "_PACKAGES", ("scrapy_playwright_that_is_not_there",))
    with pytest.raises(BrowserMissing, match=r"pip install 'kumo\[browser\]'"):
        chromium.require()


def test_a_worker_without_a_browser_does_not_begin_to_serve_its_queue() -> None:
    environment = os.environ | {"KUMO_CHROMIUM": "/none", "REDIS_URL": "redis://127.0.0.1:9/0"}
    worker = subprocess.run(
        [*CELERY, "worker", "-Q", "crawls,browser"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert worker.returncode == 1
    assert "cannot serve the queue browser: KUMO_CHROMIUM names /none" in worker.stderr


def test_the_ledger_and_the_dashboard_need_no_browser() -> None:
    """What renders is imported by crawls that do, and by nobody else."""
    seen = "import sys, spiders_project.preload; print('playwright' in sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", seen], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "False"
