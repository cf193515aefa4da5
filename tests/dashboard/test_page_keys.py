from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from dashboard import page_keys
from orchestrator.exceptions import Invalid


def test_a_place_survives_the_way_through_an_address() -> None:
    key = datetime(2026, 11, 22, 4, 5, 6, 123_457, tzinfo=UTC), uuid4()
    assert page_keys.decode(page_keys.encode(key)) == key


@pytest.mark.parametrize(
    "text", ["", "-", "1", "x-" + "0" * 32, "-1-" + "0" * 32, "1" * 18 + "-" + "0" * 32, "\0"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="open the list anew"):
        page_keys.decode(text)


def test_the_latest_place_that_can_be_written_is_still_a_time() -> None:
    at, job_id = page_keys.decode("9" * 17 + "-" + "f" * 32)
    assert at.year == 5138
    assert job_id == UUID(int=2**128 - 1)
