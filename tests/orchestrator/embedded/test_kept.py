import re
import socket
import stat
from pathlib import Path

import pytest

from orchestrator.embedded import kept
from orchestrator.exceptions import EmbeddedFailed


def test_a_secret_is_made_once_and_is_ours_alone(tmp_path: Path) -> None:
    made = kept.secret(tmp_path / "secret")
    assert len(made) >= 32
    assert kept.secret(tmp_path / "secret") == made
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_a_secret_that_was_cut_off_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "secret").touch()
    assert kept.secret(tmp_path / "secret")


def test_a_port_is_kept_while_it_is_free(tmp_path: Path) -> None:
    port = kept.port(tmp_path / "port")
    assert kept.port(tmp_path / "port") == port
    with socket.create_server((kept.LOOPBACK, port)):
        assert kept.port(tmp_path / "port") != port


def test_no_port_is_drawn_that_the_kernel_lends_to_connections() -> None:
    lent = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    assert kept.free_port() < int(lent[0])


def test_a_port_in_use_on_every_address_is_not_free() -> None:
    with socket.create_server(("", 0)) as taken:
        assert not kept.is_free(taken.getsockname()[1])


def test_private_writes_replace_what_was_there_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("longer than before")
    kept.private(path, "short")
    assert path.read_text() == "short"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    place = tmp_path / "file" / "folder"
    with pytest.raises(EmbeddedFailed, match=f"^{re.escape(str(place))} cannot be made"):
        kept.folder(place)
