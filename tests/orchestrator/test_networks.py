from ipaddress import ip_address

import pytest

from orchestrator import networks

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "11.0.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "126.255.255.255",
    "128.0.0.1",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.1",
    "192.167.255.255",
    "192.169.0.1",
    "198.17.255.255",
    "198.20.0.1",
    "223.255.255.255",
    "2001:200::1",
    "2606:4700:4700::1111",
    "2a00:1450:4001::1",
    # Public ones within others.
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
    "2001:0:808:808::f7f7:f7f7",
]


def networks_of(*texts: str) -> list[networks.Network]:
    return [networks.parse(text) for text in texts]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_reached(address: str) -> None:
    assert networks.refusal(ip_address(address), ()) is None


@pytest.mark.parametrize(
    ("allowed", "address"),
    [
        ("127.0.0.0/8", "127.1.2.3"),
        ("127.0.0.0/8", "::ffff:127.0.0.1"),
        ("10.1.0.0/16", "64:ff9b::10.1.2.3"),
        ("fd00::/8", "fd12::1"),
        ("fe80::/10", "fe80::1%lo"),
        ("::ffff:0:0/96", "::ffff:127.0.0.1"),
    ],
)
def test_a_listed_address_may_be_reached_also_inside_another(allowed: str, address: str) -> None:
    assert networks.refusal(ip_address(address), ())
    assert networks.refusal(ip_address(address), networks_of(allowed)) is None


@pytest.mark.parametrize(
    ("allowed", "address", "kind"),
    [
        ("127.0.0.0/8", "::1", "loopback"),
        ("127.0.0.1", "127.0.0.2", "loopback"),
        ("10.1.0.0/16", "::ffff:10.2.0.1", "private"),
        # Of the two inside Teredo one alone is listed.
        ("127.0.0.1", "2001:0:7f00:1::f5ff:fffe", "private"),
        ("0.0.0.0/0", "fd00::1", "private"),
    ],
)
def test_what_is_listed_opens_nothing_else(allowed: str, address: str, kind: str) -> None:
    assert networks.refusal(ip_address(address), networks_of(allowed)) == kind


def test_everything_is_both_kinds_of_addresses() -> None:
    assert networks.is_everything(networks_of("0.0.0.0/0", "::/0"))
    assert not networks.is_everything(networks_of("0.0.0.0/0"))
    assert not networks.is_everything(networks_of("0.0.0.0/1", "128.0.0.0/1", "::/0"))
    assert not networks.is_everything(())


def test_networks_are_written_as_they_are_read() -> None:
    assert networks.written(networks.LOOPBACK) == "127.0.0.0/8,::1/128"
    assert networks.written(()) == "none"


def test_a_host_that_is_no_plain_address_has_no_number() -> None:
    assert networks.numbered("127.1") is None
    assert networks.numbered("localhost") is None
    assert networks.numbered("::1") == ip_address("::1")
