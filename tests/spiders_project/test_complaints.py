"""What a site asks for when it is asked too much."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from scrapy.http import Response

from spiders_project import complaints
from spiders_project.complaints import Complaint

SENT = datetime(2020, 1, 1, tzinfo=UTC)


def _answer(status: int, retry_after: str = "", date: datetime | None = None) -> Response:
    headers = {"Retry-After": retry_after} if retry_after else {}
    if date:
        headers["Date"] = format_datetime(date, usegmt=True)
    return Response("http://shop.example/", status=status, headers=headers)


@pytest.mark.parametrize("status", [200, 404, 500, 502])
def test_other_statuses_are_no_complaint(status: int) -> None:
    assert complaints.of(_answer(status, "60")) is None


def test_the_two_statuses_are_told_apart() -> None:
    assert complaints.of(_answer(429, "60")) == Complaint(60, too_many=True)
    assert complaints.of(_answer(503)) == Complaint(None, too_many=False)


def test_a_date_is_read_against_the_answers_own() -> None:
    until = format_datetime(SENT + timedelta(seconds=90), usegmt=True)
    assert complaints.of(_answer(503, until, SENT)) == Complaint(90, too_many=False)


def test_a_date_without_another_is_read_against_the_clock() -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    complaint = complaints.of(_answer(429, until))
    assert complaint
    assert complaint.seconds == pytest.approx(90, abs=2)


@pytest.mark.parametrize("retry_after", ["0", "-5", "soon", "²", "1.5", "Wed, 99 Nov 2026", "\x00"])
def test_what_names_no_time_to_come_names_none(retry_after: str) -> None:
    assert complaints.of(_answer(429, retry_after)) == Complaint(None, too_many=True)


@pytest.mark.parametrize("retry_after", ["86400", "9" * 400, "Wed, 21 Oct 2099 07:28:00 GMT"])
def test_a_pause_is_an_hour_at_the_most(retry_after: str) -> None:
    complaint = complaints.of(_answer(429, retry_after))
    assert complaint == Complaint(complaints.LONGEST_SECONDS, too_many=True)
