"""Which addresses anybody may be sent to, and which belong to somebody's own network.

A table of our own, since `ipaddress.is_global` answers differently from one Python to the next, and
knows nothing of the addresses inside others. It follows the registries of special-purpose addresses
of IANA (RFC 6890), as of November 2026; of IPv6 only 2000::/3 is given to the public at all.
"""

from collections.abc import Iterator, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: The machine itself, and nothing beyond it.
LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))

#: The first that holds an address says what it is. Those of metadata are where clouds answer a
#: machine with its own passwords; one of them lies among public addresses.
_SPECIAL: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), kind)
    for network, kind in (
        ("169.254.169.254/32", "metadata"),
        ("168.63.129.16/32", "metadata"),
        ("100.100.100.200/32", "metadata"),
        ("192.0.0.192/32", "metadata"),
        ("fd00:ec2::/32", "metadata"),
        ("fd20:ce::254/128", "metadata"),
        ("0.0.0.0/32", "unspecified"),
        ("0.0.0.0/8", "reserved"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "private"),
        ("ff00::/8", "multicast"),
        ("2001:db8::/32", "documentation"),
        ("3fff::/20", "documentation"),
        ("2001::/23", "reserved"),
    )
)
_PUBLIC_IPV6 = IPv6Network("2000::/3")
#: IPv6 addresses that hold an IPv4 one, and how many of their bits come after it.
_WRAPPINGS = (
    (IPv6Network("::ffff:0:0/96"), 0),  # mapped
    (IPv6Network("::ffff:0:0:0/96"), 0),  # translated
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64
    (IPv6Network("2002::/16"), 80),  # 6to4
)
_COMPATIBLE = IPv6Network("::/96")


def refusal(address: Address, allowed: Sequence[Network]) -> str | None:
    """What forbids a stranger's page to lead there ("private", "loopback"); None if nothing does.

    An address that holds others is judged by those, unless it is listed itself.
    """
    if any(address in network for network in allowed):
        return None
    if wrapped := list(_wrapped(address)):
        return next((kind for each in wrapped if (kind := refusal(each, allowed))), None)
    return _kind(address)


def parse(text: str) -> Network:
    """A network as people write it, or a single address. Raises ValueError."""
    return ip_network(text)


def written(networks: Sequence[Network]) -> str:
    """Networks as KUMO_ALLOW_NETWORKS takes them."""
    return ",".join(map(str, networks)) or "none"


def numbered(host: str) -> Address | None:
    """The address that a host is, if it is written as one."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_everything(networks: Sequence[Network]) -> bool:
    """They leave out no address of either kind."""
    return {each.version for each in networks if each.prefixlen == 0} == {4, 6}


def _kind(address: Address) -> str | None:
    for network, kind in _SPECIAL:
        if address in network:
            return kind
    is_public = isinstance(address, IPv4Address) or address in _PUBLIC_IPV6
    return None if is_public else "reserved"


def _wrapped(address: Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that an IPv6 one stands for."""
    if isinstance(address, IPv4Address):
        return
    for network, after in _WRAPPINGS:
        if address in network:
            yield IPv4Address(int(address) >> after & 0xFFFF_FFFF)
    # The first 65,536 of these are no IPv4 addresses: `::` and `::1` are among them.
    if address in _COMPATIBLE and int(address) > 0xFFFF:
        yield IPv4Address(int(address))
    if address.teredo:
        yield from address.teredo
