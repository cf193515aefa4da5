"""What `kumo up` runs, by its configuration."""

import sys
from collections.abc import Iterator
from dataclasses import fields

import pytest

from orchestrator import chromium, config
from orchestrator.embedded import programs
from orchestrator.embedded.addresses import Addresses
from orchestrator.exceptions import ConfigError


def served() -> dict[str, str]:
    """The queues of each worker, by its node name."""
    known = Addresses(**{field.name: "http://127.0.0.1:1" for field in fields(Addresses)})
    commands = [each.command for each in programs.of_kumo(config.get(), known)]
    return {each[-1]: each[each.index("-Q") + 1] for each in commands if "-Q" in each}


@pytest.fixture(autouse=True)
def _a_browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("KUMO_CHROMIUM", sys.executable)
    chromium.is_there.cache_clear()
    yield
    chromium.is_there.cache_clear()


def test_workers_are_for_no_tag_unless_some_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert served() == {
        "crawls@%h": "crawls", "control@%h": "control", "browser@%h": "browser"
    }  # fmt: skip
    monkeypatch.setenv("KUMO_WORKER_TAGS", "eu, us-east")
    config.get.cache_clear()
    assert served() == {
        "crawls@%h": "crawls,crawls.eu,crawls.us-east",
        "control@%h": "control",
        "browser@%h": "browser,browser.eu,browser.us-east",
    }


@pytest.mark.parametrize("tag", ["EU", "-eu", "e" * 41, "eu.west"])
def test_a_tag_that_no_target_can_have_is_refused(
    tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUMO_WORKER_TAGS", f"eu,{tag}")
    config.get.cache_clear()
    with pytest.raises(ConfigError, match=r"KUMO_WORKER_TAGS.* is no worker tag"):
        config.get()
