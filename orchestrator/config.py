"""The environment, read and checked once.

Whatever the environment leaves out is looked up in `running.json` under `KUMO_HOME`, where
`kumo up` records the addresses of the embedded pair: so `scrapy crawl`, `celery` and `kumo`
typed in another terminal find the same database without a variable set.
"""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from orchestrator import networks
from orchestrator.exceptions import ConfigError
from orchestrator.networks import Network

RUNNING_FILE = "running.json"


def default_home() -> Path:
    """`.kumo` beside the nearest scrapy.cfg upwards, as Scrapy finds its project, else here."""
    here = Path.cwd()
    root = next((at for at in (here, *here.parents) if (at / "scrapy.cfg").exists()), here)
    return root / ".kumo"


def _with_driver(url: str) -> str:
    # SQLAlchemy 2.1 reads a plain postgresql:// as psycopg 3; the driver here is psycopg2.
    scheme, _, rest = url.partition("://")
    if scheme not in {"postgresql", "postgres", "postgresql+psycopg2"} or not rest:
        raise ValueError("should begin with postgresql://")
    return f"postgresql+psycopg2://{rest}"


def _redis_scheme(url: str) -> str:
    if not url.startswith(("redis://", "rediss://")):
        raise ValueError("should begin with redis:// or rediss://")
    if url.startswith("rediss://") and "ssl_cert_reqs=" not in url:
        # To Celery an address that says nothing of it is an error; to redis-py it means this.
        return f"{url}{'&' if '?' in url else '?'}ssl_cert_reqs=required"
    return url


@cache
def zones() -> frozenset[str]:
    """The names of all time zones. To find them out means to open hundreds of files."""
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name not in zones():
        raise ValueError(f"{name} is no time zone; write one like Asia/Tokyo")
    return name


def _five_fields(cron: str) -> str:
    if len(cron.split()) != 5:
        raise ValueError("should be a cron line of five fields, like 0 0 * * *")
    return cron


def _words(value: Any) -> Any:
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


#: How people call workers of a kind: those within Europe, those with a licence.
WORKER_TAG = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")

#: What may stand in a header, within brackets there.
_CONTACT = re.compile(r"https?://[!-~]+|[!-~]+@[!-~]+\.[!-~]+")


