from sqlalchemy.orm import Session

from tests.dashboard import rows
from tests.dashboard.api.conftest import Program


def test_targets_are_told_with_their_next_time(reading: Program, session: Session) -> None:
    rows.target(session, "nightly")
    rows.target(session, "off", active=False)
    rows.target(session, "often", schedule="* * * * *", timezone="Asia/Tokyo")
    found = reading.all_of("/schedules", limit=1)
    assert [each["target"]["name"] for each in found] == ["often", "nightly"]
    assert (found[0]["cron"], found[0]["timezone"]) == ("* * * * *", "Asia/Tokyo")


def test_a_schedule_is_tried(reading: Program) -> None:
    query = {"cron": "30 3 * * *", "zone": "Asia/Tokyo", "window": "04:00-06:00"}
    told = reading.get("/schedules/preview", query_string=query).json
    assert len(told["occasions"]) == 10
    assert all(each["at"].endswith("18:30:00Z") for each in told["occasions"])
    assert all(each["starts_at"].endswith("19:00:00Z") for each in told["occasions"])


def test_a_schedule_that_is_none_is_refused_with_what_is_wrong(reading: Program) -> None:
    for query in ({"cron": "61 * * * *"}, {"zone": "Mars"}, {"window": "x"}):
        refused = reading.get("/schedules/preview", query_string=query)
        assert refused.status_code == 422
        assert refused.json["type"] == "urn:kumo:problem:schedule-invalid"
        assert len(refused.json["detail"]) > 10
