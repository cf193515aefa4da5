"""Static files, named with their version, so that a browser asks for each of them once.

A page has a dozen; to ask anew for each whether it has changed would cost more than the page.
"""

from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flask import Flask, request
from flask.wrappers import Response

_YEAR_SECONDS = 31_536_000


def attach(app: Flask) -> None:
    versions = {
        "static": _digest(Path(app.static_folder or "")),
        "bootstrap.static": version("bootstrap-flask"),
    }

    def name_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint in versions:
            values.setdefault("v", versions[endpoint])

    def keep(response: Response) -> Response:
        if versions.get(request.endpoint or "") == request.args.get("v", ""):
            response.headers["Cache-Control"] = f"public, max-age={_YEAR_SECONDS}, immutable"
        return response

    app.url_defaults(name_version)
    app.after_request(keep)


def _digest(folder: Path) -> str:
    """Of the content, since every machine that serves the same files should name them alike."""
    contents = (each.read_bytes() for each in sorted(folder.rglob("*")) if each.is_file())
    return blake2b(b"\0".join(contents), digest_size=6).hexdigest()
