"""The counts stay small however many addresses a crawl asks for."""

from demo.counts import COUNTED_PATHS, Counts


def test_beyond_the_limit_requests_count_but_new_addresses_are_not_kept():
    counts = Counts()
    for number in range(COUNTED_PATHS + 50):
        counts.add(f"/{number}")
    counts.add("/0")
    assert counts.requests == COUNTED_PATHS + 51
    assert len(counts.paths) == COUNTED_PATHS
    assert counts.paths["/0"] == 2
