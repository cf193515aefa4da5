"""What a message says: the facts in sentences, in the language and the zone of its channel.

A worker has no reader and no Flask. It reads the same catalogue that the dashboard has, which is
where people translate; where there is none, the message is in English.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from babel.support import NullTranslations, Translations

from orchestrator import config
from orchestrator.alerts.senders import Message
from orchestrator.exceptions import Sentence
from orchestrator.ledger import findings
from orchestrator.ledger.deliveries import Taken
from orchestrator.ledger.models import Alert, AlertChannel, AlertKind

#: What is said one by one; of more it is said how many.
_MOST_LINES, _MOST_SENT = 20, 500
#: A stranger's text must not call a whole room, nor make a link.
_CALLS = re.compile(r"[@<>]|[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Words:
    """Sentences and times for a channel."""

    def __init__(self, channel: AlertChannel) -> None:
        self._language, self._zone = channel.language, ZoneInfo(channel.timezone)
        self._texts = _catalogue(channel.language)

    def say(self, sentence: Sentence) -> str:
        values = {
            name: self.say(value) if isinstance(value, Sentence) else value
            for name, value in sentence.values.items()
        }
        return self._texts.gettext(sentence.pattern) % values

    def at(self, moment: str) -> str:
        at = datetime.fromisoformat(moment).astimezone(self._zone)
        return f"{format_skeleton('MMMd', at, locale=self._language)} {at:%H:%M}"

    def joined(self, texts: Sequence[str]) -> str:
        return self.say(Sentence(", ")).join(texts)


def message(taken: Taken) -> Message:
    """What there is to tell, worst first."""
    words = Words(taken.channel)
    if taken.is_test:
        subject = words.say(Sentence("Kumo: a test"))
        text = words.say(Sentence("Somebody pressed “Send a test”: messages arrive here."))
    else:
        subject, text = _subject(words, taken.alerts), _text(words, taken.alerts)
    return Message(subject, text, _payload(words, taken, subject, text))


def _subject(words: Words, alerts: Sequence[Alert]) -> str:
    parts = []
    for kind, each in groupby(_sorted(alerts), lambda alert: alert.kind):
        told = list(each)
        one, many = _SUBJECTS[kind]
        values = {"name": told[0].details["target"], "count": len(told)}
        parts.append(words.say(one(values) if len(told) == 1 else many(values)))
    return "Kumo: " + words.joined(parts)


def _text(words: Words, alerts: Sequence[Alert]) -> str:
    lines = list(_lines(words, _sorted(alerts)))
    if (more := len(alerts) - _MOST_LINES) > 0:
        lines.append(words.say(Sentence("And %(count)s more.", count=more)))
    return "\n".join(lines)


def _lines(words: Words, alerts: Sequence[Alert]) -> Iterator[str]:
    left = _MOST_LINES
    for (kind, site), each in groupby(alerts, _together):
        if left <= 0:
            return
        told = list(each)
        if kind is AlertKind.FAILED and site and len(told) > 1:
            down = Sentence("%(count)s targets of %(site)s fail:", count=len(told), site=site)
            yield words.say(down)
        for alert in told[:left]:
            yield _line(words, alert)
            if link := _link(alert):
                yield link
        left -= len(told)


def _line(words: Words, alert: Alert) -> str:
    return words.say(_SENTENCES[alert.kind](words, alert.details))


def _sorted(alerts: Sequence[Alert]) -> list[Alert]:
    order = list(AlertKind)
    return sorted(alerts, key=lambda each: (order.index(each.kind), each.details.get("site", "")))


def _together(alert: Alert) -> tuple[AlertKind, str]:
    return alert.kind, alert.details.get("site", "")


def _link(alert: Alert) -> str | None:
    """To the job, else to the target, else to the first page."""
    if (root := config.get().public_url) is None:
        return None
    if job_id := alert.details.get("job_id"):
        return f"{root}/jobs/{job_id}"
    target_id = alert.details.get("target_id")
    return f"{root}/targets/{target_id}" if target_id else f"{root}/"


def _payload(words: Words, taken: Taken, subject: str, text: str) -> dict[str, Any]:
    told = [
        {
            "kind": alert.kind.value,
            "happened_at": alert.happened_at.isoformat(),
            "text": _line(words, alert),
            "link": _link(alert),
            **alert.details,
        }
        for alert in taken.alerts[:_MOST_SENT]
    ]
    return {
        "id": taken.id,
        "made_at": taken.made_at.isoformat(),
        "subject": subject,
        "text": text,
        "count": len(taken.alerts),
        "alerts": told,
    }


def _failed(words: Words, told: dict[str, Any]) -> Sentence:
    values = {"name": told["target"], "at": words.at(told["at"])}
    if message := _tame(told["message"]):
        return Sentence("%(name)s failed, %(at)s: %(message)s", message=message, **values)
    return Sentence("%(name)s failed, %(at)s.", **values)


def _suspicious(words: Words, told: dict[str, Any]) -> Sentence:
    values = {"name": told["target"], "at": words.at(told["at"])}
    if finding := told["finding"]:
        tame = {
            key: _tame(each) if isinstance(each, str) else each for key, each in finding.items()
        }
        said = findings.sentence(tame)
        return Sentence(
            "%(name)s completed, %(at)s, but cannot be believed. %(finding)s",
            finding=said,
            **values,
        )
    return Sentence("%(name)s completed, %(at)s, but cannot be believed.", **values)


def _recovered(words: Words, told: dict[str, Any]) -> Sentence:
    return Sentence(
        "%(name)s works again, %(at)s. Items: %(items)s. Pages: %(pages)s. It had failed, "
        "%(failed_at)s.",
        name=told["target"],
        at=words.at(told["at"]),
        items=f"{told['items']:,}",
        pages=f"{told['pages']:,}",
        failed_at=words.at(told["failed_at"]),
    )


def _late(words: Words, told: dict[str, Any]) -> Sentence:
    values = {"name": told["target"], "at": words.at(told["due_at"])}
    if "job_id" in told:
        return Sentence("%(name)s could have begun, %(at)s, and still waits.", **values)
    return Sentence("%(name)s should have begun, %(at)s; nobody started it then.", **values)


def _given_up(words: Words, told: dict[str, Any]) -> Sentence:
    return Sentence(
        "%(name)s completed without some pages, %(at)s. Given up: %(given_up)s. Read: %(pages)s.",
        name=told["target"],
        at=words.at(told["at"]),
        given_up=f"{told['given_up']:,}",
        pages=f"{told['pages']:,}",
    )


def _changes(words: Words, told: dict[str, Any]) -> Sentence:
    return Sentence(
        "%(name)s, %(at)s. Changes that fit “%(filter)s”: %(count)s%(more)s.%(first)s",
        name=told["target"],
        at=words.at(told["at"]),
        filter=_tame(told["filter"]),
        count=f"{told['count']:,}",
        more="+" if told["is_more"] else "",
        first="".join(f"\n– {_change(words, each)}" for each in told["first"]),
    )


def _change(words: Words, told: dict[str, Any]) -> str:
    happened = words.say(_HAPPENED[told["kind"]])
    fields = [
        f"{_tame(name)} {_tame(before or '–')} → {_tame(after or '–')}"
        for name, before, after in told["fields"]
    ]
    return f"{_tame(told['name'])}: {words.joined(fields) or happened}"


def _digest(words: Words, told: dict[str, Any]) -> Sentence:
    failing = Sentence("No job failed.")
    if told["failed"]:
        names = words.joined(told["failing"])
        failing = Sentence("Failed jobs: %(count)s (%(names)s).", count=told["failed"], names=names)
    return Sentence(
        "%(since)s – %(until)s. Completed jobs: %(completed)s. %(failing)s New items: %(new)s. "
        "Changed items: %(changed)s.",
        since=words.at(told["since"]),
        until=words.at(told["until"]),
        completed=f"{told['completed']:,}",
        failing=failing,
        new=f"{told['new']:,}",
        changed=f"{told['changed']:,}",
    )


_HAPPENED = {
    "found": Sentence("new"),
    "changed": Sentence("changed"),
    "gone": Sentence("gone"),
    "back": Sentence("back"),
}
_SENTENCES: dict[AlertKind, Callable[[Words, dict[str, Any]], Sentence]] = {
    AlertKind.FAILED: _failed,
    AlertKind.SUSPICIOUS: _suspicious,
    AlertKind.RECOVERED: _recovered,
    AlertKind.LATE: _late,
    AlertKind.PAGES_GIVEN_UP: _given_up,
    AlertKind.CHANGES: _changes,
    AlertKind.DAILY: _digest,
    AlertKind.WEEKLY: _digest,
}
_Subject = Callable[[dict[str, Any]], Sentence]
#: Of one alert, and of several.
_SUBJECTS: dict[AlertKind, tuple[_Subject, _Subject]] = {
    AlertKind.FAILED: (
        lambda values: Sentence("%(name)s fails", **values),
        lambda values: Sentence("%(count)s targets fail", **values),
    ),
    AlertKind.SUSPICIOUS: (
        lambda values: Sentence("%(name)s looks wrong", **values),
        lambda values: Sentence("%(count)s targets look wrong", **values),
    ),
    AlertKind.RECOVERED: (
        lambda values: Sentence("%(name)s works again", **values),
        lambda values: Sentence("%(count)s targets work again", **values),
    ),
    AlertKind.LATE: (
        lambda values: Sentence("%(name)s is late", **values),
        lambda values: Sentence("%(count)s targets are late", **values),
    ),
    AlertKind.PAGES_GIVEN_UP: (
        lambda values: Sentence("%(name)s lacks pages", **values),
        lambda values: Sentence("%(count)s targets lack pages", **values),
    ),
    AlertKind.CHANGES: (
        lambda values: Sentence("changes of %(name)s", **values),
        lambda values: Sentence("changes by %(count)s jobs", **values),
    ),
    AlertKind.DAILY: (
        lambda values: Sentence("the last day", **values),
        lambda values: Sentence("the last day", **values),
    ),
    AlertKind.WEEKLY: (
        lambda values: Sentence("the last week", **values),
        lambda values: Sentence("the last week", **values),
    ),
}


def _tame(text: str) -> str:
    return _CALLS.sub(lambda found: "@\u200b" if found[0] == "@" else " ", text).strip()


@cache
def _catalogue(language: str) -> NullTranslations:
    """The dashboard's, found by its place: nothing of the dashboard is loaded."""
    spec = find_spec("dashboard")
    places = spec.submodule_search_locations if spec else None
    if not places:
        return NullTranslations()
    return Translations.load(Path(next(iter(places))) / "translations", [language])
