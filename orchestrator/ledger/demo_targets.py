"""The targets a new installation starts with, so that there is something to press."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from orchestrator.ledger import targets
from orchestrator.ledger.models import ScrapingTarget

#: The demo shop runs beside Kumo; the other two are on the internet, so they wait to be enabled.
DEMO_TARGETS = (
    {"name": "demo_shop", "spider": "demo_shop"},
    {"name": "books_toscrape", "spider": "books_toscrape", "active": False},
    {"name": "quotes_toscrape", "spider": "quotes_toscrape", "active": False},
)


def register(session: Session) -> None:
    """Adds those whose name was never used here; one that a person deleted stays deleted."""
    used = set(session.scalars(select(ScrapingTarget.name)))
    for fields in DEMO_TARGETS:
        if fields["name"] not in used:
            targets.register(session, dict(fields))