def _networks(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value.strip().lower() == "none":
        return ()
    return tuple(map(_network, value.replace(",", " ").split()))


def _network(text: str) -> Network:
    try:
        return networks.parse(text)
    except ValueError as error:
        raise ValueError(
            f"{error}; write networks like 10.0.0.0/8,192.168.1.7 or fd00::/8"
        ) from error


def _web_address(text: str) -> str:
    if not re.fullmatch(r"https?://[!-~]+", text):
        raise ValueError("should begin with https:// or http://")
    return text.rstrip("/")


def _contact(text: str) -> str:
    if not _CONTACT.fullmatch(text) or set('()<>\\"') & set(text) or len(text) > 200:
        raise ValueError("should be an e-mail address, or a web address with https://")
    return text


def _dsn(text: str) -> str:
    if not re.fullmatch(r"https?://[!-.0-~]+@[!-~]+/[0-9]+", text):
        raise ValueError("should be like https://KEY@sentry.example/1, as Sentry shows it")
    if find_spec("sentry_sdk") is None:
        raise ValueError("needs a package that is not here: pip install 'kumo[sentry]'")
    return text


def _worker_tag(tag: str) -> str:
    if not WORKER_TAG.fullmatch(tag):
        raise ValueError(f"{tag[:50]!r} is no worker tag; write small letters, digits, - and _")
    return tag


WorkerTag = Annotated[str, AfterValidator(_worker_tag)]


class RunningPair(PydanticBaseSettingsSource):
    """What `kumo up` wrote down about the pair it runs, for the fields nobody set."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return self().get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        home = Path(os.environ.get("KUMO_HOME") or default_home())
        try:
            recorded = json.loads((home / RUNNING_FILE).read_text())
        except (OSError, ValueError):
            return {}
        known = {"database_url", "redis_url", "demo_url", "secret_key", "allow_networks"}
        return {_alias(name): value for name, value in recorded.items() if name in known}


def _alias(name: str) -> str:
    return str(Config.model_fields[name].validation_alias)


class Config(BaseSettings):
    """What the environment says; `.env.example` names exactly these variables."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, extra="ignore")

    #: The Postgres that holds everything; empty = the embedded one.
    database_url: Annotated[str, AfterValidator(_with_driver)] | None = Field(
        None, validation_alias="DATABASE_URL"
    )
    #: The Redis or Valkey that rings bells and holds frontiers; empty = the embedded one.
    redis_url: Annotated[str, AfterValidator(_redis_scheme)] | None = Field(
        None, validation_alias="REDIS_URL"
    )
    #: Where the embedded pair and its logs live.
    home: Path = Field(default_factory=default_home, validation_alias="KUMO_HOME")
    #: The zone of the nightly crawl and of schedules that name none.
    timezone: Annotated[str, AfterValidator(_known_zone)] = Field(
        "UTC", validation_alias="KUMO_TIMEZONE"
    )
    #: When targets without a schedule of their own are crawled, as a cron line.
    nightly: Annotated[str, AfterValidator(_five_fields)] = Field(
        "0 0 * * *", validation_alias="KUMO_NIGHTLY"
    )
    #: Over how long scheduled starts are spread, for targets that say nothing of it.
    start_spread_seconds: int = Field(
        600, validation_alias="KUMO_START_SPREAD_SECONDS", ge=0, le=86_400
    )
    #: Signs the dashboard's sessions; `kumo up` makes one when it is empty.
    secret_key: str | None = Field(None, validation_alias="KUMO_SECRET_KEY", min_length=16)
    #: Where the dashboard listens.
    host: str = Field("127.0.0.1", validation_alias="KUMO_HOST")
    port: int = Field(8000, validation_alias="PORT", ge=1, le=65535)
    #: Where Scrapyd's API is answered; None = nowhere.
    scrapyd_port: int | None = Field(None, validation_alias="KUMO_SCRAPYD_PORT", ge=1, le=65535)
    #: True when the dashboard is reached over TLS: its cookies are then sent over TLS only.
    tls: bool = Field(False, validation_alias="KUMO_TLS")
    #: How many proxies stand before the dashboard; what they say of a visitor is believed.
    proxies: int = Field(0, validation_alias="KUMO_PROXIES", ge=0, le=10)
    #: Where the demo shop listens; 0 or a port in use = any free port.
    demo_port: int = Field(8001, validation_alias="KUMO_DEMO_PORT", ge=0, le=65535)
    demo_url: str = Field("http://127.0.0.1:8001", validation_alias="KUMO_DEMO_URL")
    #: Modules or packages with your own spiders, separated by commas.
    spider_modules: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)] = Field(
        (), validation_alias="KUMO_SPIDER_MODULES"
    )
    #: Networks that crawls may reach though they are not public; None = nobody has said.
    allow_networks: Annotated[tuple[Network, ...] | None, NoDecode, BeforeValidator(_networks)] = (
        Field(None, validation_alias="KUMO_ALLOW_NETWORKS")
    )
    #: Where a site finds those who have it crawled; the user agent names it.
    contact: Annotated[str, AfterValidator(_contact)] | None = Field(
        None, validation_alias="KUMO_CONTACT"
    )
    #: How many crawls one worker serves at once.
    slots: int = Field(2, validation_alias="KUMO_SLOTS", ge=1, le=256)
    #: A crawl that has not renewed its lease for so long is given up for dead.
    lease_seconds: float = Field(60, validation_alias="KUMO_LEASE_SECONDS", ge=2)
    #: How often reality and the job table are made to agree.
    sweep_seconds: float = Field(15, validation_alias="KUMO_SWEEP_SECONDS", ge=0.2)
    #: A bell that nobody answered is rung again after so long.
    ring_again_seconds: float = Field(60, validation_alias="KUMO_RING_AGAIN_SECONDS", ge=1)
    #: The wait after a first failure; each further one doubles it, up to an hour.
    retry_seconds: float = Field(30, validation_alias="KUMO_RETRY_SECONDS", ge=0)
    #: How often a crawl commits what it has.
    checkpoint_seconds: float = Field(1, validation_alias="KUMO_CHECKPOINT_SECONDS", ge=0.05)
    #: How long one attempt of a job may crawl before it is closed.
    job_seconds: float = Field(21_600, validation_alias="KUMO_JOB_SECONDS", ge=1)
    #: How much memory one crawler process may hold before it is killed.
    job_memory_mb: int = Field(1_024, validation_alias="KUMO_JOB_MEMORY_MB", ge=128)
    #: How many crawls that need a browser one worker of the queue `browser` serves at once.
    browser_slots: int = Field(1, validation_alias="KUMO_BROWSER_SLOTS", ge=1, le=64)
    #: How much memory such a crawl may hold together with its browser before both are killed.
    browser_memory_mb: int = Field(2_048, validation_alias="KUMO_BROWSER_MEMORY_MB", ge=512)
    #: The browser; None = the first of a few names that is on the PATH.
    chromium: Path | None = Field(None, validation_alias="KUMO_CHROMIUM")
    #: The worker tags that `kumo up` serves too, separated by commas; a worker that somebody starts
    #: serves those that its -Q names.
    worker_tags: Annotated[tuple[WorkerTag, ...], NoDecode, BeforeValidator(_words)] = Field(
        (), validation_alias="KUMO_WORKER_TAGS"
    )
    #: How many log lines a job keeps.
    log_lines: int = Field(10_000, validation_alias="KUMO_LOG_LINES", ge=100)
    #: How much the cache keeps of one target's pages, in MB; 0 = nothing.
    cache_mb: int = Field(100, validation_alias="KUMO_CACHE_MB", ge=0, le=100_000)
    #: Of how many jobs of a target a few pages are kept, to say why a field is empty; 0 = none.
    sampled_jobs: int = Field(5, validation_alias="KUMO_SAMPLED_JOBS", ge=0, le=100)
    #: How many requests a second all crawls of a site together may start, and how many may be on
    #: their way at once, unless the site has a budget of its own; 0 = no cap.
    site_requests_per_second: float = Field(
        10, validation_alias="KUMO_SITE_REQUESTS_PER_SECOND", ge=0, le=10_000
    )
    site_in_flight: int = Field(8, validation_alias="KUMO_SITE_IN_FLIGHT", ge=0, le=10_000)
    #: How many days ended jobs are kept, with all that hangs on them; 0 = for ever.
    keep_jobs_days: int = Field(30, validation_alias="KUMO_KEEP_JOBS_DAYS", ge=0, le=36_500)
    #: How many days of that with their log; None = as long as the jobs.
    keep_log_days: int | None = Field(None, validation_alias="KUMO_KEEP_LOG_DAYS", ge=0, le=36_500)
    #: How many days items are kept that no crawl sees any more; 0 = for ever.
    keep_items_days: int = Field(30, validation_alias="KUMO_KEEP_ITEMS_DAYS", ge=0, le=36_500)
    #: How many days it is kept what items were before, and when they were gone; 0 = for ever.
    keep_changes_days: int = Field(30, validation_alias="KUMO_KEEP_CHANGES_DAYS", ge=0, le=36_500)
    #: How many days it is kept what people were told; 0 = for ever.
    keep_messages_days: int = Field(30, validation_alias="KUMO_KEEP_MESSAGES_DAYS", ge=0, le=36_500)
    #: How many days it is kept who did what; 0 = for ever.
    keep_audit_days: int = Field(0, validation_alias="KUMO_KEEP_AUDIT_DAYS", ge=0, le=36_500)
    #: Where people reach the dashboard; alerts link to it.
    public_url: Annotated[str, AfterValidator(_web_address)] | None = Field(
        None, validation_alias="KUMO_PUBLIC_URL"
    )
    #: How long an alert waits for others, so that what happens together is one message.
    alert_group_seconds: float = Field(
        60, validation_alias="KUMO_ALERT_GROUP_SECONDS", ge=0, le=3_600
    )
    #: The wait after a message that could not be delivered; each further one doubles it.
    alert_retry_seconds: float = Field(
        30, validation_alias="KUMO_ALERT_RETRY_SECONDS", gt=0, le=3_600
    )
    #: How often a message is tried before it is given up.
    alert_tries: int = Field(30, validation_alias="KUMO_ALERT_TRIES", ge=1, le=1_000)
    #: How long one try to deliver a message may take.
    alert_timeout_seconds: float = Field(
        15, validation_alias="KUMO_ALERT_TIMEOUT_SECONDS", gt=0, le=120
    )
    #: How log lines are written to a process's output.
    log_format: Literal["text", "json"] = Field("text", validation_alias="KUMO_LOG_FORMAT")
    #: Where errors are reported.
    sentry_dsn: Annotated[str, AfterValidator(_dsn)] | None = Field(
        None, validation_alias="KUMO_SENTRY_DSN"
    )
    #: How long a crawl that is told to stop may finish its pages in flight.
    stop_seconds: float = Field(15, validation_alias="KUMO_STOP_SECONDS", ge=1, le=20)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, RunningPair(settings_cls)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def require_database_url(self) -> str:
        if self.database_url is None:
            raise ConfigError(f"No database is known: set DATABASE_URL, or {self._start_pair()}")
        return self.database_url

    def require_redis_url(self) -> str:
        if self.redis_url is None:
            raise ConfigError(f"No Redis is known: set REDIS_URL, or {self._start_pair()}")
        return self.redis_url

    def _start_pair(self) -> str:
        return f"start the embedded pair with `make up` (looked for {self.home / RUNNING_FILE})."


