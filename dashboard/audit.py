"""Writes down who pressed what, and says it again in words.

An entry belongs into the transaction of its change; a change that commits by itself, as a job's
does before its bell is rung, is written down right after.
"""

from typing import Any

from flask_babel import lazy_gettext
from flask_login import current_user
from markupsafe import Markup, escape

from dashboard import words
from orchestrator import database
from orchestrator.ledger import audit

#: What is said of each action; `what` is what it was done to.
SENTENCES = {
    "sign_in": lazy_gettext("Signed in"),
    "target.run": lazy_gettext("Started %(what)s"),
    "target.run_urgently": lazy_gettext("Started %(what)s urgently"),
    "target.add": lazy_gettext("Added the target %(what)s"),
    "target.edit": lazy_gettext("Edited the target %(what)s"),
    "draft.look": lazy_gettext("Looked at %(what)s"),
    "target.delete": lazy_gettext("Deleted the target %(what)s"),
    "target.run_all": lazy_gettext("Started all active targets"),
    "target.enable": lazy_gettext("Enabled %(what)s"),
    "target.disable": lazy_gettext("Disabled %(what)s"),
    "job.cancel": lazy_gettext("Cancelled %(what)s"),
    "job.pause": lazy_gettext("Paused %(what)s"),
    "job.resume": lazy_gettext("Resumed %(what)s"),
    "job.retry": lazy_gettext("Retried %(what)s"),
    "job.accept": lazy_gettext("Accepted the changes of %(what)s"),
    "job.discard": lazy_gettext("Discarded the changes of %(what)s"),
    "job.undo": lazy_gettext("Held the changes of %(what)s back again"),
    "export.take": lazy_gettext("Exported items of %(what)s"),
    "changes.take": lazy_gettext("Exported changes of %(what)s"),
    "filter.save": lazy_gettext("Saved the filter %(what)s"),
    "filter.remove": lazy_gettext("Removed the filter %(what)s"),
    "feed.make": lazy_gettext("Made the feed %(what)s"),
    "feed.withdraw": lazy_gettext("Withdrew the feed %(what)s"),
    "site.budget": lazy_gettext("Changed the budget of %(what)s"),
    "site.default": lazy_gettext("Gave %(what)s the default budget"),
    "channel.add": lazy_gettext("Added the channel %(what)s"),
    "channel.edit": lazy_gettext("Changed the channel %(what)s"),
    "channel.test": lazy_gettext("Sent a test to %(what)s"),
    "channel.secret": lazy_gettext("Made a new secret for %(what)s"),
    "channel.remove": lazy_gettext("Removed the channel %(what)s"),
    "rule.add": lazy_gettext("Added a rule to %(what)s"),
    "rule.remove": lazy_gettext("Removed a rule of %(what)s"),
    "user.add": lazy_gettext("Added the account %(what)s"),
    "user.role": lazy_gettext("Changed the role of %(what)s"),
    "user.password": lazy_gettext("Set a new password for %(what)s"),
    "user.remove": lazy_gettext("Removed the account %(what)s"),
    "account.password": lazy_gettext("Changed their own password"),
    "token.make": lazy_gettext("Made the API token %(what)s"),
    "token.revoke": lazy_gettext("Revoked the API token %(what)s"),
}


def note(action: str, subject: object, **details: Any) -> None:
    """In a transaction of its own, after a change that had one."""
    with database.transaction() as session:
        note_in(session, action, subject, **details)


def note_in(session: Any, action: str, subject: object, **details: Any) -> None:
    """In the transaction of the change itself."""
    audit.record(session, current_user.name, action, str(subject), **details)


def said(action: str, what: str) -> Markup:
    """An action in the reader's language; one without words as it is called in the list."""
    if action not in SENTENCES:
        return escape(words.plain(action)) + " " + escape(what)
    return escape(str(SENTENCES[action])) % {"what": what}
