"""Webhooks: a signed JSON body by POST, since Apprise cannot sign.

The signature is an HMAC with SHA-256 over the time, a full stop and the body: a receiver that
compares it, and the time with its own, takes nothing from others and nothing twice.
"""

import base64
import hashlib
import hmac
import json
import time
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from orchestrator.exceptions import NotDelivered, Sentence

TIMESTAMP, SIGNATURE, DELIVERY = "Kumo-Timestamp", "Kumo-Signature", "Kumo-Delivery"
_TAKEN = range(200, 300)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    signed = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={signed.hexdigest()}"


def post(url: str, payload: dict[str, Any], *, secret: str, seconds: float) -> None:
    """Sends it. Raises NotDelivered unless the receiver answers that it has it."""
    parts = urlsplit(url)
    body = json.dumps(payload, ensure_ascii=False).encode()
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=seconds)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", path, body, _headers(parts, payload, body, secret))
        status = connection.getresponse().status
    except TimeoutError as error:
        sentence = Sentence(
            "The receiver did not answer within %(seconds)s s.", seconds=f"{seconds:g}"
        )
        raise NotDelivered(sentence) from error
    except (OSError, HTTPException, ValueError) as error:
        sentence = Sentence("The receiver cannot be reached: %(trouble)s.", trouble=_trouble(error))
        raise NotDelivered(sentence) from error
    finally:
        connection.close()
    if status not in _TAKEN:
        raise NotDelivered(Sentence("The receiver answered %(status)s.", status=status))


def _headers(
    parts: SplitResult, payload: dict[str, Any], body: bytes, secret: str
) -> dict[str, str]:
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Kumo",
        TIMESTAMP: timestamp,
        SIGNATURE: signature(secret, timestamp, body),
        DELIVERY: str(payload["id"]),
    }
    if parts.username is not None:
        known = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = f"Basic {base64.b64encode(known.encode()).decode()}"
    return headers


def _trouble(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
