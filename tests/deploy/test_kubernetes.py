"""The manifests: valid, as restricted as Kubernetes knows it, and starting what compose starts.

The commands themselves are started by tests/test_compose.py.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from orchestrator.config import Config
from tests.compose import SERVICES

KUBERNETES = Path(__file__).parents[2] / "deploy/kubernetes"
#: The components, by the service of compose that is the same.
SAME = {
    "migrate": "migrate",
    "worker": "worker",
    "control": "worker-control",
    "beat": "beat",
    "dashboard": "dashboard",
}


def written() -> list[dict[str, Any]]:
    """What stands in the files, as it would be before any overlay."""
    files = sorted({*KUBERNETES.rglob("*.yaml")} - {*KUBERNETES.rglob("kustomization.yaml")})
    return [each for file in files for each in yaml.safe_load_all(file.read_text())]


@cache
def rendered() -> list[dict[str, Any]]:
    """What `kubectl apply -k` would send."""
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not here")
    done = subprocess.run(
        ["kubectl", "kustomize", KUBERNETES / "example"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for each in written():
        if each["kind"] in ("Deployment", "Job"):
            template = each["spec"]["template"]
            yield template["metadata"]["labels"]["app.kubernetes.io/component"], template["spec"]


def containers() -> dict[str, dict[str, Any]]:
    return {name: pod["containers"][0] for name, pod in pods()}


@pytest.mark.parametrize("version", ["1.30", "1.37"])
def test_every_object_is_what_kubernetes_says(version: str) -> None:
    for each in written():
        kubernetes_validate.validate(each, version, strict=True)


def test_what_the_example_renders_to_is_too() -> None:
    for each in rendered():
        kubernetes_validate.validate(each, "1.37", strict=True)


def test_the_example_puts_its_image_and_its_settings_everywhere() -> None:
    images = {
        container["image"]
        for each in rendered()
        if each["kind"] in ("Deployment", "Job")
        for container in each["spec"]["template"]["spec"]["containers"]
    }
    assert len(images) == 1
    assert not images & {"kumo"}
    settings = next(each for each in rendered() if each["kind"] == "ConfigMap")
    known = {str(field.validation_alias) for field in Config.model_fields.values()}
    assert set(settings["data"]) <= known
    assert settings["data"]["KUMO_TLS"] == "true"
    assert Config(**settings["data"]).proxies == 1


def test_each_pod_starts_what_compose_starts() -> None:
    commands = {name: container["command"] for name, container in containers().items()}
    assert commands == {name: SERVICES[service]["command"] for name, service in SAME.items()}


def test_each_is_asked_what_compose_asks() -> None:
    for name in ("worker", "control", "beat"):
        asked = containers()[name]["readinessProbe"]["exec"]["command"]
        kind, *check = SERVICES[SAME[name]]["healthcheck"]["test"]
        line = [*(["sh", "-c"] if kind == "CMD-SHELL" else []), *check]
        assert asked == [word.replace("$$", "$") for word in line]


def test_no_outage_of_a_server_kills_a_process() -> None:
    """What lives as long as a crawl is not killed since a server that it waits for is away."""
    alive = {name: each.get("livenessProbe") for name, each in containers().items()}
    probe = alive.pop("dashboard")
    assert probe
    assert probe["httpGet"]["path"] == "/healthz"
    assert not any(alive.values())


def test_pods_are_as_restricted_as_kubernetes_knows_it() -> None:
    for name, pod in pods():
        asked = pod["securityContext"]
        assert asked["runAsNonRoot"] is True
        assert asked["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
        assert all("emptyDir" in volume for volume in pod["volumes"]), name
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": True,
            }
            assert container["resources"]["limits"]["memory"]


def test_a_worker_has_memory_for_its_crawls() -> None:
    settings = Config()
    limit = re.fullmatch(r"(\d+)Mi", containers()["worker"]["resources"]["limits"]["memory"])
    assert limit
    assert int(limit[1]) >= settings.slots * settings.job_memory_mb + 256


def test_secrets_are_named_and_never_written() -> None:
    sources = {
        name: [
            source["secretRef"]["name"] for source in container["envFrom"] if "secretRef" in source
        ]
        for name, container in containers().items()
    }
    assert sources == {
        "migrate": ["kumo-owner"],
        "worker": ["kumo-worker", "kumo-targets"],
        "control": ["kumo-worker"],
        "beat": ["kumo-beat"],
        "dashboard": ["kumo-dashboard"],
    }
    assert not [each for each in written() if each["kind"] == "Secret"]
    assert not any("env" in container for container in containers().values())


def test_the_page_that_begins_makes_each_secret_with_what_its_part_is_told_elsewhere() -> None:
    page = (KUBERNETES.parents[1] / "docs/how-to/kubernetes.md").read_text()
    lines = page.replace("\\\n", " ").splitlines()
    made = [line.split(maxsplit=2)[1:] for line in lines if line.startswith("secret kumo")]
    keys = {name: set(re.findall(r"literal=(\w+)=", rest)) for name, rest in made}
    addresses = {"DATABASE_URL", "REDIS_URL"}
    assert keys == {
        "kumo-owner": {"DATABASE_URL"},
        "kumo-worker": addresses,
        "kumo-beat": addresses,
        "kumo-dashboard": addresses | {"KUMO_SECRET_KEY"},
    }


def test_everybody_who_crawls_or_asks_a_website_may_leave_and_nobody_else() -> None:
    policies = {each["metadata"]["name"]: each["spec"] for each in written()
                if each["kind"] == "NetworkPolicy"}  # fmt: skip
    assert policies["kumo"]["podSelector"] == {}
    assert policies["kumo"]["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in policies["kumo"]
    out = policies["kumo-websites"]["podSelector"]["matchExpressions"][0]["values"]
    assert out == ["worker", "control"]
