"""Each kind is kept as long as the installation says of it."""

import pytest

from orchestrator import config
from orchestrator.ledger import cleanup
from orchestrator.ledger.cleanup import Retention
from tests.orchestrator.ledger import given, outdated

pytestmark = pytest.mark.usefixtures("database")

NOUNS = ("jobs", "log_lines", "items", "revisions", "alerts", "audit")


@pytest.fixture
def everything_old(target_id: int) -> int:
    """Of each kind something that is forty days old."""
    old = outdated.old_job(target_id)
    outdated.log(old, 2)
    outdated.items(target_id, 3, last=old, days=40)
    outdated.revise(old, days=40)
    given.execute("INSERT INTO audit_log (at, who, action, subject) VALUES"
                  " (now() - interval '40 days', 'hanako', 'job.run', 'shop')")  # fmt: skip
    return target_id


def _gone(monkeypatch: pytest.MonkeyPatch, **variables: int) -> dict[str, int]:
    for name, days in variables.items():
        monkeypatch.setenv(name, str(days))
    config.get.cache_clear()
    counts = cleanup.old_data(Retention.configured())
    return {noun: counts[noun] for noun in NOUNS if counts[noun]}


def test_by_default_thirty_days_are_kept_and_who_did_what_for_ever(
    everything_old: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Retention.configured() == Retention.of(30)
    assert _gone(monkeypatch) == {"jobs": 1, "log_lines": 2, "items": 3, "revisions": 3}
    assert given.count("audit_log") == 1


@pytest.mark.parametrize(
    ("variables", "gone"),
    [
        ({"KUMO_KEEP_JOBS_DAYS": 41}, {"items": 3, "revisions": 3}),
        ({"KUMO_KEEP_JOBS_DAYS": 0}, {"items": 3, "revisions": 3}),
        ({"KUMO_KEEP_ITEMS_DAYS": 0}, {"jobs": 1, "log_lines": 2, "revisions": 3}),
        (
            {"KUMO_KEEP_ITEMS_DAYS": 0, "KUMO_KEEP_CHANGES_DAYS": 0},
            {"jobs": 1, "log_lines": 2},
        ),
        (
            {"KUMO_KEEP_JOBS_DAYS": 60, "KUMO_KEEP_LOG_DAYS": 20, "KUMO_KEEP_ITEMS_DAYS": 60,
             "KUMO_KEEP_CHANGES_DAYS": 60},
            {"log_lines": 2},
        ),
        (
            {"KUMO_KEEP_AUDIT_DAYS": 20},
            {"jobs": 1, "log_lines": 2, "items": 3, "revisions": 3, "audit": 1},
        ),
    ],
)  # fmt: skip
def test_each_kind_has_a_number_of_its_own(
    variables: dict[str, int],
    gone: dict[str, int],
    everything_old: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert _gone(monkeypatch, **variables) == gone


@pytest.mark.parametrize(("days", "gone"), [(0, 0), (41, 0), (39, 3)])
def test_a_target_may_keep_its_items_for_another_time(
    days: int, gone: int, everything_old: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    outdated.items(other := given.a_target("other"), 2, days=40)
    given.execute(
        "UPDATE scraping_targets SET settings = jsonb_build_object('KUMO_KEEP_ITEMS_DAYS',"
        " cast(:days AS int)) WHERE id = :id",
        days=days,
        id=everything_old,
    )
    assert _gone(monkeypatch).get("items", 0) == gone + 2
    assert not given.count("scraped_items", "target_id = :id", id=other)
