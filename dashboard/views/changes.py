"""Changes: the feed of everything, a target or a job; saved filters, feeds, what one has seen."""

from dataclasses import replace
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard import addresses, audit, change_filters, change_table, languages
from dashboard.change_filters import Asked
from dashboard.change_words import KIND_WORDS, filter_said
from dashboard.gate import needs
from dashboard.returns import back
from orchestrator import database
from orchestrator.exceptions import FilterInvalid, Sentence
from orchestrator.ledger import changes, feeds, history, marks, saved_filters, targets
from orchestrator.ledger.filters import ChangeFilter, Move
from orchestrator.ledger.models import Role, ScrapingTarget

blueprint = Blueprint("changes", __name__)

#: Seconds. A filter that few changes fit would otherwise take as long as the disk is slow.
_LOOKS_FOR = 0.01


@blueprint.get("/changes")
def index() -> ResponseReturnValue:
    asked = change_filters.asked()
    with database.transaction() as session:
        target, which = _resolved(session, asked)
        job, of_job = history.one(session, which.job_id) if which.job_id else (None, None)
        page = changes.page(session, which, after=asked.after, seconds=_LOOKS_FOR)
        is_plain = not (asked.narrows or which.job_id)
        unseen = marks.unseen(session, current_user.user_id, which.target_id) if is_plain else None
        saved = saved_filters.seen_by(session, current_user.user_id)
    parts = {"asked": asked, "which": which, "target": target or of_job, "job": job}
    shown = {"page": page, "groups": _by_job(page.changes), "unseen": unseen}
    shown["saved"] = [(each.name, saved_filters.which(each)) for each in saved]
    return render_template("changes.html", is_plain=is_plain, **parts, **shown, **_names())


@blueprint.post("/changes/seen")
@needs(Role.VIEWER)
def see() -> ResponseReturnValue:
    """Until the newest change that the page showed: what came meanwhile is not seen."""
    until = change_filters.moment_of(request.args.get("until", ""))
    with database.transaction() as session:
        target, _ = _resolved(session, change_filters.asked())
        marks.mark(session, current_user.user_id, until, target_id=target.id if target else None)
    return back("changes.index")


@blueprint.post("/changes/csv")
@needs(Role.VIEWER)
def take() -> ResponseReturnValue:
    """The newest that fit; it is written down who took them."""
    asked = change_filters.asked()
    with database.transaction() as session:
        target, which = _resolved(session, asked)
        audit.note_in(session, "changes.take", target.name if target else filter_said(which))
    answer = Response(change_table.write(which), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="changes.csv"'
    return answer


@blueprint.get("/changes/saved")
def saved() -> ResponseReturnValue:
    with database.transaction() as session:
        kept = saved_filters.seen_by(session, current_user.user_id)
        names = targets.names(session, [each.conditions.get("target_id", 0) for each in kept])
        own = feeds.of_person(session, current_user.user_id)
    parts = {"filters": [(each, saved_filters.which(each)) for each in kept], "feeds": own}
    return render_template("saved_filters.html", names=names, **parts, **_names())


@blueprint.post("/changes/filters")
@needs(Role.OPERATOR)
def save() -> ResponseReturnValue:
    """Keeps what the address asks for under the name that the form gives."""
    asked, name = change_filters.asked(), request.form.get("name", "")
    owner_id = None if request.form.get("shared") else current_user.user_id
    with database.transaction() as session:
        _, which = _resolved(session, asked)
        kept = saved_filters.save(session, name, replace(which, job_id=None), owner_id=owner_id)
        audit.note_in(session, "filter.save", kept.name, shared=owner_id is None)
    flash(kept.name, "filter_saved")
    return redirect(url_for("changes.saved"), 303)


@blueprint.post("/changes/filters/<int:filter_id>/remove")
@needs(Role.OPERATOR)
def remove(filter_id: int) -> ResponseReturnValue:
    with database.transaction() as session:
        name = saved_filters.remove(session, filter_id, current_user.user_id)
        audit.note_in(session, "filter.remove", name)
    flash(name, "filter_removed")
    return redirect(url_for("changes.saved"), 303)


@blueprint.post("/changes/feeds")
@needs(Role.VIEWER)
def make_feed() -> ResponseReturnValue:
    """Answers with the address itself, which nobody can be shown again."""
    of, target = request.form.get("of", ""), request.form.get("target", "").strip()
    if of and not (of.isascii() and of.isdigit() and len(of) < 19):
        raise FilterInvalid(Sentence("Choose what the feed is of."), "of")
    with database.transaction() as session:
        feed, token = feeds.make(
            session,
            current_user.user_id,
            filter_id=int(of) if of else None,
            target=target,
            language=languages.current(),
        )
        audit.note_in(session, "feed.make", feed.id)
    root = addresses.root()
    urls = [root + url_for(f"feeds.{kind}", token=token) for kind in ("rss", "json")]
    return render_template("feed_made.html", urls=urls)


@blueprint.post("/changes/feeds/<int:feed_id>/withdraw")
@needs(Role.VIEWER)
def withdraw_feed(feed_id: int) -> ResponseReturnValue:
    with database.transaction() as session:
        feeds.withdraw(session, feed_id, current_user.user_id)
        audit.note_in(session, "feed.withdraw", feed_id)
    flash("", "feed_withdrawn")
    return redirect(url_for("changes.saved"), 303)


def _resolved(session: Any, asked: Asked) -> tuple[ScrapingTarget | None, ChangeFilter]:
    """The target that is asked for, and the filter. Raises TargetNotFound, FilterInvalid."""
    target = targets.find(session, asked.target) if asked.target else None
    return target, asked.of(target.id if target else None)


def _by_job(found: Any) -> list[Any]:
    groups = groupby(found, lambda change: change.job_id)
    return [(each[0], each) for each in (list(group) for _, group in groups)]


def _names() -> dict[str, Any]:
    return {
        "kind_words": KIND_WORDS,
        "Move": Move,
        "address": change_filters.address,
        "place": change_filters.place,
        "instant": change_filters.moment,
    }
