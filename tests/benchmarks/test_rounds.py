"""Rounds: whose turn it is, and what the figures say."""

from benchmarks.rounds import Rounds, play


def _nothing(_: str) -> None:
    """Nobody listens."""


def _rounds(ours: list[float], theirs: list[float]) -> Rounds:
    pairs = zip(ours, theirs, strict=True)
    return Rounds(("Kumo", "rival"), [{"Kumo": {"x": a}, "rival": {"x": b}} for a, b in pairs])


def test_each_contender_begins_in_its_turn() -> None:
    called: list[str] = []
    contenders = {name: lambda name=name: called.append(name) or {"x": 1.0} for name in "abc"}
    play(contenders, 3, warm=False, tell=_nothing)
    assert "".join(called) == "abcbcacab"


def test_the_warming_round_is_not_kept() -> None:
    values = iter([100.0, 1.0, 2.0])
    played = play({"Kumo": lambda: {"x": next(values)}}, 2, warm=True, tell=_nothing)
    assert [each["Kumo"]["x"] for each in played.samples] == [1.0, 2.0]


def test_the_ratio_is_taken_within_rounds_not_between_medians() -> None:
    # A busy moment tripled the second round for both; the ratio does not notice.
    rounds = _rounds([10, 30, 11], [20, 60, 22])
    assert rounds.ratio("rival", "x") == 0.5


def test_a_measure_of_nothing_has_no_ratio() -> None:
    assert _rounds([1], [0]).ratio("rival", "x") is None


def test_the_tail_is_what_one_round_in_twenty_exceeds() -> None:
    values = [float(number) for number in range(1, 101)]
    assert _rounds(values, values).tail("Kumo", "x") == 95
