"""What is not believed changes nothing until somebody accepts it, and decisions can be undone."""

import multiprocessing
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from orchestrator import database, triggers
from orchestrator.exceptions import JobNotFound, TransitionRefused
from orchestrator.ledger import (
    absences,
    endings,
    ends,
    held_changes,
    held_items,
    jobs,
    listings,
    publishing,
    search,
)
from orchestrator.ledger.held_changes import Kind
from orchestrator.ledger.item_views import ItemView
from orchestrator.ledger.models import JobStatus, Publication, Verdict
from tests.orchestrator.ledger import given, runs
from tests.orchestrator.ledger.runs import decide, run, seen

pytestmark = pytest.mark.judging

GOOD = {
    "a": {"price": 1, "name": "A"},
    "b": {"price": 2, "name": "B"},
    "c": {"price": 3, "name": "C"},
    "d": {"price": 4},
}
#: What is gone is `c`, what is back `d`, what is new `e`.
BAD: dict[str, Mapping[str, Any]] = {
    "a": {"name": "A"},
    "b": {"price": 2.0, "name": "B", "shop": "x"},
    "d": {"price": 5},
    "e": {"price": 9},
}


def good_runs(target_id: int) -> None:
    """Three, after which `d` is gone."""
    run(target_id, GOOD)
    run(target_id, {key: data | {"day": 2} for key, data in GOOD.items()})
    run(target_id, {key: GOOD[key] for key in "abc"})


@pytest.fixture
def target(target_id: int) -> int:
    good_runs(target_id)
    return target_id


@pytest.fixture
def held(target: int) -> uuid.UUID:
    return run(target, BAD, believed=False)


def published(job_id: uuid.UUID) -> Publication | None:
    return given.job(job_id).publication


def test_what_is_held_or_discarded_changes_nothing_that_readers_see(target: int) -> None:
    before = seen()
    job_id = run(target, BAD, believed=False)
    assert seen() == before
    assert published(job_id) is Publication.HELD
    decide(publishing.discard, job_id)
    assert seen() == before
    assert published(job_id) is Publication.DISCARDED
    decide(publishing.undo, job_id)
    assert seen() == before
    assert published(job_id) is Publication.HELD


def test_its_counts_stay_as_the_crawl_counted_them(target: int, held: uuid.UUID) -> None:
    for verb in (None, publishing.discard, publishing.undo, publishing.accept, publishing.undo):
        if verb:
            decide(verb, held)
        job = given.job(held)
        assert (job.items_scraped, job.items_new, job.items_changed, job.items_back) == (4, 1, 3, 1)


def test_accepted_it_is_as_if_it_had_never_been_held(target: int) -> None:
    other = given.a_target("other")
    good_runs(other)
    run(other, BAD)
    expected = _of(other)
    decide(publishing.accept, run(target, BAD, believed=False))
    assert _of(target) == expected


def _of(target_id: int) -> dict[str, list[Any]]:
    """What is told of the items of a target, in the order of their keys."""
    kept = seen()
    keys = {row.id: row.key for row in kept["items"] if row.target_id == target_id}
    own = {"items": sorted((r for r in kept["items"] if r.id in keys), key=lambda row: row.key)}
    for name in ("revisions", "absences"):
        rows = [row for row in kept[name] if row.item_id in keys]
        own[name] = sorted(rows, key=lambda row: keys[row.item_id])
    gone = {(row.item_id, row.back_job_id is None) for row in own["absences"]}
    told = runs.told(own)
    for row in (*told["items"], *told["absences"]):
        row["gone_at"] = row["gone_at"] is not None
    return told | {"gone": sorted((keys[each], still) for each, still in gone)}


