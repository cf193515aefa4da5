"""Pages that did not go well, as a crawl tells of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TroubledPage:
    """A page as the frontier knows it, and what went wrong with it."""

    #: The request's id in the frontier.
    request_id: bytes
    url: str
    reason: str
