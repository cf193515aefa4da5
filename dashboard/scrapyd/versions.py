"""What Scrapyd does with uploaded code, refused: Kumo's spiders are installed with it."""

from collections.abc import Mapping
from typing import Any, NoReturn

from flask import request

from dashboard.scrapyd import words
from dashboard.scrapyd.parameters import Parameters
from orchestrator.exceptions import Invalid, NotFound

_UPLOAD = (
    "Kumo takes no eggs, since whoever may schedule a spider must not thereby run code of their "
    "own: install the spiders beside Kumo, name their module in KUMO_SPIDER_MODULES and start the "
    "workers again."
)
_DELETION = (
    "Kumo's project is the installation itself, and is not deleted from outside: take modules out "
    "of KUMO_SPIDER_MODULES, or delete targets in the dashboard."
)
#: As much of an upload is read and thrown away; who sends more is hung up on.
_MOST_READ, _AT_ONCE = 256_000_000, 65_536


def addversion(_: Parameters) -> NoReturn:
    raise Invalid(_UPLOAD)


def delversion(given: Parameters) -> Mapping[str, Any]:
    project, version = given.required("project"), given.required("version")
    if project != words.PROJECT or version != words.our_version():
        raise NotFound(f"version '{version[:200]}' not found")
    raise Invalid(_DELETION)


def delproject(given: Parameters) -> Mapping[str, Any]:
    words.check_project(given.required("project"))
    raise Invalid(_DELETION)


def swallowed() -> Parameters:
    """Nothing of what is sent, but off the wire: who is cut off while sending never reads why."""
    request.max_content_length = _MOST_READ
    left = _MOST_READ
    while left > 0 and (piece := request.stream.read(_AT_ONCE)):
        left -= len(piece)
    return Parameters(iter(()))
