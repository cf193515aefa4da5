from pathlib import Path

import pytest

from orchestrator.config import Config
from orchestrator.embedded import addresses


@pytest.mark.parametrize(
    ("said", "allowed"),
    [
        ("", "127.0.0.0/8,::1/128"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("none", "none"),
    ],
)
def test_crawls_may_reach_this_machine_unless_somebody_says_otherwise(
    said: str, allowed: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KUMO_ALLOW_NETWORKS", said)
    monkeypatch.setenv("DATABASE_URL", "postgresql://kumo@db/kumo")
    monkeypatch.setenv("REDIS_URL", "redis://redis")
    known = addresses.decide(Config(KUMO_DEMO_PORT=0), tmp_path, None, None)
    assert known.environment(tmp_path)["KUMO_ALLOW_NETWORKS"] == allowed
    assert known.record()["allow_networks"] == allowed