def test_each_decision_undone_gives_the_very_state_before_it(target: int) -> None:
    before = seen()
    job_id = run(target, BAD, believed=False)
    decide(publishing.accept, job_id)
    accepted = seen()
    assert accepted != before
    decide(publishing.undo, job_id)
    assert seen() == before
    assert given.job(job_id).items_gone == 0
    decide(publishing.accept, job_id)
    assert runs.told(seen()) == runs.told(accepted)
    assert [row.id for row in seen()["items"]] == [row.id for row in accepted["items"]]


def test_what_is_accepted_has_changed_when_it_was_accepted(held: uuid.UUID) -> None:
    given.execute("UPDATE held_items SET first_seen_at = first_seen_at - interval '1 hour'")
    at = given.execute("SELECT now()")[0][0]
    decide(publishing.accept, held)
    rows = given.execute("SELECT key, first_seen_at, changed_at FROM scraped_items ORDER BY key")
    assert {row.key for row in rows if row.changed_at >= at} == {"a", "b", "d", "e"}
    assert next(row for row in rows if row.key == "e").first_seen_at < at - timedelta(minutes=59)
    assert given.count("item_revisions", "replaced_at >= :at AND job_id = :id", at=at, id=held) == 3


def test_an_item_that_changed_twice_in_a_job_is_as_before_the_job(target: int) -> None:
    before = seen()
    there_and_back = {"a": GOOD["a"], "b": {"price": 8}}
    job_id = run(target, BAD, there_and_back, believed=False)
    assert seen() == before
    decide(publishing.accept, job_id)
    assert runs.data(target)["a"] == (GOOD["a"], False)
    assert given.count("item_revisions", "job_id = :id", id=job_id) == 3


def test_whole_revisions_of_an_older_worker_are_taken_back_too(target: int) -> None:
    """It wrote all of the earlier data, and not since when that was so."""
    before = seen()
    job_id = given.a_job(target)
    claim = given.claim(job_id)
    assert claim
    given.execute(
        "INSERT INTO item_revisions (item_id, job_id, data, content_hash)"
        " SELECT id, :job, data, content_hash FROM scraped_items WHERE key = 'a'",
        job=job_id,
    )
    given.execute(
        "UPDATE scraped_items SET data = '{}', content_hash = 'x', last_job_id = :job,"
        " changed_at = now() WHERE key = 'a'",
        job=job_id,
    )
    with database.transaction() as session:
        endings.finish(session, job_id, 1, given.COMPLETED, retry_seconds=0)
        publishing.hold(session, job_id, Verdict.BAD)
    assert seen() == before
    decide(publishing.accept, job_id)
    assert runs.data(target)["a"] == ({}, False)
    assert given.count("item_revisions", "job_id = :id AND added IS NULL", id=job_id) == 1


def test_a_first_run_that_is_held_leaves_no_item(target_id: int) -> None:
    job_id = run(target_id, GOOD, believed=False)
    assert given.count("scraped_items") == 0
    decide(publishing.accept, job_id)
    assert runs.data(target_id) == {key: (data, False) for key, data in GOOD.items()}


def test_the_next_good_run_finds_the_new_items_again(target: int, held: uuid.UUID) -> None:
    decide(publishing.discard, held)
    job_id = run(target, BAD)
    assert given.job(job_id).items_new == 1
    assert runs.data(target)["e"] == (BAD["e"], False)
    decide(publishing.undo, held)
    before = seen()
    decide(publishing.accept, held)
    assert seen() == before


def test_what_a_later_job_has_seen_stays_as_that_one_saw_it(target: int, held: uuid.UUID) -> None:
    decide(publishing.accept, held)
    run(target, {"a": {"price": 7}, "e": {"price": 8}})
    # Not seen again: `b` and `d`; these are as before the run that was accepted.
    decide(publishing.undo, held)
    found = runs.data(target)
    assert found["a"] == ({"price": 7}, False)
    assert found["e"] == ({"price": 8}, False)
    assert found["b"] == (GOOD["b"], True)
    assert found["d"] == ({"price": 4, "day": 2}, True)
    decide(publishing.accept, held)
    found = runs.data(target)
    assert found["a"] == ({"price": 7}, False)
    assert found["b"] == (BAD["b"], True)
    assert found["d"] == (BAD["d"], True)


