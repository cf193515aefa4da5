"""The page of alerts: channels, rules, tests, the log; and that no address is ever shown."""

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from orchestrator.ledger.models import (
    AlertChannel,
    AlertDelivery,
    AlertRule,
    AuditEntry,
    ScrapingTarget,
)
from tests.dashboard.conftest import Browser

ADDRESS = "jsons://hooks.example/s3cret-path"
FIELDS = {
    "name": "On call",
    "url": ADDRESS,
    "language": "ja",
    "timezone": "Asia/Tokyo",
    "active": "y",
}


def _added(admin: Browser, session: Session, **fields: str) -> AlertChannel:
    admin.get("/alerts/channels/new")
    answer = admin.post("/alerts/channels/new", FIELDS | fields, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    return session.scalars(select(AlertChannel)).one()


def test_a_webhooks_secret_is_shown_once(admin: Browser, session: Session) -> None:
    admin.get("/alerts/channels/new")
    shown = admin.post("/alerts/channels/new", FIELDS).text
    channel = session.scalars(select(AlertChannel)).one()
    assert channel.secret
    assert channel.secret in shown
    page = f"/alerts/channels/{channel.id}"
    assert channel.secret not in admin.get(page).text
    was = channel.secret
    renewed = admin.post(f"{page}/secret").text
    session.refresh(channel)
    assert channel.secret != was
    assert channel.secret in renewed


def test_an_address_is_shown_nowhere(admin: Browser, session: Session) -> None:
    channel = _added(admin, session)
    admin.post(f"/alerts/channels/{channel.id}", FIELDS | {"name": ""})
    refused = admin.post(f"/alerts/channels/{channel.id}", FIELDS | {"timezone": "Mars"})
    assert refused.status_code == 422
    pages = ["/alerts", f"/alerts/channels/{channel.id}", "/audit"]
    for page in [refused.text, *(admin.get(path).text for path in pages)]:
        assert "s3cret-path" not in page
    assert "https://hooks.example/…" in admin.get(pages[1]).text
    entries = session.scalars(select(AuditEntry)).all()
    assert "s3cret" not in repr([(each.subject, each.details) for each in entries])


def test_an_address_left_empty_stays(admin: Browser, session: Session) -> None:
    channel = _added(admin, session)
    secret = channel.secret
    admin.post(f"/alerts/channels/{channel.id}", FIELDS | {"url": "", "name": "Night"})
    session.refresh(channel)
    assert (channel.name, channel.url, channel.secret) == ("Night", ADDRESS, secret)


def test_what_nobody_can_send_to_is_refused(admin: Browser, session: Session) -> None:
    admin.get("/alerts/channels/new")
    for url in ("", "nonsense", "ftp://a.example", "syslog://", "json://"):
        answer = admin.post("/alerts/channels/new", FIELDS | {"url": url})
        assert answer.status_code == 422, url
    assert session.scalars(select(AlertChannel)).all() == []


def test_two_channels_of_one_name_are_refused_without_the_address(
    admin: Browser, session: Session
) -> None:
    _added(admin, session)
    answer = admin.post("/alerts/channels/new", FIELDS)
    assert answer.status_code == 422
    assert "There is a channel of that name already." in answer.text
    assert "s3cret" not in answer.text


def test_rules_are_added_shown_and_removed(
    admin: Browser, session: Session, target: ScrapingTarget
) -> None:
    channel = _added(admin, session)
    page = f"/alerts/channels/{channel.id}"
    admin.get(page)
    admin.post(f"{page}/rules", {"kinds": "failed", "target": target.name})
    rule = session.scalars(select(AlertRule)).one()
    assert (rule.target_id, rule.tag, rule.kinds) == (target.id, None, ["failed"])
    assert "A target begins to fail" in admin.get("/alerts").text
    for wrong in ({"kinds": "failed", "target": "nowhere"}, {"target": target.name}):
        assert admin.post(f"{page}/rules", wrong).status_code == 422
    admin.post(f"/alerts/rules/{rule.id}/remove")
    assert session.scalars(select(AlertRule)).all() == []


def test_a_test_is_on_its_way_and_in_the_log(admin: Browser, session: Session) -> None:
    channel = _added(admin, session)
    admin.get("/alerts")
    page = admin.post(f"/alerts/channels/{channel.id}/test", follow_redirects=True).text
    delivery = session.scalars(select(AlertDelivery)).one()
    assert delivery.is_test
    row = re.search(rf'id="delivery-{delivery.id}".*?</tr>', page, re.DOTALL)
    assert row
    assert "On its way" in row[0]


def test_a_channel_goes_with_all_it_was_told(admin: Browser, session: Session) -> None:
    channel = _added(admin, session)
    admin.post(f"/alerts/channels/{channel.id}/test")
    admin.post(f"/alerts/channels/{channel.id}/remove")
    assert session.scalars(select(AlertChannel.id)).all() == []
    assert session.scalars(select(AlertDelivery.id)).all() == []
