"""Addresses that no stranger's page may lead a crawl to, in whatever notation.

`urls(port)` are those of http and https, each with what is said when it is refused: on a port that
canaries listen on it shows whether one was reached. `other_schemes(port)` are of other kinds.
"""

from collections.abc import Mapping

#: Hosts as an address names them, by what they are.
HOSTS: Mapping[str, tuple[str, ...]] = {
    "loopback": (
        "127.0.0.1",
        "127.0.0.2",
        "127.1.2.3",
        "127.255.255.254",
        # In other notations: one number, octal, hexadecimal, fewer parts, mixed.
        "2130706433",
        "2130706434",
        "017700000001",
        "0x7f000001",
        "0X7F000001",
        "0x7f.0x0.0x0.0x1",
        "0x7f.1",
        "0177.0.0.1",
        "0177.0000.0000.0001",
        "00000177.0.0.1",
        "127.1",
        "127.0.1",
        "127.0x1",
        "127.0.00.01",
        "0177.0x0.1",
        "127.65530",
        "0x7f.65530",
        # In other digits and with other full stops, which become plain ones.
        "１２７.０.０.１",
        "①②⑦.⓪.⓪.①",
        "𝟏𝟐𝟕.𝟎.𝟎.𝟏",
        "127。0。0。1",
        "127．0．0．1",
        # Names.
        "localhost",
        "LOCALHOST",
        "LocalHost",
        "ｌｏｃａｌｈｏｓｔ",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[0000:0000:0000:0000:0000:0000:0000:0001]",
        "[::0:1]",
        "[::0.0.0.1]",
        # IPv4 within IPv6: mapped, translated, compatible, NAT64, 6to4, Teredo.
        "[::ffff:127.0.0.1]",
        "[::FFFF:127.0.0.2]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:7f00:1]",
        "[::ffff:0:127.0.0.1]",
        "[::127.0.0.1]",
        "[::7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[2002:7f00:1::1]",
        "[2002:7f00:2:1::9]",
        "[2001:0:7f00:1::f7f7:f7f7]",
        "[2001:0:808:808::80ff:fffe]",
    ),
    "unspecified": (
        "0.0.0.0",
        "0",
        "0x0",
        "00",
        "0.0",
        "0.0.0",
        "000.000.000.000",
        "[::]",
        "[0:0:0:0:0:0:0:0]",
        "[::ffff:0.0.0.0]",
        "[64:ff9b::]",
    ),
    "private": (
        "10.0.0.1",
        "10.1",
        "10.255.255.255",
        "167772161",
        "0xa000001",
        "012.0.0.1",
        "172.16.0.1",
        "172.31.255.254",
        "2886729729",
        "192.168.0.1",
        "192.168.1.1",
        "3232235777",
        "0xc0a80101",
        "0300.0250.1.1",
        "192.168.257",
        "[fc00::1]",
        "[fd12:3456:789a::1]",
        "[fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]",
        "[fec0::1]",
        "[::ffff:10.0.0.1]",
        "[::ffff:c0a8:101]",
        "[::10.0.0.1]",
        "[64:ff9b::10.0.0.1]",
        "[64:ff9b::c0a8:101]",
        "[2002:a00:1::]",
        "[2002:c0a8:101::1]",
        "[2001:0:808:808::f5ff:fffe]",
    ),
    "metadata": (
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0xa9.0xfe.0xa9.0xfe",
        "0251.0376.0251.0376",
        "169.254.43518",
        "169.16689662",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "[fd00:ec2::254]",
        "[fd20:ce::254]",
        "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:a9fe:a9fe::]",
        "[::169.254.169.254]",
    ),
    "link-local": (
        "169.254.0.1",
        "169.254.170.2",
        "2851995649",
        "[fe80::1]",
        "[fe80::1%25lo]",
        "[fe80::a9fe:a9fe]",
        "[febf::1]",
        "[::ffff:169.254.170.2]",
    ),
    "shared": ("100.64.0.1", "100.127.255.254", "1681915905", "[::ffff:100.64.0.1]"),
    "multicast": ("224.0.0.1", "239.255.255.250", "[ff02::1]", "[ff05::2]", "[ff0e::101]"),
    "documentation": ("192.0.2.1", "198.51.100.7", "203.0.113.9", "[2001:db8::1]", "[3fff::1]"),
    "benchmarking": ("198.18.0.1", "198.19.255.254"),
    "reserved": (
        "0.0.0.1",
        "0.1.2.3",
        "192.0.0.1",
        "192.88.99.1",
        "240.0.0.1",
        "255.255.255.255",
        "4294967295",
        "0xffffffff",
        "[::2]",
        "[100::1]",
        "[64:ff9b:1::a00:1]",
        "[2001:10::1]",
        "[2001:2::1]",
        "[4000::1]",
        "[5f00::1]",
        "[fe00::1]",
        "[::ffff:255.255.255.255]",
    ),
}

#: No host can be read from these: words before an @, percent signs.
UNREADABLE = (
    "%31%32%37.0.0.1",
    "127%2e0%2e0%2e1",
    "example.com@127.0.0.1",
    "example.com:80@127.0.0.1",
    "user:word@127.0.0.1",
    "8.8.8.8@2130706433",
    "example.com%2f@127.1",
    "example.com@[::1]",
    "example.com@192.168.1.1",
    "example.com@169.254.169.254",
)

OTHER_SCHEMES = (
    "file:///etc/hostname",
    "file://localhost/etc/hostname",
    "FILE:///etc/hosts",
    "ftp://127.0.0.1:{port}/etc/hostname",
    "data:text/html,<a href='/good'>data</a>",
    "s3://bucket/key",
    "gopher://127.0.0.1:{port}/_GET",
    "dict://127.0.0.1:{port}/info",
    "ldap://127.0.0.1:{port}/",
    "ws://127.0.0.1:{port}/",
    "wss://127.0.0.1:{port}/",
)


def urls(port: int, path: str = "/") -> dict[str, str]:
    """Each address, with the words that say why it was refused."""
    kinds = {host: f"({kind})" for kind, hosts in HOSTS.items() for host in hosts}
    kinds |= dict.fromkeys(UNREADABLE, "invalid hostname")
    places = [("http", host) for host in kinds] + [("https", host) for host in _ALSO_BY_HTTPS]
    # Numbered, since many of them are one and the same page to whoever compares addresses.
    return {
        f"{scheme}://{host}:{port}{path}?{number}": kinds[host]
        for number, (scheme, host) in enumerate(places)
    }


_ALSO_BY_HTTPS = ("127.0.0.1", "0x7f.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1")


def other_schemes(port: int) -> list[str]:
    return [each.format(port=port) for each in OTHER_SCHEMES]
