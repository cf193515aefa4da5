"""Where the parts of one installation answer: decided at the start, then told to every process."""

from dataclasses import asdict, dataclass
from pathlib import Path

from orchestrator import networks
from orchestrator.config import Config
from orchestrator.embedded import kept
from orchestrator.embedded.server import Server

_EVERY_INTERFACE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 named, not bound


@dataclass(frozen=True)
class Addresses:
    """What the processes of an installation have to know of each other."""

    database_url: str
    redis_url: str
    demo_url: str
    dashboard_url: str
    secret_key: str  #: Signs the dashboard's sessions; kept, so that they outlive a restart.
    allow_networks: str  #: What crawls may reach that is not public: the demo shop, if nobody says.

    def record(self) -> dict[str, str]:
        return asdict(self)

    def environment(self, home: Path) -> dict[str, str]:
        """The variables that tell a child all this."""
        return {
            "KUMO_HOME": str(home),
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "KUMO_DEMO_URL": self.demo_url,
            "KUMO_SECRET_KEY": self.secret_key,
            "KUMO_ALLOW_NETWORKS": self.allow_networks,
        }


def decide(
    settings: Config, home: Path, database: Server | None, bells: Server | None
) -> Addresses:
    """The addresses of the embedded servers, and the configured ones where there is none."""
    taken = settings.demo_port == 0 or not kept.is_free(settings.demo_port)
    demo_port = kept.free_port() if taken else settings.demo_port
    return Addresses(
        database_url=database.url if database else settings.require_database_url(),
        redis_url=bells.url if bells else settings.require_redis_url(),
        demo_url=f"http://{kept.LOOPBACK}:{demo_port}",
        dashboard_url=_dashboard(settings),
        secret_key=settings.secret_key or kept.secret(home / "secret_key"),
        allow_networks=_allowed(settings),
    )


def _allowed(settings: Config) -> str:
    allowed = settings.allow_networks
    return networks.written(networks.LOOPBACK if allowed is None else allowed)


def _dashboard(settings: Config) -> str:
    host = _EVERY_INTERFACE.get(settings.host, settings.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
