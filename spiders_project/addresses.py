"""Strangers' pages lead to addresses that anybody may be sent to, and to no others.

The check is where the connection is made, on the very address that is connected to: whatever a page
or a name says before, in whatever notation, and however often a name changes its mind, it passes
here. A connection that is kept and used again was checked when it was made, so pages cost nothing.
"""

import logging
from collections.abc import Hashable, Sequence
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from twisted.internet.abstract import isIPv6Address
from twisted.internet.address import IPv6Address
from twisted.internet.endpoints import HostnameEndpoint
from twisted.web.client import HTTPConnectionPool
from zope.interface import directlyProvides, providedBy

from orchestrator import config, networks
from orchestrator.networks import Network
from spiders_project.heads import BoundedHeads

logger = logging.getLogger(__name__)


class AddressRefused(IgnoreRequest):  # to Scrapy: no error, and nothing to be tried again
    """A page is at an address that belongs to somebody's own network."""


class PublicAddresses(BoundedHeads):
    """The handler of http and https: connects to public addresses, and to those that are allowed.

    Which ones are allowed is no setting of Scrapy's, so that neither target nor spider can say it:
    KUMO_ALLOW_NETWORKS is read from the environment. If it lists every address, nothing is checked.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        allowed = config.get().allow_networks or ()
        self._is_guarded = not networks.is_everything(allowed)
        if self._is_guarded:
            self._pool = _GuardedPool(self._pool, allowed)

    async def download_request(self, request: Request) -> Response:
        try:
            if self._is_guarded and (proxy := request.meta.get("proxy")):
                raise AddressRefused(_about_proxy(proxy))
            return await super().download_request(request)
        except AddressRefused as refusal:
            # Scrapy says nothing of requests that are ignored.
            logger.warning("%s is not fetched: %s", request.url, refusal)
            raise


class _GuardedPool(HTTPConnectionPool):
    """Makes every connection of the handler; each through the guarded doors."""

    def __init__(self, plain: HTTPConnectionPool, allowed: Sequence[Network]) -> None:
        super().__init__(plain._reactor)  # type: ignore[no-untyped-call]
        self.maxPersistentPerHost = plain.maxPersistentPerHost
        self._factory = plain._factory
        self._doors = _Doors(plain._reactor, allowed)

    def _newConnection(self, key: Hashable, endpoint: Any) -> Any:  # noqa: N802  # Twisted's name
        named = getattr(endpoint, "_wrappedEndpoint", endpoint)
        if not isinstance(named, HostnameEndpoint):
            raise TypeError(f"{endpoint!r} cannot be guarded")
        # Private, as all of this is: no way that Scrapy leaves open reaches the endpoint.
        named._reactor = self._doors
        return super()._newConnection(key, endpoint)


class _Doors:
    """The reactor as an endpoint sees it: where names become addresses, and connections begin."""

    def __init__(self, reactor: Any, allowed: Sequence[Network]) -> None:
        self._reactor, self._allowed = reactor, allowed
        directlyProvides(self, providedBy(reactor))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    @property
    def nameResolver(self) -> Any:  # noqa: N802  # Twisted's name
        return self

    def resolveHostName(self, receiver: Any, name: str, **how: Any) -> Any:  # noqa: N802  # likewise
        """As the reactor's own, which takes an IPv6 address for a name that it cannot find."""
        if not isIPv6Address(name):
            return self._reactor.nameResolver.resolveHostName(receiver, name, **how)
        receiver.resolutionBegan(None)
        receiver.addressResolved(IPv6Address("TCP", name, how["portNumber"]))
        return receiver.resolutionComplete()

    def connectTCP(self, host: str, *where: Any, **how: Any) -> Any:  # noqa: N802  # likewise
        """Raises AddressRefused, and nothing is sent."""
        address = networks.numbered(host)
        kind = networks.refusal(address, self._allowed) if address else "no address"
        if kind:
            raise AddressRefused(about(host, kind))
        return self._reactor.connectTCP(host, *where, **how)


def about(address: str, kind: str) -> str:
    """Why nobody connects there, and what to do if that is meant."""
    return (
        f"It leads to {address} ({kind}), which is no public address; "
        "list it in KUMO_ALLOW_NETWORKS if it may be crawled."
    )


def _about_proxy(proxy: str) -> str:
    host = urlsplit(proxy).hostname or "a proxy"
    return (
        f"It would be fetched by the proxy {host}, and nobody here sees where that one connects: "
        "do without (http_proxy, https_proxy); or, if it refuses your network's addresses itself, "
        "set KUMO_ALLOW_NETWORKS=0.0.0.0/0,::/0."
    )
