from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from orchestrator.frames import LENGTHS, Frames, NoFrame, packed

PLAIN = some.none() | some.booleans() | some.integers(-(2**53), 2**53) | some.text("aé茶\0\\u")
VALUES = some.recursive(
    PLAIN,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text("ab"), inner),
    max_leaves=5,
)


@given(
    frames=some.lists(some.tuples(VALUES, some.binary(max_size=20)), max_size=4),
    step=some.integers(1, 30),
)
def test_frames_come_whole_and_in_order_however_they_are_cut(
    frames: list[tuple[Any, bytes]], step: int
) -> None:
    wire = b"".join(packed(value, body) for value, body in frames)
    heard, taken = Frames(1_000, 1_000), []
    for begin in range(0, len(wire), step):
        heard.add(wire[begin : begin + step])
        while (frame := heard.next()) is not None:
            taken.append(frame)
    assert taken == frames
    assert not heard


@pytest.mark.parametrize("lengths", [(101, 0), (0, 11), (2**32 - 1, 2**32 - 1)])
def test_one_that_would_be_too_large_is_refused_before_it_comes(lengths: tuple[int, int]) -> None:
    heard = Frames(100, 10)
    heard.add(LENGTHS.pack(*lengths))
    with pytest.raises(NoFrame):
        heard.next()


@pytest.mark.parametrize("told", [b"", b"{", b"NaN", b'"\\ud800"', b"[" * 2_000 + b"]" * 2_000])
def test_what_is_no_json_is_refused(told: bytes) -> None:
    heard = Frames(10_000, 10)
    heard.add(LENGTHS.pack(len(told), 0) + told)
    with pytest.raises(NoFrame):
        heard.next()
