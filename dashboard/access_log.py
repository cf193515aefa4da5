"""What gunicorn logs: its own lines and one for each request, written as all others are."""

import re
from datetime import timedelta
from typing import Any

from gunicorn.glogging import Logger

from orchestrator import log_format
from orchestrator.ledger import secrecy

#: Whoever has the address of a feed may read it.
_FEED = re.compile(r"^/feeds/[^/.]+")


class AccessLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """As gunicorn's; where JSON is asked for, a request is fields and not a line of Apache's."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        log_format.dress(self.error_log, self.access_log)

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        if not log_format.is_json():
            super().access(resp, req, environ, request_time)
            return
        method, path = environ["REQUEST_METHOD"], _path(environ["PATH_INFO"])
        status = str(resp.status).partition(" ")[0]
        self.access_log.info(
            "%s %s: %s",
            method,
            path,
            status,
            extra={
                "action": "answered",
                "method": method,
                "path": path,
                "status": int(status),
                "seconds": round(request_time.total_seconds(), 4),
                "bytes": getattr(resp, "sent", None),
                "address": environ.get("REMOTE_ADDR"),
            },
        )


def _path(path: str) -> str:
    return _FEED.sub(f"/feeds/{secrecy.MASK}", path)
