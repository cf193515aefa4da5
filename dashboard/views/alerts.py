"""Alerts: channels, their rules, and what became of each message; for admins.

A secret that is made here is shown in the answer to the press and nowhere else; of an address only
its kind is.
"""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import audit, forms, page_keys
from dashboard.alert_forms import KIND_WORDS, ChannelForm, RuleForm
from dashboard.gate import needs
from orchestrator import config, database, triggers
from orchestrator.alerts import addresses
from orchestrator.exceptions import ChannelInvalid, Sentence, TargetNotFound
from orchestrator.ledger import channels, deliveries, saved_filters
from orchestrator.ledger.channels import Scope
from orchestrator.ledger.models import AlertChannel, Role

blueprint = Blueprint("alerts", __name__)

_PAGE = 50


@blueprint.get("/alerts")
@needs(Role.ADMIN)
def index() -> ResponseReturnValue:
    older_than = page_keys.number(request.args.get("older"))
    with database.transaction() as session:
        everyone = channels.everyone(session)
        rules = channels.rules(session)
        filter_names = {each.id: each.name for each in saved_filters.shared(session)}
        log = deliveries.log(session, older_than=older_than, size=_PAGE + 1)
    older = log[_PAGE - 1][0].id if len(log) > _PAGE else None
    parts = {"log": log[:_PAGE], "older": older, "rules": rules, "kind_words": KIND_WORDS}
    parts |= {"filter_names": filter_names}
    return render_template("alerts.html", channels=everyone, **parts)


@blueprint.get("/alerts/channels/new")
@needs(Role.ADMIN)
def new() -> ResponseReturnValue:
    return _new(ChannelForm(data={"timezone": config.get().timezone, "active": True}))


@blueprint.post("/alerts/channels/new")
@needs(Role.ADMIN)
def add() -> ResponseReturnValue:
    return _saved(ChannelForm(), None)


@blueprint.get("/alerts/channels/<int:channel_id>")
@needs(Role.ADMIN)
def one(channel_id: int) -> ResponseReturnValue:
    return _one(channel_id)


@blueprint.post("/alerts/channels/<int:channel_id>")
@needs(Role.ADMIN)
def change(channel_id: int) -> ResponseReturnValue:
    return _saved(ChannelForm(), channel_id)


@blueprint.post("/alerts/channels/<int:channel_id>/test")
@needs(Role.ADMIN)
def test(channel_id: int) -> ResponseReturnValue:
    with database.transaction() as session:
        name = channels.one(session, channel_id).name
        deliveries.ask_for_test(session, channel_id)
        audit.note_in(session, "channel.test", name)
    triggers.deliver_soon()
    flash(name, "test_sent")
    return redirect(url_for("alerts.index"), 303)


@blueprint.post("/alerts/channels/<int:channel_id>/secret")
@needs(Role.ADMIN)
def renew_secret(channel_id: int) -> ResponseReturnValue:
    with database.transaction() as session:
        channel, secret = channels.renew_secret(session, channel_id)
        audit.note_in(session, "channel.secret", channel.name)
    return render_template("channel_secret.html", channel=channel, secret_text=secret)


@blueprint.post("/alerts/channels/<int:channel_id>/remove")
@needs(Role.ADMIN)
def remove(channel_id: int) -> ResponseReturnValue:
    with database.transaction() as session:
        name = channels.remove(session, channel_id)
        audit.note_in(session, "channel.remove", name)
    flash(name, "channel_removed")
    return redirect(url_for("alerts.index"), 303)


@blueprint.post("/alerts/channels/<int:channel_id>/rules")
@needs(Role.ADMIN)
def add_rule(channel_id: int) -> ResponseReturnValue:
    with database.transaction() as session:
        form = RuleForm(saved_filters.shared(session))
    if not form.validate():
        return _one(channel_id, rule_form=form), 422
    scope = Scope((form.target.data or "").strip(), (form.tag.data or "").strip())
    try:
        with database.transaction() as session:
            name = channels.one(session, channel_id).name
            rule = channels.add_rule(
                session, channel_id, scope, form.kinds.data, filter_id=form.filter_id
            )
            told = {"kinds": rule.kinds, "target": scope.target, "tag": scope.tag}
            audit.note_in(session, "rule.add", name, **told)
    except TargetNotFound as error:
        return _blamed(channel_id, form, ChannelInvalid(error.args[0], "target"))
    except ChannelInvalid as error:
        return _blamed(channel_id, form, error)
    return redirect(url_for("alerts.one", channel_id=channel_id), 303)


@blueprint.post("/alerts/rules/<int:rule_id>/remove")
@needs(Role.ADMIN)
def remove_rule(rule_id: int) -> ResponseReturnValue:
    with database.transaction() as session:
        channel_id = channels.remove_rule(session, rule_id)
        if channel_id is None:
            return redirect(url_for("alerts.index"), 303)
        audit.note_in(session, "rule.remove", channels.one(session, channel_id).name)
    return redirect(url_for("alerts.one", channel_id=channel_id), 303)


def _saved(form: ChannelForm, channel_id: int | None) -> ResponseReturnValue:
    if not form.validate():
        return _again(form, channel_id)
    try:
        if not form.url.data and channel_id is None:
            raise ChannelInvalid(Sentence("Say where messages go."), "url")
        with database.transaction() as session:
            channel = channels.one(session, channel_id) if channel_id else AlertChannel()
            is_webhook = addresses.check(form.values.get("url", channel.url))
            secret = channels.save(session, channel, form.values, is_webhook=is_webhook)
            audit.note_in(
                session,
                "channel.edit" if channel_id else "channel.add",
                channel.name,
                address=addresses.masked(channel.url),
            )
    except ChannelInvalid as error:
        forms.blame(form, error)
        return _again(form, channel_id)
    if secret:
        return render_template("channel_secret.html", channel=channel, secret_text=secret)
    flash(channel.name, "channel_saved")
    return redirect(url_for("alerts.one", channel_id=channel.id), 303)


def _again(form: ChannelForm, channel_id: int | None) -> ResponseReturnValue:
    return (_one(channel_id, form=form) if channel_id else _new(form)), 422


def _blamed(channel_id: int, form: RuleForm, error: ChannelInvalid) -> ResponseReturnValue:
    forms.blame(form, error)
    return _one(channel_id, rule_form=form), 422


def _new(form: ChannelForm) -> str:
    return render_template("channel_new.html", form=form)


def _one(channel_id: int, **shown: Any) -> str:
    with database.transaction() as session:
        channel = channels.one(session, channel_id)
        rules = [each for each in channels.rules(session) if each[0].channel_id == channel_id]
        filters = saved_filters.shared(session)
    given = {"form": ChannelForm(obj=channel), "rule_form": RuleForm(filters)} | shown
    given |= {"filter_names": {each.id: each.name for each in filters}}
    parts = {"address": addresses.masked(channel.url), "kind_words": KIND_WORDS}
    return render_template("channel.html", channel=channel, rules=rules, **parts, **given)
