from sqlalchemy import select
from sqlalchemy.orm import Session

from orchestrator.ledger import people
from orchestrator.ledger.models import ApiToken, AuditEntry
from tests.dashboard.conftest import Browser


def token(session: Session, owner: str, name: str = "cron", **values: object) -> int:
    row = ApiToken(
        name=name,
        token_hash=f"{owner} {name}".encode(),
        scope="read",
        user_id=people.find(session, owner).id,
        **values,
    )
    session.add(row)
    session.flush()
    return row.id


def left(session: Session) -> list[str]:
    return list(session.scalars(select(ApiToken.name).order_by(ApiToken.id)))


def test_a_person_revokes_their_own_token(viewer: Browser, session: Session) -> None:
    mine = token(session, "viewer")
    assert f"/tokens/{mine}/revoke" in viewer.get("/account").text
    answer = viewer.post(f"/tokens/{mine}/revoke", follow_redirects=True)
    assert "The token cron is revoked." in answer.text
    assert left(session) == []
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry
    assert (entry.who, entry.action, entry.subject) == ("viewer", "token.revoke", "cron")


def test_nobody_but_an_admin_revokes_anothers(
    operator: Browser, admin: Browser, session: Session
) -> None:
    theirs = token(session, "viewer")
    assert operator.post(f"/tokens/{theirs}/revoke").status_code == 404
    assert left(session) == ["cron"]
    assert admin.post(f"/tokens/{theirs}/revoke", {"next": "/tokens"}).location == "/tokens"
    assert left(session) == []


def test_a_token_that_is_gone_is_not_found(admin: Browser) -> None:
    for token_id in (4711, 10**30):
        answer = admin.post(f"/tokens/{token_id}/revoke")
        assert answer.status_code == 404
        assert "no such token" in answer.text


def test_an_admin_sees_everybodys(admin: Browser, session: Session) -> None:
    assert "Nobody has a token." in admin.get("/tokens").text
    token(session, "viewer", "nightly")
    token(session, "operator", "<b>report</b>")
    text = admin.get("/tokens").text
    assert "nightly" in text
    assert "&lt;b&gt;report" in text
    assert "<b>report" not in text
    assert text.index("operator</bdi>") < text.index("viewer</bdi>")


def test_many_tokens_are_paged(admin: Browser, session: Session) -> None:
    first = token(session, "viewer", "the first")
    for number in range(100):
        token(session, "viewer", f"token {number}")
    text = admin.get("/tokens").text
    assert "the first" not in text
    assert f"older={first + 1}" in text
    assert "the first" in admin.get(f"/tokens?older={first + 1}").text
    assert admin.get("/tokens?older=x").status_code == 422


def test_one_that_has_ended_says_so(viewer: Browser, session: Session) -> None:
    token(session, "viewer", expires_at="2026-01-01T00:00:00Z")
    assert "Expired" in viewer.get("/account").text
