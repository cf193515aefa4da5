"""Feeds of changes for programs, which know an address and do not sign in.

The gate lets strangers come here; what they may read is what the token in the address opens.
"""

from flask import Blueprint, Response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext

from dashboard import addresses, change_filters, feed_formats
from dashboard.feed_formats import Feed, Format
from orchestrator import database
from orchestrator.ledger import changes, feeds

blueprint = Blueprint("feeds", __name__)

_ENTRIES = 50
#: A program waits longer than a person, and should not miss what seldom fits.
_MOST_LOOKED_AT = 5_000


@blueprint.get("/feeds/<token>.rss")
def rss(token: str) -> ResponseReturnValue:
    return _answer(token, feed_formats.RSS)


@blueprint.get("/feeds/<token>.json")
def json(token: str) -> ResponseReturnValue:
    return _answer(token, feed_formats.JSON)


def _answer(token: str, kind: Format) -> ResponseReturnValue:
    with database.transaction() as session:
        opened = feeds.opened(session, token)
        page = changes.page(session, opened.which, size=_ENTRIES, look=_MOST_LOOKED_AT)
    root = addresses.root()
    home = change_filters.address("changes.index", opened.which)
    with force_locale(opened.language):
        title = gettext("Changes of %(name)s", name=opened.name) if opened.name else None
        feed = Feed(
            title or gettext("Changes"),
            root,
            url=root + url_for(request.endpoint or "", token=token),
            home=root + home,
            language=opened.language,
            changes=page.changes,
        )
        answer = Response(kind.write(feed), mimetype=kind.mimetype)
    answer.last_modified = feed.newest
    answer.add_etag()
    return answer.make_conditional(request)
