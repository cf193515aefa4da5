"""Addresses of channels: which can be sent to, and what may be shown of one.

An address is a secret as a whole: of Slack's the path is the password. So nothing but its kind is
ever shown, and of a webhook the host.
"""

import re
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from orchestrator.exceptions import ChannelInvalid, Sentence

#: Webhooks are ours to send, since Apprise cannot sign them; what stands here stands for http(s).
_WEBHOOKS = {"json": "http", "jsons": "https", "http": "http", "https": "https"}
#: They show a message on the worker's own screen or in its files.
_LOCAL = frozenset(
    {"dbus", "file", "gnome", "glib", "growl", "kde", "macosx", "qt", "syslog", "windows"}
)
_SHORTEST_SECRET = 4
_PIECES = re.compile(r"[^\w.%-]+")


def check(url: str) -> bool:
    """Whether an address is a webhook. Raises ChannelInvalid when nothing can be sent to it."""
    scheme = _scheme(url)
    if scheme in _LOCAL:
        sentence = Sentence("This would show the message on a worker's own screen.")
        raise ChannelInvalid(sentence, "url")
    if webhook(url) is not None:
        return True
    if plugin(url) is None:
        sentence = Sentence("Apprise knows no such address; its documentation lists what it knows.")
        raise ChannelInvalid(sentence, "url")
    return False


def webhook(url: str) -> str | None:
    """The web address of a webhook; None when Apprise sends to it."""
    scheme = _scheme(url)
    if scheme not in _WEBHOOKS:
        return None
    try:
        is_address = bool((parts := urlsplit(url)).hostname) and parts.port != 0
    except ValueError:
        return None
    if not is_address or not url.isprintable() or " " in url:
        return None
    # Of some services Apprise knows the web address itself, as their pages give it.
    if scheme in ("http", "https") and plugin(url) is not None:
        return None
    return _WEBHOOKS[scheme] + url[len(scheme) :]


def plugin(url: str) -> Any:
    """What Apprise sends with, or None when it cannot read the address."""
    # Here, since whoever sends nothing need not load it.
    from apprise import Apprise

    return Apprise.instantiate(url, asset=asset(), suppress_exceptions=True)


@cache
def asset() -> Any:
    """What holds for all that Apprise sends: nothing on disk, no redirects, no threads."""
    import logging

    from apprise import AppriseAsset

    # At lower levels they write down addresses with their secrets.
    for name in ("apprise", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("apprise").propagate = False
    return AppriseAsset(
        app_id="Kumo", app_desc="Kumo", app_url="", async_mode=False, http_redirects=False
    )


def masked(url: str) -> str:
    """As much of it as anybody may see."""
    if (address := webhook(url)) is None:
        return f"{_scheme(url)}://…"
    return f"{_WEBHOOKS[_scheme(url)]}://{urlsplit(address).hostname}/…"


def scrubbed(text: str, url: str) -> str:
    """A text without the address and without its pieces, whoever put them there."""
    text = text.replace(url, masked(url))
    pieces = {each for each in _PIECES.split(url.partition("://")[2]) if each}
    for piece in sorted(pieces, key=len, reverse=True):
        if len(piece) >= _SHORTEST_SECRET:
            text = text.replace(piece, "…")
    return text


def _scheme(url: str) -> str:
    return url.partition("://")[0].lower() if "://" in url else ""