def test_a_job_that_is_good_or_whose_target_says_publish_anyway_is_not_held(target: int) -> None:
    job_id = run(target, GOOD)
    with database.transaction() as session:
        publishing.hold(session, job_id, Verdict.GOOD)
    assert published(job_id) is None
    given.execute("UPDATE scraping_targets SET publish_anyway = true")
    job_id = run(target, BAD, believed=False)
    assert published(job_id) is None
    assert runs.data(target)["e"] == (BAD["e"], False)
    assert given.count("held_jobs") == 0


def test_a_job_that_would_change_nothing_is_not_held(target: int) -> None:
    before = seen()
    job_id = run(target, {key: GOOD[key] for key in "abc"}, believed=False)
    assert published(job_id) is None
    assert seen() == before


def test_what_a_held_job_did_not_see_is_gone_once_it_is_accepted(
    target: int, held: uuid.UUID
) -> None:
    job = given.job(held)
    assert not job.absences_due
    assert absences.catch_up(seconds=9) == 0
    decide(publishing.accept, held)
    assert given.job(held).items_gone == 1
    assert runs.data(target)["c"] == (GOOD["c"], True)
    assert given.job(held).absences_found_at is not None


def test_a_held_job_of_a_limited_crawl_never_tells_what_is_gone(target: int) -> None:
    end = ends.End(ends.Ending.COMPLETED, "closespider_itemcount")
    job_id = run(target, BAD, believed=False, end=end)
    decide(publishing.accept, job_id)
    assert given.job(job_id).items_gone == 0
    assert runs.data(target)["c"] == (GOOD["c"], False)


def test_the_claim_of_the_next_job_discards_what_is_undecided(target: int, held: uuid.UUID) -> None:
    before = seen()
    following = given.a_job(target)
    assert published(held) is Publication.HELD
    assert triggers.claim(following, worker="w@here")
    assert published(held) is Publication.DISCARDED
    assert seen() == before
    (entry,) = given.execute("SELECT who, action, subject, details FROM audit_log")
    assert tuple(entry) == ("kumo", "job.discard", str(held), {"job_id": str(following)})
    with pytest.raises(TransitionRefused, match="discarded as the next job began"):
        given.do(publishing.accept, held, "ann")


def test_nothing_is_moved_while_a_job_of_the_target_is_under_way(
    target: int, held: uuid.UUID
) -> None:
    decide(publishing.accept, held)
    for status in (JobStatus.RUNNING, JobStatus.PAUSED):
        following = given.brought_to(status, target)
        given.execute("UPDATE scraping_jobs SET attempt = 1 WHERE id = :id", id=following)
        with pytest.raises(TransitionRefused, match="under way"):
            given.do(publishing.undo, held, "ann")
        given.do(jobs.cancel, following)
        given.execute("UPDATE scraping_jobs SET status = 'cancelled' WHERE id = :id", id=following)
    given.a_job(target)
    given.do(publishing.undo, held, "ann")


def test_only_one_job_of_a_target_is_held_and_the_later_one_is_undone_first(
    target: int, held: uuid.UUID
) -> None:
    later = run(target, BAD | {"a": {"price": 77}}, believed=False)
    assert published(held) is Publication.DISCARDED
    with pytest.raises(TransitionRefused, match=f"{later} are held back"):
        given.do(publishing.undo, held, "ann")
    decide(publishing.discard, later)
    decide(publishing.undo, held)
    decide(publishing.accept, held)
    decide(publishing.undo, later)
    decide(publishing.accept, later)
    with pytest.raises(TransitionRefused, match=f"{later} was accepted after it"):
        given.do(publishing.undo, held, "ann")


