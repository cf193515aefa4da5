"""Sites: what they are called, and how many requests they are to bear.

A site is a host, with the port when it is not the scheme's own: both schemes of a host share its
budget, and so do all targets, jobs and workers. What it learned of itself lives in Redis; here is
what people decided.
"""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from orchestrator import config
from orchestrator.exceptions import Sentence, SiteInvalid
from orchestrator.ledger.models import JobStatus, ScrapingJob, ScrapingTarget, Site

_OWN_PORTS = {"http": 80, "https": 443}
_MOST_PER_SECOND, _MOST_IN_FLIGHT, _LONGEST_NOTE, _LONGEST_NAME = 10_000, 10_000, 500, 260
_NAME = re.compile(r"([^\s/?#@\[\]:{}]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Budget:
    """What all crawls of a site together may ask of it; 0 = no cap."""

    requests_per_second: float
    in_flight: int


#: One's own machine: nobody else is troubled.
UNBOUND = Budget(0, 0)


def name_of(url: str) -> str:
    """The site of an address; empty when it has no host."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    host = _host(parts.hostname or "")
    is_own = port is None or port == _OWN_PORTS.get(parts.scheme)
    return host if is_own or not host else f"{host}:{port}"


def named(text: str) -> str:
    """The site that a person names, by its name or any of its addresses. Raises SiteInvalid."""
    text = text.strip()
    name = name_of(text if "://" in text else f"https://{text}")
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise SiteInvalid(Sentence("Write a site like shop.example or shop.example:8080."), "site")
    return name


def default(name: str) -> Budget:
    """What a site without a row has: nothing bounds one on this machine."""
    if _is_own_machine(name):
        return UNBOUND
    settings = config.get()
    return Budget(settings.site_requests_per_second, settings.site_in_flight)


def budget(name: str, site: Site | None) -> Budget:
    """The budget in force: what its row leaves open is the default."""
    if site is None:
        return default(name)
    settings = config.get()
    rate, at_once = site.requests_per_second, site.in_flight
    return Budget(
        settings.site_requests_per_second if rate is None else rate,
        settings.site_in_flight if at_once is None else at_once,
    )


def find(session: Session, name: str) -> Site | None:
    return session.get(Site, name)


def all_known(session: Session, *, most: int = 500) -> Sequence[Site]:
    """The sites with a budget of their own, changed last first."""
    return session.scalars(select(Site).order_by(Site.updated_at.desc()).limit(most)).all()


def save(
    session: Session,
    name: str,
    *,
    requests_per_second: float | None = None,
    in_flight: int | None = None,
    note: str = "",
) -> Site:
    """Gives a site a budget of its own; None = as by default. Raises SiteInvalid."""
    if requests_per_second is not None and not 0 <= requests_per_second <= _MOST_PER_SECOND:
        sentence = Sentence("From 0, for no cap, to %(most)s.", most=_MOST_PER_SECOND)
        raise SiteInvalid(sentence, "requests_per_second")
    if in_flight is not None and not 0 <= in_flight <= _MOST_IN_FLIGHT:
        sentence = Sentence("From 0, for no cap, to %(most)s.", most=_MOST_IN_FLIGHT)
        raise SiteInvalid(sentence, "in_flight")
    values = {
        "requests_per_second": requests_per_second,
        "in_flight": in_flight,
        "note": note.replace("\0", "")[:_LONGEST_NOTE],
        "updated_at": func.now(),
    }
    return session.scalars(
        insert(Site)
        .values(name=name, **values)
        .on_conflict_do_update(index_elements=[Site.name], set_=values)
        .returning(Site),
        execution_options={"populate_existing": True},
    ).one()


def crawling(session: Session, job_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of the targets of those jobs that run at this moment."""
    rows = session.execute(
        select(ScrapingJob.id, ScrapingTarget.name)
        .join(ScrapingTarget, ScrapingTarget.id == ScrapingJob.target_id)
        .where(ScrapingJob.id.in_(list(job_ids)), ScrapingJob.status == JobStatus.RUNNING)
    )
    return {row.id: row.name for row in rows}


def forget(session: Session, name: str) -> None:
    """From now on it has the default budget."""
    session.execute(delete(Site).where(Site.name == name))


def _host(host: str) -> str:
    host = host.lower().rstrip(".")
    if ":" in host:
        return f"[{host}]"
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host


def _is_own_machine(name: str) -> bool:
    host = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