@cache
def get() -> Config:
    """The configuration of this process.

    Raises ConfigError, which names every variable at fault, not just the first.
    """
    try:
        return Config()
    except ValidationError as error:
        raise ConfigError("; ".join(_fault(each) for each in error.errors())) from error


def secret(name: str) -> str:
    """What a target calls a secret of that name. Raises ConfigError where there is none.

    Only variables that begin with KUMO_SECRET_ can be named, so no target reads any other; nor the
    one of these that is Kumo's own, and signs its sessions.
    """
    variable = f"KUMO_SECRET_{name}"
    if any(variable == _alias(field) for field in Config.model_fields):
        raise ConfigError(
            f"No target may use {variable}, which is Kumo's own: choose another name."
        )
    if value := os.environ.get(variable, "").strip():
        return value
    raise ConfigError(f"The secret {name} is not known: set {variable} for the workers.")


def move_to(home: Path, **variables: str) -> None:
    """From now on this process, and what it starts, belongs to the installation in that home.

    The servers and the secret named so far are forgotten: those of the other home take their place.
    So are the networks that crawls may reach.
    """
    for name in ("database_url", "redis_url", "secret_key", "spider_modules", "allow_networks"):
        os.environ.pop(_alias(name), None)
    os.environ.update(variables, KUMO_HOME=str(home))
    get.cache_clear()


@contextmanager
def temporary_files_in(folder: Path) -> Iterator[None]:
    """What is started meanwhile has its temporary files there."""
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before


def environment_with(**variables: str) -> dict[str, str]:
    """This process's environment and more, for a program that it starts."""
    return os.environ | variables


def bare_environment(home: Path) -> dict[str, str]:
    """For a process in which strangers' code runs: where programs are, and none of our secrets."""
    path = os.environ.get("PATH", os.defpath)
    return {"PATH": path, "HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8"}


def _fault(error: Any) -> str:
    variable = ".".join(str(part) for part in error["loc"])
    return f"{variable}: {error['msg'].removeprefix('Value error, ')}"
