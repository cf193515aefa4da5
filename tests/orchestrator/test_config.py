import json
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from orchestrator import config, networks
from orchestrator.config import Config
from orchestrator.exceptions import ConfigError

ROOT = Path(__file__).parents[2]
ALIASES = {str(field.validation_alias) for field in Config.model_fields.values()}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KUMO_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_example_names_exactly_the_variables_that_are_read(example: dict[str, str]) -> None:
    assert example.keys() == ALIASES


def test_the_example_shows_the_defaults(
    example: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("KUMO_ALLOW_NETWORKS", "KUMO_START_SPREAD_SECONDS"):
        monkeypatch.delenv(name)
    default = config.get().model_dump(exclude={"home"})
    for name, value in example.items():
        monkeypatch.setenv(name, value)
    assert Config().model_dump(exclude={"home"}) == default


def test_every_line_of_the_example_follows_its_meaning() -> None:
    text = (ROOT / ".env.example").read_text()
    assert len(re.findall(r"^# .+\n[A-Z_]+=", text, re.MULTILINE)) == len(ALIASES)


def test_all_faults_are_reported_together(monkeypatch: pytest.MonkeyPatch) -> None:
    faulty = {
        "DATABASE_URL": "mysql://somewhere/kumo",
        "REDIS_URL": "localhost:6379",
        "KUMO_TIMEZONE": "Asia/Atlantis",
        "KUMO_NIGHTLY": "midnight",
        "PORT": "70000",
        "KUMO_SECRET_KEY": "short",
        "KUMO_ALLOW_NETWORKS": "127.0.0.1, 10.0.0.1/8",
        "KUMO_CONTACT": "ask me (not)",
    }
    for name, value in faulty.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as raised:
        config.get()
    assert all(f"{name}: " in str(raised.value) for name in faulty)


def test_no_fault_repeats_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://kumo:hunter2@somewhere/kumo")
    with pytest.raises(ConfigError) as raised:
        config.get()
    assert "hunter2" not in str(raised.value)


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    assert config.get().port == 8000


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_any_spelling_of_postgres_gets_the_driver(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"{scheme}://kumo:pw@db/kumo")
    assert config.get().database_url == "postgresql+psycopg2://kumo:pw@db/kumo"


def test_a_running_pair_is_found_without_variables(home: Path) -> None:
    (home / "running.json").write_text(
        json.dumps({"database_url": "postgresql://a@b/c", "redis_url": "redis://d", "pid": 1})
    )
    assert config.get().require_database_url() == "postgresql+psycopg2://a@b/c"
    assert config.get().require_redis_url() == "redis://d"


def test_a_variable_wins_over_the_running_pair(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "running.json").write_text(json.dumps({"redis_url": "redis://recorded"}))
    monkeypatch.setenv("REDIS_URL", "redis://set")
    assert config.get().require_redis_url() == "redis://set"


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("rediss://r:1/0", "rediss://r:1/0?ssl_cert_reqs=required"),
        (
            "rediss://r:1/0?ssl_ca_certs=/ca",
            "rediss://r:1/0?ssl_ca_certs=/ca&ssl_cert_reqs=required",
        ),
        ("rediss://r:1/0?ssl_cert_reqs=none", "rediss://r:1/0?ssl_cert_reqs=none"),
    ],
)
def test_a_certificate_of_redis_is_checked_unless_the_address_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, url: str, read: str
) -> None:
    monkeypatch.setenv("REDIS_URL", url)
    assert config.get().require_redis_url() == read


def test_without_a_pair_the_sentence_says_what_to_do(home: Path) -> None:
    with pytest.raises(ConfigError, match=r"set DATABASE_URL, or start .*running\.json"):
        config.get().require_database_url()


def test_spider_modules_may_be_separated_by_commas_or_blanks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KUMO_SPIDER_MODULES", "mine.spiders, theirs  others")
    assert config.get().spider_modules == ("mine.spiders", "theirs", "others")


def test_networks_may_be_single_addresses_and_none_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUMO_ALLOW_NETWORKS", "10.0.0.0/8, 192.168.1.7 fd00::/8,::1")
    allowed = ("10.0.0.0/8", "192.168.1.7/32", "fd00::/8", "::1/128")
    assert tuple(map(str, Config().allow_networks or ())) == allowed
    monkeypatch.setenv("KUMO_ALLOW_NETWORKS", "none")
    assert Config().allow_networks == ()
    monkeypatch.setenv("KUMO_ALLOW_NETWORKS", "")
    assert Config().allow_networks is None


def test_networks_of_a_running_installation_are_found_without_a_variable(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUMO_ALLOW_NETWORKS")
    (home / "running.json").write_text(json.dumps({"allow_networks": "127.0.0.0/8,::1/128"}))
    assert config.get().allow_networks == networks.LOOPBACK


@pytest.mark.parametrize("contact", ["crawls@example.org", "https://example.org/crawls?by=kumo"])
def test_a_contact_is_an_address_at_which_somebody_can_be_reached(
    contact: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUMO_CONTACT", contact)
    assert Config().contact == contact


@pytest.mark.parametrize(
    "contact",
    ["me", "me@", "a@b.org) Mozilla/5.0 (", "a@b.org\r\nCookie: c", "ftp://b.org", "ü@b.org"],
)
def test_no_contact_says_anything_else_to_a_site(
    contact: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUMO_CONTACT", contact)
    with pytest.raises(ValidationError, match="KUMO_CONTACT"):
        Config()


def test_a_process_that_moves_to_another_home_forgets_the_servers_named_so_far(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    named = {"DATABASE_URL": "postgresql://k@h/d", "REDIS_URL": "redis://h", "PORT": "9000"}
    kept = {"KUMO_LEASE_SECONDS": "7", "KUMO_SECRET_KEY": "s" * 16, "KUMO_HOME": "elsewhere"}
    theirs = {"KUMO_SPIDER_MODULES": "theirs", "KUMO_ALLOW_NETWORKS": "10.0.0.0/8"}
    for name, value in (named | kept | theirs).items():
        monkeypatch.setenv(name, value)
    config.get()
    config.move_to(tmp_path, PORT="9001")
    now = config.get()
    assert (now.home, now.port, now.lease_seconds) == (tmp_path, 9001, 7)
    assert (now.database_url, now.redis_url, now.secret_key) == (None, None, None)
    assert (now.spider_modules, now.allow_networks) == ((), None)
