"""How long a process has to stop: longer than it takes, and the same wherever it runs."""

from orchestrator.config import Config
from tests.compose import SERVICES
from tests.deploy.test_kubernetes import pods
from tests.deploy.test_systemd import service

#: What a worker promises.
PROMISED_SECONDS = 25
#: From there to where it is killed.
GRACE_SECONDS = 30


def test_a_crawl_cannot_be_given_more_time_than_its_worker_promises() -> None:
    bounds = [getattr(each, "le", 0) for each in Config.model_fields["stop_seconds"].metadata]
    # What the worker takes beside that: to notice, to hand back and to end.
    assert max(bounds) + 5 <= PROMISED_SECONDS < GRACE_SECONDS


def test_workers_have_the_same_grace_everywhere() -> None:
    composed = {
        SERVICES[name]["stop_grace_period"]
        for name in ("worker", "worker-browser", "worker-control")
    }
    assert composed == {f"{GRACE_SECONDS}s"}
    in_pods = dict(pods())
    assert {in_pods[name]["terminationGracePeriodSeconds"] for name in ("worker", "control")} == {
        GRACE_SECONDS
    }
    units = [service(f"kumo-{name}") for name in ("worker", "browser", "control")]
    assert {unit["TimeoutStopSec"] for unit in units} == {str(GRACE_SECONDS)}
    # To all at once, crawlers would be stopped by two.
    assert {unit["KillMode"] for unit in units} == {"mixed"}


def test_a_dashboard_has_time_to_answer_what_it_was_asked() -> None:
    command = SERVICES["dashboard"]["command"]
    graceful = int(command[command.index("--graceful-timeout") + 1])
    pod = dict(pods())["dashboard"]
    waits = int(pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    assert graceful + waits < pod["terminationGracePeriodSeconds"]
    assert graceful < int(service("kumo-dashboard")["TimeoutStopSec"])
