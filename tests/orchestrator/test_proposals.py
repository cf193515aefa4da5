"""What is asked about a website is committed first; then one bell is rung for those who fetch."""

import pytest

from orchestrator import celery, config, inspection, proposals
from orchestrator.ledger import drafts
from orchestrator.ledger.drafts import Recipe
from tests.orchestrator.ledger import given

URL = "https://shop.example/"


@pytest.mark.usefixtures("database", "bells")
def test_a_look_and_an_edit_ring_once_each_on_the_control_queue() -> None:
    draft = proposals.look(URL, who="hanako")
    assert inspection.queue_length(celery.CONTROL) == 1
    given.do(drafts.take, draft.id)
    given.do(drafts.propose, draft.id, [])
    recipe = Recipe("selector", {"fields": [{"name": "a", "css": "b"}]})
    proposals.edit(draft.id, recipe, is_whole=True)
    assert inspection.queue_length(celery.CONTROL) == 2
    proposals.try_further(draft.id)
    assert inspection.queue_length(celery.CONTROL) == 3
    assert inspection.queue_length(celery.CRAWLS) == 0


@pytest.mark.usefixtures("database", "bells")
def test_an_edit_with_faults_rings_for_nobody() -> None:
    draft = proposals.look(URL, who="hanako")
    given.do(drafts.fail, draft.id, "robots")
    proposals.edit(draft.id, Recipe("selector", {}), is_whole=False)
    assert inspection.queue_length(celery.CONTROL) == 1


@pytest.mark.usefixtures("database")
def test_a_redis_that_is_away_costs_a_bell_and_no_draft(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "")
    config.get.cache_clear()
    draft = proposals.look(URL, who="hanako")
    assert given.do(drafts.find, draft.id).status == "looking"
