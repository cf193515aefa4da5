from orchestrator.ledger import latencies
from orchestrator.ledger.latencies import Latencies


def test_each_duration_is_counted_in_the_range_that_it_ends_in() -> None:
    took = Latencies("checkpoint")
    for seconds in (0.0001, 0.0005, 0.004, 60):
        took.add(seconds)
    assert took.amounts() == {
        "checkpoint/0.0005": 2,
        "checkpoint/0.005": 1,
        "checkpoint/inf": 1,
        "checkpoint/sum": 60.0046,
    }


def test_of_nothing_nothing_is_told() -> None:
    assert Latencies("checkpoint").amounts() == {}


def test_the_ranges_add_up_from_the_shortest() -> None:
    totals = {"frontier/0.001": 3.0, "frontier/2": 2.0, "frontier/inf": 1.0, "frontier/sum": 16.5}
    upto, seconds = latencies.of("frontier", totals)
    reached = dict(upto)
    assert (reached["0.0005"], reached["0.001"], reached["1"], reached["2"]) == (0, 3, 3, 5)
    assert (upto[-1], seconds) == (("inf", 6), 16.5)
    assert len(upto) == len(latencies.BOUNDS) + 1
