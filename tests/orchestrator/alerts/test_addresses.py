"""Which addresses can be sent to, and how little is shown of one."""

import pytest

from orchestrator.alerts import addresses
from orchestrator.exceptions import ChannelInvalid

SLACK = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


@pytest.mark.parametrize(
    ("url", "sent_to"),
    [
        ("json://a.example/hook?x=1", "http://a.example/hook?x=1"),
        ("jsons://user:pass@a.example:8443/", "https://user:pass@a.example:8443/"),
        ("https://a.example/hook", "https://a.example/hook"),
        (SLACK, None),
        ("mailto://user:pass@a.example", None),
    ],
)
def test_webhooks_are_told_from_what_apprise_knows(url: str, sent_to: str | None) -> None:
    assert addresses.webhook(url) == sent_to
    assert addresses.check(url) is (sent_to is not None)


@pytest.mark.parametrize(
    "url", ["", "nonsense", "dbus://", "syslog://", "json://", "json://a b", "slack://x", "ftp://a"]
)
def test_what_nobody_can_send_to_is_refused(url: str) -> None:
    with pytest.raises(ChannelInvalid):
        addresses.check(url)


def test_of_an_address_only_its_kind_is_shown_or_a_webhooks_host() -> None:
    assert addresses.masked("slack://T1JJ3T3L2/A1BRTD4JD/secret") == "slack://…"
    assert addresses.masked("jsons://user:pass@a.example/secret") == "https://a.example/…"


def test_a_complaint_is_shown_without_pieces_of_the_address() -> None:
    said = addresses.scrubbed(
        "to user with pa55word at h.example: no", "json://user:pa55word@h.example"
    )
    assert said == "to … with … at …: no"
