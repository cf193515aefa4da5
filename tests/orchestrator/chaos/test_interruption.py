import os
import signal
import time

import pytest

from orchestrator.chaos import interruption


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_wait_that_it_meets(how: signal.Signals) -> None:
    with interruption.heard() as asked:
        asked.wait(0.01)
        os.kill(os.getpid(), how)
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            asked.wait(60)
    assert time.monotonic() - began < 30


def test_a_signal_between_two_waits_is_heard_by_the_next() -> None:
    with interruption.heard() as asked:
        os.kill(os.getpid(), signal.SIGINT)
        reached = True
        with pytest.raises(KeyboardInterrupt):
            asked.check()
    assert reached


def test_afterwards_signals_mean_what_they_meant_before() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interruption.heard():
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before
