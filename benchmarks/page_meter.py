"""What an answer of the dashboard costs: time, statements, bytes.

The app is asked in this process, as a WSGI server asks it, so that no network is in the figures.
"""

import re
import time
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event

from benchmarks.failure import BenchmarkFailed
from benchmarks.question import Sample

_TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')


class PageMeter:
    """Somebody who is signed in, and a count of what their pages ask of the database."""

    def __init__(self, app: Flask, engine: Engine) -> None:
        self._browser = app.test_client()
        self._count = 0
        self._seconds = self._began = 0.0
        #: The statement of the last page that took longest, and its values; for whoever asks why.
        self.slowest: tuple[float, str, Any] = (0.0, "", None)
        event.listen(engine, "before_cursor_execute", self._before)
        event.listen(engine, "after_cursor_execute", self._after)

    def sign_in(self, name: str, password: str) -> None:
        found = _TOKEN.search(self._browser.get("/sign-in").text)
        assert found
        form = {"csrf_token": found[1], "name": name, "password": password}
        if self._browser.post("/sign-in", data=form).status_code != 303:
            raise BenchmarkFailed(f"{name} cannot sign in to the large database.")

    def ask(self, path: str) -> Sample:
        """What the page of that address cost. Raises BenchmarkFailed when it is not there."""
        self._count, self._seconds, self.slowest = 0, 0.0, (0.0, "", None)
        began, cpu_began = time.perf_counter(), time.thread_time()
        with self._browser.get(path) as answer:
            size = len(answer.data)
        took, cpu = time.perf_counter() - began, time.thread_time() - cpu_began
        if answer.status_code != 200:
            raise BenchmarkFailed(f"{path} answers {answer.status}.")
        return {
            "time": took * 1_000,
            "CPU of Kumo": cpu * 1_000,
            "SQL": self._seconds * 1_000,
            "statements": float(self._count),
            "size": size / 1_000,
        }

    def _before(self, *_: Any) -> None:
        self._began = time.perf_counter()

    def _after(self, _: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
        took = time.perf_counter() - self._began
        self._count += 1
        self._seconds += took
        self.slowest = max(self.slowest, (took, statement, values), key=lambda each: each[0])
