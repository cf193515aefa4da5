"""Channels: who can be told, and the rules that say of what."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from orchestrator.exceptions import ChannelInvalid, ChannelNotFound, ScheduleInvalid, Sentence
from orchestrator.ledger import saved_filters, schedules, targets
from orchestrator.ledger.models import AlertChannel, AlertKind, AlertRule, ScrapingTarget

_LONGEST_NAME, _LONGEST_URL, _LONGEST_TAG = 100, 2_000, 100
LANGUAGES = ("en", "ja")


@dataclass(frozen=True, slots=True)
class Scope:
    """Which targets a rule is about: one, those with a tag, or with neither all."""

    target: str = ""
    tag: str = ""


def everyone(session: Session) -> Sequence[AlertChannel]:
    return session.scalars(select(AlertChannel).order_by(AlertChannel.name)).all()


def one(session: Session, channel_id: int) -> AlertChannel:
    """Raises ChannelNotFound."""
    found = session.get(AlertChannel, channel_id)
    if found is None:
        raise ChannelNotFound(Sentence("There is no channel %(id)s.", id=channel_id))
    return found


def save(
    session: Session, channel: AlertChannel, fields: dict[str, Any], *, is_webhook: bool
) -> str | None:
    """Adds or changes a channel; gives the secret that was made for it, if one was.

    Its address is taken as it is: what can be sent to, senders know. Raises ChannelInvalid.
    """
    for name, value in _checked(fields).items():
        setattr(channel, name, value)
    made = None
    if is_webhook and not channel.secret:
        channel.secret = made = secrets.token_urlsafe(32)
    elif not is_webhook:
        channel.secret = None
    session.add(channel)
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError:
        # Not chained: its text would hold the address.
        taken = Sentence("There is a channel of that name already.")
        raise ChannelInvalid(taken, "name") from None
    return made


def renew_secret(session: Session, channel_id: int) -> tuple[AlertChannel, str]:
    """Another secret in place of the old one; both are refused for what is no webhook."""
    channel = one(session, channel_id)
    if channel.secret is None:
        raise ChannelInvalid(Sentence("Only messages to a webhook are signed."), "url")
    channel.secret = secrets.token_urlsafe(32)
    return channel, channel.secret


def remove(session: Session, channel_id: int) -> str:
    """Forgets it, what it was told and what it was still to be told; gives its name."""
    name = one(session, channel_id).name
    session.execute(delete(AlertChannel).where(AlertChannel.id == channel_id))
    return name


def rules(session: Session) -> Sequence[Row[AlertRule, str | None]]:
    """All rules, each with the name of its target if it is about one."""
    return session.execute(
        select(AlertRule, ScrapingTarget.name)
        .outerjoin(ScrapingTarget, ScrapingTarget.id == AlertRule.target_id)
        .order_by(AlertRule.id)
    ).all()


def add_rule(
    session: Session,
    channel_id: int,
    scope: Scope,
    kinds: Sequence[str],
    *,
    filter_id: int | None = None,
) -> AlertRule:
    """From now on the channel is told. Raises ChannelNotFound, ChannelInvalid, TargetNotFound."""
    channel = one(session, channel_id)
    wanted = [kind for kind in AlertKind if kind in kinds]
    if not wanted:
        raise ChannelInvalid(Sentence("Tick what the channel is to be told of."), "kinds")
    if scope.target and scope.tag:
        raise ChannelInvalid(Sentence("Name a target or a tag, not both."), "tag")
    rule = AlertRule(
        channel_id=channel.id,
        target_id=targets.find(session, scope.target).id if scope.target else None,
        tag=_plain(scope.tag)[:_LONGEST_TAG] or None,
        kinds=[kind.value for kind in wanted],
        filter_id=_shared(session, filter_id) if AlertKind.CHANGES in wanted else None,
    )
    session.add(rule)
    session.flush()
    return rule


def remove_rule(session: Session, rule_id: int) -> int | None:
    """Gives the id of the channel that it was of; None when it is gone already."""
    return session.scalar(
        delete(AlertRule).where(AlertRule.id == rule_id).returning(AlertRule.channel_id)
    )


def _shared(session: Session, filter_id: int | None) -> int:
    """One that everybody sees: who leaves would take theirs along."""
    for saved in saved_filters.shared(session):
        if saved.id == filter_id:
            return saved.id
    raise ChannelInvalid(Sentence("Choose the filter that says which changes."), "filter")


def _checked(fields: dict[str, Any]) -> dict[str, Any]:
    values = dict(fields)
    values["name"] = _plain(values["name"])
    if not 1 <= len(values["name"]) <= _LONGEST_NAME:
        most = Sentence("A name has 1 to %(most)s characters.", most=_LONGEST_NAME)
        raise ChannelInvalid(most, "name")
    if len(values.get("url", "")) > _LONGEST_URL:
        raise ChannelInvalid(Sentence("This address is too long."), "url")
    if values["language"] not in LANGUAGES:
        raise ChannelInvalid(Sentence("Messages are in English or Japanese."), "language")
    try:
        schedules.zone(values["timezone"])
    except ScheduleInvalid as error:
        raise ChannelInvalid(error.args[0], "timezone") from error
    return values


def _plain(text: str) -> str:
    return "".join(each for each in text if each.isprintable()).strip()