def test_the_first_of_two_who_decide_wins_and_the_other_is_told(held: uuid.UUID) -> None:
    def accepting(session: Session) -> int:
        return publishing.accept(session, held, "ann")

    def discarding(session: Session) -> int:
        return publishing.discard(session, held, "ben")

    _, refused = given.overtaken(accepting, discarding)
    assert isinstance(refused, TransitionRefused)
    assert "accepted already, by ann" in str(refused)
    entries = given.execute("SELECT who, action FROM audit_log")
    assert entries == [("ann", "job.accept")]


def test_a_claim_waits_for_who_decides_and_no_crawl_begins_meanwhile(
    target: int, held: uuid.UUID
) -> None:
    following = given.a_job(target)

    def accepting(session: Session) -> int:
        return publishing.accept(session, held, "ann")

    def claiming(session: Session) -> Any:
        return jobs.claim(session, following, worker="w@here", lease_seconds=60)

    _, claim = given.overtaken(accepting, claiming)
    assert claim is not None
    assert published(held) is Publication.ACCEPTED


def test_what_was_not_held_or_is_decided_is_refused_in_a_sentence(
    target: int, held: uuid.UUID
) -> None:
    with pytest.raises(JobNotFound):
        given.do(publishing.accept, uuid.uuid4(), "ann")
    good = given.execute("SELECT id FROM scraping_jobs WHERE publication IS NULL LIMIT 1")[0][0]
    for verb in (publishing.accept, publishing.discard):
        with pytest.raises(TransitionRefused, match="is held back"):
            given.do(verb, good, "ann")
    for job_id in (good, held):
        with pytest.raises(TransitionRefused, match="can be undone"):
            given.do(publishing.undo, job_id, "ann")
    decide(publishing.discard, held)
    with pytest.raises(TransitionRefused, match="discarded already, by ann"):
        given.do(publishing.accept, held, "ben")
    given.execute("UPDATE held_jobs SET decided_at = now() - interval '30 days 1 minute'")
    with pytest.raises(TransitionRefused, match="more than 30 days"):
        given.do(publishing.undo, held, "ann")


def test_a_process_killed_half_way_has_changed_nothing(held: uuid.UUID) -> None:
    before = seen(), given.execute("SELECT * FROM held_items ORDER BY item_id")
    process = multiprocessing.get_context("fork").Process(target=_killed_half_way, args=(held,))
    process.start()
    process.join(timeout=30)
    assert process.exitcode == -9
    assert (seen(), given.execute("SELECT * FROM held_items ORDER BY item_id")) == before
    assert published(held) is Publication.HELD
    decide(publishing.accept, held)
    assert given.count("held_items") == 0


def _killed_half_way(job_id: uuid.UUID) -> None:
    """By its own hand, as everything is moved and nothing is committed."""
    import os
    import signal

    database.engine().dispose(close=False)
    with database.transaction() as session:
        publishing.accept(session, job_id, "ann")
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_finish_that_fails_holds_nothing_and_ends_nothing(
    target: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any) -> int:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(held_items, "_REMOVE", held_items.text("SELECT 1 / 0"))
        with pytest.raises(Exception, match="division by zero"):
            run(target, BAD, believed=False)
    assert given.count("held_items") == 0
    assert given.count("scraping_jobs", "status = 'running'") == 1


def test_search_finds_what_is_current_after_each_move(target: int) -> None:
    bad = {"a": {"name": "Zinnober"}, "new": {"name": "Zinnober"}}
    run(target, {"a": {"name": "Ultramarin"}})

    def found(word: str) -> set[str]:
        search.catch_up()
        with database.transaction() as session:
            page = listings.page(session, target, ItemView(search=word)).items
        return {item.key for item in page.items}

    assert found("Ultramarin") == {"a"}
    job_id = run(target, bad)
    assert found("Zinnober") == {"a", "new"}
    with database.transaction() as session:
        publishing.hold(session, job_id, Verdict.BAD)
    for verb, words in (
        (None, set()),
        (publishing.accept, {"a", "new"}),
        (publishing.undo, set()),
        (publishing.discard, set()),
    ):
        if verb:
            decide(verb, job_id)
        # As if it had been so for long: only what was moved may be read.
        given.execute("UPDATE scraping_jobs SET completed_at = completed_at - interval '1 day'")
        assert found("Zinnober") == words
        assert found("Ultramarin") == ({"a"} if not words else set())
    assert given.count("held_jobs", "unlearned_since IS NOT NULL") == 0


