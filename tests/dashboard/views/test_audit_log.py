import re
import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from orchestrator.ledger import audit, targets
from orchestrator.ledger.models import AuditEntry, ScrapingTarget
from tests.dashboard import rows
from tests.dashboard.conftest import Browser


def record(
    session: Session, action: str, subject: object, who: str = "hanako", **details: object
) -> None:
    audit.record(session, who, action, str(subject), **details)
    session.flush()


def said(text: str) -> list[str]:
    """What each line of the list says, without its markup."""
    lines = re.findall(r'<span class="name">(.*?)</span>', text, re.DOTALL)
    return [" ".join(re.sub("<[^>]+>", "", line).split()) for line in lines]


def test_an_action_is_said_in_words_with_links_to_what_lives(
    admin: Browser, session: Session, target: ScrapingTarget
) -> None:
    job = rows.job(session, target)
    record(session, "target.run", target.id, job_id=str(job.id))
    record(session, "target.disable", "shop")
    record(session, "job.cancel", job.id)
    record(session, "user.role", "viewer", role="operator")
    text = admin.get("/audit?who=hanako").text
    assert said(text) == [
        "Changed the role of viewer",
        "Cancelled the job of shop",
        "Disabled shop",
        "Started shop",
    ]
    assert text.count(f'href="/targets/{target.id}"') == 2
    assert text.count(f'href="/jobs/{job.id}"') == 2
    assert "&#34;role&#34;: &#34;operator&#34;" in text


def test_what_is_gone_keeps_its_name(
    admin: Browser, session: Session, target: ScrapingTarget
) -> None:
    gone = uuid.uuid4()
    record(session, "job.cancel", gone)
    record(session, "target.run", target.id)
    record(session, "target.enable", "shop")
    targets.delete(session, target)
    session.flush()
    text = admin.get("/audit?who=hanako").text
    assert said(text) == ["Enabled shop", "Started shop", f"Cancelled {gone}"]
    assert f'href="/targets/{target.id}"' not in text
    assert f'href="/jobs/{gone}"' not in text


def test_the_list_is_filtered_in_the_address(admin: Browser, session: Session) -> None:
    record(session, "target.run", "one", "ada")
    record(session, "target.enable", "two", "ada")
    record(session, "target.run", "three", "bob")
    assert said(admin.get("/audit?who=ada").text) == ["Enabled two", "Started one"]
    assert said(admin.get("/audit?action=target.run").text) == ["Started three", "Started one"]
    assert said(admin.get("/audit?who=bob&action=target.enable").text) == []
    assert "Nothing like that was done." in admin.get("/audit?who=eve").text
    assert '<option selected value="eve">' in admin.get("/audit?who=eve").text


def test_the_list_is_paged(admin: Browser, session: Session) -> None:
    for number in range(60):
        record(session, "target.run", f"t{number}")
    first = admin.get("/audit?who=hanako").text
    assert said(first)[0] == "Started t59"
    assert len(said(first)) == 50
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    second = admin.get(older[1].replace("&amp;", "&")).text
    assert said(second)[-1] == "Started t0"
    newer = re.search(r'rel="prev" href="([^"]+)"', second)
    assert newer
    assert said(admin.get(newer[1].replace("&amp;", "&")).text) == said(first)


def test_an_address_that_names_no_place_is_refused_in_a_sentence(admin: Browser) -> None:
    for place in ("x", "-1", "9" * 30, "１"):
        answer = admin.get("/audit", query_string={"older": place})
        assert answer.status_code == 422
        assert "no place in the list" in answer.text


def test_any_person_or_action_may_be_asked_for(admin: Browser) -> None:
    for text in ("\0", "\ud800", "%", "' OR 1=1 --", "x" * 5_000, "<script>"):
        for name in ("who", "action"):
            asked = text.encode(errors="surrogatepass")
            answer = admin.get("/audit", query_string={name: asked})
            assert answer.status_code == 200, (name, text)
            assert "<script>" not in answer.text


def test_signing_in_is_in_the_list_and_an_unknown_action_too(
    admin: Browser, session: Session
) -> None:
    record(session, "moon.land", "<i>apollo</i>")
    text = admin.get("/audit").text
    assert said(text) == ["moon.land &lt;i&gt;apollo&lt;/i&gt;", "Signed in"]
    assert session.scalars(select(AuditEntry.action)).all() == ["sign_in", "moon.land"]
