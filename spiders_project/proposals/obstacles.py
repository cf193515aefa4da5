"""Why nothing can be proposed for a page: in a word for programs and a sentence for people."""

import re
from enum import StrEnum

from orchestrator.exceptions import OrchestratorError, Sentence
from spiders_project.extraction import Page
from spiders_project.proposals.outline import Outline


class Obstacle(StrEnum):
    """What is in the way."""

    ERROR = "error_status"  #: The site answered with an error.
    SIGN_IN = "sign_in"  #: It wants to know who asks.
    REFUSED = "robot_check"  #: It takes us for a robot, which is true.
    NOT_A_PAGE = "not_html"  #: A picture, a document, an archive.
    DRAWN_BY_SCRIPT = "needs_script"  #: The page is empty until a browser runs its scripts.
    EMPTY = "empty"  #: Nothing came.
    NOTHING_FOUND = "nothing"  #: A page of words: nothing repeats, nothing is described.


def sentence(reason: Obstacle, detail: str) -> Sentence:
    """What to tell people; the detail is a status or a type."""
    said: Sentence
    match reason:
        case Obstacle.ERROR:
            said = Sentence(
                "The site answered with the error %(status)s. Look whether the address is right "
                "and opens in a browser.",
                status=detail,
            )
        case Obstacle.SIGN_IN:
            said = Sentence(
                "The page is shown only to those who sign in. Look for a page that everybody sees."
            )
        case Obstacle.REFUSED:
            said = Sentence(
                "The site asked for proof that a person is reading instead of showing the page. "
                "Look for a feed, a sitemap or an API of the site, or ask its owner."
            )
        case Obstacle.NOT_A_PAGE:
            said = Sentence(
                "There is no page at this address but a file of the type %(type)s. Give the "
                "address of a page, a feed, a sitemap or an answer in JSON.",
                type=detail,
            )
        case Obstacle.DRAWN_BY_SCRIPT:
            said = Sentence(
                "The page is empty until a browser runs its scripts, which Kumo does not. Look "
                "for the address that the scripts get their data from, and give that."
            )
        case Obstacle.EMPTY:
            said = Sentence("The site answered with an empty page.")
        case Obstacle.NOTHING_FOUND:
            said = Sentence(
                "Nothing on this page repeats or is described for machines. Choose the fields "
                "yourself, or look for a page with a list."
            )
    return said


_CHALLENGE = re.compile(
    r"cf-challenge|cf_chl_|challenge-platform|g-recaptcha|h-captcha|px-captcha|captcha-delivery"
    r"|are you a robot|unusual traffic|verify (?:that )?you are (?:a )?human"
    r"|ロボットではありません",
    re.IGNORECASE,
)
_SHELL = re.compile(
    r'id="(?:root|app|__next|__nuxt|___gatsby|main-app|svelte|ember\d*)"|ng-app|data-reactroot'
    r"|enable javascript|javascriptを有効|requires javascript|turn on javascript",
    re.IGNORECASE,
)
#: A page with less to read than this, and scripts, is a shell.
_FEW_LETTERS = 200
_LOOKED_AT = 300_000


class NothingToPropose(OrchestratorError):
    """Nothing can be proposed for a page; `reason` says why, the message says it to people."""

    def __init__(self, reason: Obstacle, detail: str = "") -> None:
        super().__init__(sentence(reason, detail))
        self.reason = reason
        self.detail = detail


def refuse_answer(page: Page, status: int) -> None:
    """Raises NothingToPropose for an answer that is no page at all."""
    if status in (401, 407):
        raise NothingToPropose(Obstacle.SIGN_IN)
    if status in (403, 429, 503) and _is_challenge(page):
        raise NothingToPropose(Obstacle.REFUSED)
    if status >= 400 or (status and status < 200):
        raise NothingToPropose(Obstacle.ERROR, str(status))
    if not page.body.strip():
        raise NothingToPropose(Obstacle.EMPTY)


def in_the_way(page: Page, outline: Outline) -> NothingToPropose:
    """Why a page of HTML gave no proposal."""
    if asks_to_sign_in(outline):
        return NothingToPropose(Obstacle.SIGN_IN)
    if _is_challenge(page):
        return NothingToPropose(Obstacle.REFUSED)
    letters = outline.nodes[0].text if outline.nodes else 0
    if letters < _FEW_LETTERS and (_SHELL.search(page.text[:_LOOKED_AT]) or _has_scripts(outline)):
        return NothingToPropose(Obstacle.DRAWN_BY_SCRIPT)
    return NothingToPropose(Obstacle.EMPTY if not letters else Obstacle.NOTHING_FOUND)


def asks_to_sign_in(outline: Outline) -> bool:
    """Whether there is a field for a password."""
    return any(
        (node.element.get("type") or "").lower() == "password" for node in outline.by_tag["input"]
    )


def _is_challenge(page: Page) -> bool:
    return len(page.body) < _LOOKED_AT and bool(_CHALLENGE.search(page.text))


def _has_scripts(outline: Outline) -> bool:
    return next(outline.root.iter("script"), None) is not None