def test_a_listing_made_while_it_ran_is_not_read_any_more(target: int) -> None:
    view = ItemView(sort="data.price")

    def listed() -> tuple[list[str], bool]:
        with database.transaction() as session:
            page = listings.page(session, target, view)
            return [item.key for item in page.items.items], bool(
                page.listing and page.listing.made_at
            )

    before = listed()[0]
    job_id = run(target, BAD | {"a": {"price": 100}})
    listings.make(given.do(listings.ask, target, view))
    assert listed()[1]
    with database.transaction() as session:
        publishing.hold(session, job_id, Verdict.BAD)
    assert listed() == (before, False)
    listings.make(given.do(listings.ask, target, view))
    assert listed() == (before, True)


def test_what_would_change_is_told_field_by_field_and_a_page_at_a_time(
    target: int, held: uuid.UUID
) -> None:
    holding = given.do(held_changes.of_target, target)
    assert holding == given.do(held_changes.of_job, held)
    assert holding.counts == {Kind.NEW: 1, Kind.CHANGED: 2, Kind.BACK: 1, Kind.MISSING: 1}

    def page(kind: Kind, **options: Any) -> Any:
        return given.do(held_changes.page, holding, kind, **options)

    assert [row.data["price"] for row in page(Kind.NEW).rows] == [9]
    first = page(Kind.CHANGED, size=1)
    second = page(Kind.CHANGED, size=1, after=first.next)
    assert second.next is None
    changes = [
        {change.name: (change.before, change.after) for change in each.rows[0].difference.fields}
        for each in (first, second)
    ]
    assert changes == [{"price": ("1", None)}, {"price": ("2", "2.0"), "shop": (None, "x")}]
    (back,) = page(Kind.BACK).rows
    assert {change.name for change in back.difference.fields} == {"price", "day"}
    assert [row.key for row in page(Kind.MISSING).rows] == ["c"]
    decide(publishing.accept, held)
    holding = given.do(held_changes.of_job, held)
    assert (holding.decided_by, holding.can_be_undone) == ("ann", True)
    assert all(not page(kind).rows for kind in Kind)


