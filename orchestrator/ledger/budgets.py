"""Budgets: how many requests a site is to bear, and what a site is called.

A site is a host, with the port when it is not the scheme's own: both schemes of a host share its
budget, and so do all targets, jobs and workers.
"""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from orchestrator import config, driver

_OWN_PORTS = {"http": 80, "https": 443}


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


def default(name: str) -> Budget:
    """What a site without a row has: nothing bounds one on this machine."""
    if _is_own_machine(name):
        return UNBOUND
    settings = config.get()
    return Budget(settings.site_requests_per_second, settings.site_in_flight)


def in_force(rate: float | None, in_flight: int | None) -> Budget:
    """That of a site with a row: what its row leaves open is as by default."""
    settings = config.get()
    return Budget(
        settings.site_requests_per_second if rate is None else rate,
        settings.site_in_flight if in_flight is None else in_flight,
    )


def of(name: str) -> Budget:
    """The budget in force, as its row says. Raises DatabaseAway or DatabaseNotMigrated."""
    rows = driver.ask(_ROW, {"name": name})
    return in_force(*rows[0]) if rows else default(name)


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


_ROW = "SELECT requests_per_second, in_flight FROM sites WHERE name = %(name)s"
