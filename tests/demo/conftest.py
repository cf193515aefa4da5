"""Real demo shops for the tests, each a process of its own on a free port."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

DAY = 300


@dataclass(frozen=True)
class Answer:
    status: int
    content_type: str
    text: str


@dataclass(frozen=True)
class RunningShop:
    url: str
    process: subprocess.Popen[str]

    def get(self, address: str, method: str = "GET") -> Answer:
        url = address if address.startswith("http") else self.url + address
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            answer = opener.open(urllib.request.Request(url, method=method), timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return Answer(answer.status, answer.headers.get_content_type(), answer.read().decode())

    def stats(self) -> dict[str, Any]:
        return json.loads(self.get("/_stats").text)


OpenShop = Callable[..., RunningShop]


@pytest.fixture(scope="module")
def open_shop() -> Iterator[OpenShop]:
    """Opens a shop: `open_shop("--pages", "200")`."""
    processes: list[subprocess.Popen[str]] = []

    def start(*options: str) -> RunningShop:
        command = [sys.executable, "-m", "demo", "--port", "0", *options]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        processes.append(process)
        line = process.stdout.readline()
        assert line.startswith("Demo shop on http://127.0.0.1:"), process.stderr.read()
        return RunningShop(line.split()[-1], process)

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def shop(open_shop: OpenShop) -> RunningShop:
    """The shop of the usual size; it shows day 300 to whoever asks for no other."""
    return open_shop("--day", str(DAY))