@dataclass
class Model:
    """A target's items as plain Python: what each step does, without a word of SQL."""

    #: Data, by which job it is gone, and which job saw it last.
    items: dict[str, list[Any]] = field(default_factory=dict)
    #: Of each job that was held: what it changed, as it was before and after.
    changes: list[dict[str, list[Any]] | None] = field(default_factory=list)
    tells: list[bool] = field(default_factory=list)
    published: list[Publication | None] = field(default_factory=list)

    def run(self, site: dict[str, Any], *, believed: bool, tells: bool) -> None:
        job = len(self.tells)
        self.published = [
            Publication.DISCARDED if each is Publication.HELD else each for each in self.published
        ]
        changes = {}
        for key, data in site.items():
            old = self.items.get(key)
            if old is None or old[0] != data or old[1] is not None:
                changes[key] = [old and old[:2], data]
            self.items[key] = [data, None, job]
        missing = any(gone is None and last != job for _, gone, last in self.items.values())
        self.tells.append(tells and bool(site))
        holds = not believed and bool(changes or (missing and self.tells[job]))
        self.changes.append(changes if holds else None)
        self.published.append(Publication.HELD if holds else None)
        if holds:
            self._revert(job)
        self._mark()

    def accept(self, job: int) -> None:
        self.published[job] = Publication.ACCEPTED
        for key, change in (self.changes[job] or {}).items():
            old, data = change
            if old is None and key not in self.items:
                self.items[key] = [data, None, job]
            elif old is not None and self.items[key][2] == job:
                was_back = old[1] is not None
                gone = self.items[key][1]
                change[0] = self.items[key][:2]
                self.items[key][:2] = [data, None if was_back else gone]
        self._mark()

    def discard(self, job: int) -> None:
        self.published[job] = Publication.DISCARDED

    def undo(self, job: int) -> None:
        was, self.published[job] = self.published[job], Publication.HELD
        if was is Publication.ACCEPTED:
            for item in self.items.values():
                item[1] = None if item[1] == job else item[1]
            self._revert(job)
        self._mark()

    def _revert(self, job: int) -> None:
        for key, (old, _) in (self.changes[job] or {}).items():
            item = self.items.get(key)
            if item is None or item[2] != job:
                continue
            if old is None:
                del self.items[key]
            else:
                item[:2] = [old[0], old[1] if old[1] is not None else item[1]]

    def _mark(self) -> None:
        """What is gone by the word of jobs that are believed, the earliest first."""
        for job, tells in enumerate(self.tells):
            if tells and self.published[job] in (None, Publication.ACCEPTED):
                for item in self.items.values():
                    if item[1] is None and item[2] < job:
                        item[1] = job

    def told(self) -> dict[str, tuple[Any, bool]]:
        return {key: (data, gone is not None) for key, (data, gone, _) in self.items.items()}


@pytest.mark.parametrize("seed", range(6))
def test_any_sequence_of_runs_and_decisions_gives_what_a_plain_model_gives(
    seed: int, target_id: int
) -> None:
    chance, model, job_ids, done = random.Random(seed), Model(), [], []
    end = ends.End(ends.Ending.COMPLETED, "closespider_itemcount")
    for _ in range(30):
        steps = _possible(model)
        verb, job = chance.choice(steps) if steps and chance.random() < 0.55 else ("run", 0)
        if verb == "run":
            keys = chance.sample("abcdef", chance.randint(1, 6))
            site = {key: {"price": chance.randint(1, 2)} for key in keys}
            believed, tells = chance.random() < 0.5, chance.random() < 0.8
            model.run(site, believed=believed, tells=tells)
            ending = given.COMPLETED if tells else end
            job_ids.append(run(target_id, site, believed=believed, end=ending))
        else:
            getattr(model, verb)(job)
            decide(getattr(publishing, verb), job_ids[job])
        done.append((verb, job))
        assert runs.data(target_id) == model.told(), (seed, done)
        assert [published(each) for each in job_ids] == model.published
    _assert_sound()


def _possible(model: Model) -> list[tuple[str, int]]:
    """What may be decided now about which job."""
    held = [job for job, each in enumerate(model.published) if each is Publication.HELD]
    steps = [(verb, job) for job in held for verb in ("accept", "discard")]
    accepted = [job for job, each in enumerate(model.published) if each is Publication.ACCEPTED]
    decided = [job for job, each in enumerate(model.published) if each is Publication.DISCARDED]
    return steps or [("undo", job) for job in (*decided, *accepted[-1:])]


def _assert_sound() -> None:
    """The tables agree with each other."""
    search.catch_up()
    assert given.count("scraped_items i LEFT JOIN item_words w ON w.item_id = i.id",
                       "w.content_hash IS DISTINCT FROM i.content_hash") == 0  # fmt: skip
    assert given.execute("SELECT id FROM scraped_items WHERE gone_at IS NOT NULL ORDER BY id") == (
        given.execute("SELECT item_id FROM item_absences WHERE back_at IS NULL ORDER BY item_id")
    )
    miscounted = given.execute(
        "SELECT items_gone, (SELECT count(*) FROM item_absences WHERE gone_job_id = j.id) AS marks"
        " FROM scraping_jobs j"
    )
    assert all(row.items_gone == row.marks for row in miscounted)
