"""Who belongs to a crawler, what they hold together, and that none of them outlives it."""

import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from orchestrator.company import Company
from tests import awaiting

#: A process that starts another one in a session of its own, as browsers do, and holds 50 MB.
_LEADER = """
import subprocess, sys, time
held = b"x" * 50_000_000
subprocess.Popen([sys.executable, "-c", "import time; held = b'y' * 50_000_000; time.sleep(60)"],
                 start_new_session=True)
time.sleep(60)
"""


@pytest.fixture
def leader() -> Iterator[psutil.Process]:
    with subprocess.Popen([sys.executable, "-c", _LEADER]) as process:
        yield psutil.Process(process.pid)
        process.kill()


def test_a_process_that_left_the_group_is_ended_when_its_leader_is_dead(
    leader: psutil.Process,
) -> None:
    company = Company(leader.pid)
    follower = awaiting.until(leader.children, "a follower")[0]
    company.look()
    leader.kill()
    leader.wait()
    assert follower.is_running()
    company.end()
    awaiting.until(lambda: not follower.is_running(), "its end")


def test_the_memory_of_all_counts_and_what_they_share_counts_once(
    leader: psutil.Process,
) -> None:
    company = Company(leader.pid)
    awaiting.until(leader.children, "a follower")

    def held() -> int:
        company.look()
        return company.memory()

    memory = awaiting.until(lambda: held() if held() > 100_000_000 else 0, "all they hold")
    together = sum(each.memory_info().rss for each in (leader, *leader.children()))
    assert memory < together
