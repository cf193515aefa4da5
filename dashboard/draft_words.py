"""What the builder says: why a look came to nothing, what a step of cleaning does, when to run."""

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext, lazy_gettext

from dashboard.words import plain

_LONGEST = 300

#: By the word that the look left; `detail` is a status, a type or what the network said.
_REASONS: Mapping[str, Any] = {
    "no_such_host": lazy_gettext("There is no website of that name. Is the address right?"),
    "not_answering": lazy_gettext("The website does not answer: %(detail)s"),
    "timed_out": lazy_gettext("The website took too long to answer. Try again later."),
    "too_large": lazy_gettext("The page is larger than 5 MB, the most that can be looked at here."),
    "robots": lazy_gettext(
        "The website asks crawlers not to read this page (robots.txt), and Kumo does not."
    ),
    "refused_address": lazy_gettext(
        "This address is in a network that Kumo does not read from. KUMO_ALLOW_NETWORKS lists "
        "those of yours that it may."
    ),
    "refused": lazy_gettext("The page was not read: %(detail)s"),
    "empty": lazy_gettext("The site answered with an empty page."),
    "error_status": lazy_gettext(
        "The site answered with the error %(detail)s. Look whether the address is right and opens "
        "in a browser."
    ),
    "sign_in": lazy_gettext(
        "The page is shown only to those who sign in. Look for a page that everybody sees."
    ),
    "robot_check": lazy_gettext(
        "The site asked for proof that a person is reading instead of showing the page. Look for a "
        "feed, a sitemap or an API of the site, or ask its owner."
    ),
    "not_html": lazy_gettext(
        "There is no page at this address but a file of the type %(detail)s. Give the address of a "
        "page, a feed, a sitemap or an answer in JSON."
    ),
    "needs_script": lazy_gettext(
        "The page is empty until a browser runs its scripts, which Kumo does not. Look for the "
        "address that the scripts get their data from, and give that."
    ),
    "nothing": lazy_gettext(
        "Nothing on this page repeats or is described for machines. Choose the fields yourself, or "
        "look for a page with a list."
    ),
    "slow_site": lazy_gettext(
        "The website took too long, or has asked for a pause that still lasts: see Sites. "
        "Try again later."
    ),
    "too_slow": lazy_gettext("It took too long and was stopped."),
    "too_much_memory": lazy_gettext("It took too much memory and was stopped."),
    "no_page": lazy_gettext("No page of this job was kept, so there is nothing to look at."),
    "stopped": lazy_gettext("The worker was restarted meanwhile. Try again."),
    "broken": lazy_gettext("It failed for a reason that is in the output of worker-control."),
    "faulty": lazy_gettext("The recipe has a fault; it is marked beside its field."),
}


#: In the order of the list to choose from.
CLEANING = (
    ("strip", lazy_gettext("trim white space")),
    ("number", lazy_gettext("number")),
    ("integer", lazy_gettext("whole number")),
    ("price", lazy_gettext("price (told: a field for the currency)")),
    ("date", lazy_gettext("date (told: language, order, as ja YMD)")),
    ("absolute_url", lazy_gettext("full address")),
    ("match", lazy_gettext("part that matches (told: regular expression)")),
    ("split", lazy_gettext("text to list (told: what is between)")),
    ("join", lazy_gettext("list to text (told: what goes between)")),
    ("first", lazy_gettext("first of a list")),
    ("lower", lazy_gettext("small letters")),
    ("upper", lazy_gettext("capital letters")),
)
#: Cron lines that people choose by name; no line is the installation's nightly default.
PRESETS = (
    ("", lazy_gettext("Every night")),
    ("0 * * * *", lazy_gettext("Every hour")),
    ("0 */6 * * *", lazy_gettext("Every six hours")),
    ("0 3 * * 1", lazy_gettext("Every Monday at 3")),
)


def why_not(reason: str | None, detail: str | None = None) -> str:
    """The sentence for a reason."""
    said = _REASONS.get(reason or "", _REASONS["broken"])
    return str(said) % {"detail": plain(detail or "")[:_LONGEST]}


def proposal_title(title: Mapping[str, Any]) -> str:
    """A title in the reader's language; what a page says in it is a stranger's text."""
    values = {
        name: plain(value)[:_LONGEST] if isinstance(value, str) else value
        for name, value in title["values"].items()
    }
    pattern: str = title["pattern"]
    return str(gettext(pattern) % values)


FILTERS: Mapping[str, Callable[..., str]] = {
    "why_not": why_not,
    "proposal_title": proposal_title,
}
