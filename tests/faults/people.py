"""Somebody at a dashboard of their own: a gunicorn process, signed in to, pressed and killed."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import psutil
import pytest
import requests

from orchestrator import config
from tests.browser import served
from tests.orchestrator.ledger import given
from tests.orchestrator.ledger.given import PASSWORD

_TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')


class Person:
    """An operator in front of a dashboard."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False
        self._token = ""
        #: How long the last answer took.
        self.waited = 0.0

    def get(self, path: str) -> requests.Response:
        return self._ask("GET", path)

    def press(self, path: str, **fields: str) -> requests.Response:
        return self._ask("POST", path, {"csrf_token": self._token} | fields)

    def sign_in(self) -> None:
        self.get("/sign-in")
        answer = self.press("/sign-in", name="hanako", password=PASSWORD)
        assert answer.status_code == 303, answer.text
        assert self.get("/targets").ok

    def _ask(self, method: str, path: str, data: dict[str, str] | None = None) -> requests.Response:
        began = monotonic()
        answer = self._session.request(
            method, self.url + path, data=data, timeout=30, allow_redirects=False
        )
        self.waited = monotonic() - began
        if found := _TOKEN.search(answer.text):
            self._token = found[1]
        return answer


@contextmanager
def at_a_dashboard(
    *, app: str = "dashboard.wsgi:app", root: Path = served.ROOT, **environment: str
) -> Iterator[Person]:
    """Somebody signed in to a dashboard process with this environment.

    It is that of the version of Kumo in `root`, which calls it `app`.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setenv("KUMO_SECRET_KEY", "a secret that only tests know")
        config.get.cache_clear()
        _make_account()
        with served.listening() as listener, served.dashboard(listener, app=app, root=root) as url:
            person = Person(url)
            person.sign_in()
            yield person
    config.get.cache_clear()


def kill_dashboard(person: Person) -> None:
    """SIGKILL to all processes of it, whatever they are at."""
    ours = psutil.Process().children(recursive=True)
    for process in ours:
        if "dashboard.wsgi:app" in " ".join(process.cmdline()):
            os.kill(process.pid, signal.SIGKILL)


def _make_account() -> None:
    if not given.count("users"):
        given.a_person("hanako")
