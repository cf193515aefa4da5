import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config

from dashboard.access_log import AccessLog


@pytest.fixture(autouse=True)
def _gunicorns_loggers() -> Iterator[None]:
    """As they were, whatever writes for them meanwhile."""
    loggers = [logging.getLogger(name) for name in ("gunicorn.error", "gunicorn.access")]
    before = [list(logger.handlers) for logger in loggers]
    yield
    for logger, handlers in zip(loggers, before, strict=True):
        logger.handlers[:] = handlers


def answered(path: str, query: str = "") -> None:
    settings = Config()
    settings.set("accesslog", "-")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "RAW_URI": f"{path}?{query}",
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.1",
    }
    response = SimpleNamespace(status="200 OK", sent=1234, headers=[])
    request = SimpleNamespace(headers=[])
    AccessLog(settings).access(response, request, environ, timedelta(milliseconds=12))


def test_a_request_is_an_object_with_its_fields(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUMO_LOG_FORMAT", "json")
    answered("/feeds/a-secret-address.rss", "token=hunter2")
    written = capsys.readouterr().out
    line = json.loads(written)
    assert line["message"] == "GET /feeds/••••••.rss: 200"
    assert (line["status"], line["seconds"], line["bytes"]) == (200, 0.012, 1234)
    assert "hunter2" not in written


def test_as_text_it_is_the_line_that_gunicorn_writes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answered("/jobs", "status=failed")
    assert '"GET /jobs?status=failed HTTP/1.1" 200 1234' in capsys.readouterr().out
