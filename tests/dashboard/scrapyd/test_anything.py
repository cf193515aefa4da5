"""Whatever is sent is answered, and never by a fault of ours."""

from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from dashboard.scrapyd.endpoints import ENDPOINTS
from tests.dashboard.scrapyd.conftest import Client

QUICKLY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
TEXT = some.one_of(
    some.sampled_from(["kumo", "demo_shop", "quotes", "0.1.0", "inf", "1e999", "A=1", "A", ""]),
    some.text(max_size=30),
)
NAMES = some.one_of(
    some.sampled_from(
        ["project", "spider", "job", "jobid", "priority", "setting", "_version", "version"]
    ),
    some.text(max_size=8),
)
FORMS = some.lists(some.tuples(NAMES, TEXT | some.binary(max_size=20)), max_size=6)
RANGES = some.from_regex(r"(bytes|items)?=?[-0-9, ]{0,12}", fullmatch=True)


def encoded(form: list[tuple[str, Any]]) -> bytes:
    pairs = [("project", "kumo"), ("spider", "quotes"), *form]
    return "&".join(f"{plain(name)}={plain(value)}" for name, value in pairs[::-1]).encode()


def plain(part: str | bytes) -> str:
    """As an address has it, whatever it is."""
    return quote(part if isinstance(part, bytes) else part.encode(errors="replace"), safe="")


@QUICKLY
@given(name=some.sampled_from([*ENDPOINTS]), form=FORMS)
def test_any_form_is_answered_in_json(client: Client, name: str, form: list[Any]) -> None:
    sent = encoded(form)
    if ENDPOINTS[name].method == "GET":
        answer = client.get(f"/{name}.json?{sent.decode()}")
    else:
        kind = "application/x-www-form-urlencoded"
        answer = client.ask("POST", f"/{name}.json", data=sent, content_type=kind)
    assert answer.status_code == 200
    assert answer.get_json()["status"] in ("ok", "error")


@QUICKLY
@given(body=some.binary(max_size=300), kind=some.sampled_from(["x=y", "x", ""]))
def test_any_body_is_answered_in_json(client: Client, body: bytes, kind: str) -> None:
    parts = f"multipart/form-data; boundary={kind}"
    answer = client.ask("POST", "/schedule.json", data=body, content_type=parts)
    assert answer.status_code == 200
    assert answer.get_json()["status"] == "error"


@QUICKLY
@given(parts=some.lists(some.text(max_size=12), max_size=4), wanted=RANGES, prefix=some.text())
def test_any_address_is_answered(
    client: Client, parts: list[str], wanted: str, prefix: str
) -> None:
    path = "/".join(map(plain, parts))
    for root in ("/logs/", "/items/kumo/", "/x"):
        headers = {"Range": wanted, "X-Forwarded-Prefix": plain(prefix)}
        assert client.get(root + path, headers=headers).status_code < 500
