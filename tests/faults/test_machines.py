"""F35: several machines, of which one is cut off, one dies, one joins, one has a wrong clock.

Like every test here with short leases; `make faults ARGS="--shard many-machines"` is the long form.
"""

from pathlib import Path

import pytest

from tests.faults import clocks, machines, many_machines


@pytest.mark.timeout(240)
@pytest.mark.fault("F35", off=("the_fence", "taking_back_lost_crawls"))
def test_jobs_of_lost_machines_go_on_elsewhere_and_a_machine_that_is_back_writes_nothing(
    tmp_path: Path,
) -> None:
    if reason := machines.refused():
        pytest.skip(f"No machine can be made here: {reason}")
    clocks.off_by("+2h")
    counts = many_machines.play(16, 50, tmp_path)
    assert counts.runs == 16
    assert not counts.evidence, "; ".join(counts.evidence)
    assert counts.is_clean
