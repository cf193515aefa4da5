"""Whoever dies at one of the ten kill points: the job ends right, each item is there once.

Nothing in the product knows of these points; the folder `injected/` tells how they come about.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests import shops
from tests.faults import clean_ups, kill_points
from tests.faults.kill_points import KillPoint, Scene
from tests.shops import OpenShop


@pytest.fixture(scope="module")
def scene(database: str, redis_url: str, slow_shop: OpenShop) -> Iterator[Scene]:
    with shops.opened(120, delay=0.06) as shop:
        with kill_points.scene(shop, slow_shop, redis_url) as scene:
            yield scene


def _at(point: KillPoint, *rows: str, off: str | tuple[str, ...]) -> Any:
    return pytest.param(point, id=point.name, marks=pytest.mark.fault(*rows, off=off))


@pytest.mark.parametrize(
    "point",
    [
        _at(kill_points.BEFORE_THE_BELL, "F12", off="bells_rung_again"),
        _at(kill_points.AFTER_THE_BELL, "F12", off="bell_after_the_commit"),
        _at(kill_points.AFTER_THE_CLAIM, "F1", off="lease_from_the_claim"),
        _at(kill_points.AFTER_TAKING_REQUESTS, "F2", off="requests_taken_on_lease"),
        _at(kill_points.BEFORE_THE_COMMIT, "F2", off="acknowledged_after_the_commit"),
        _at(kill_points.BEFORE_THE_ACKNOWLEDGEMENT, "F2", off="counted_once"),
        _at(kill_points.BEFORE_THE_LAST_WORD, "F2", off="frontier_outlives_its_crawl"),
        _at(
            kill_points.BEFORE_THE_FINISH,
            "F1",
            off=("frontier_outlives_its_crawl", "taking_back_lost_crawls"),
        ),
        _at(kill_points.AFTER_THE_FINISH, "F1", off="old_frontiers_deleted"),
        _at(kill_points.AFTER_A_CANCEL, "F28", off="old_frontiers_deleted"),
        _at(kill_points.OBEYING_A_CANCEL, "F28", off="cancel_wins_at_the_end"),
    ],
)
def test_a_job_killed_there_ends_right_by_itself(scene: Scene, point: KillPoint) -> None:
    counts = kill_points.play(scene, point, passes=1)
    assert counts.kills == 1, f"nobody passed {point.name}"
    assert not counts.evidence, "; ".join(counts.evidence)
    assert counts.is_clean
    # Pages in flight are fetched again, the others are not.
    assert counts.pages < scene.shop.pages * 1.5


@pytest.mark.fault("F29", off="clean_up_spares_the_busy")
def test_a_clean_up_killed_between_two_batches_is_finished_by_the_next(scene: Scene) -> None:
    counts = clean_ups.play(scene, passes=20)
    assert counts.kills == 1, "nobody passed between two batches"
    assert not counts.evidence, "; ".join(counts.evidence)
    assert counts.is_clean
