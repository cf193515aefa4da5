"""Requests as the frontier keeps them: JSON, with defaults left out.

Whoever can write to Redis must not be able to run code, so nothing is unpickled, no class is
loaded by a name found there, and a callback is a method of the spider or nothing.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable
from math import isfinite
from typing import Any, Final

import orjson
from scrapy import Request, Spider
from scrapy.http import FormRequest, JsonRequest, XmlRpcRequest

#: The kinds of request that can be written down; others stay in the crawler's memory.
_KINDS: Final[dict[str, type[Request]]] = {
    "": Request,
    "form": FormRequest,
    "json": JsonRequest,
    "xmlrpc": XmlRpcRequest,
}
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}


class NotWritable(ValueError):
    """The request holds something that JSON cannot give back as it was."""


def write(request: Request, spider: Spider) -> bytes:
    """The request as JSON. Raises NotWritable."""
    kind = _NAMES.get(type(request))
    if kind is None:
        raise NotWritable(f"a {type(request).__name__}")
    record: dict[str, Any] = {"u": request.url}
    if kind:
        record["t"] = kind
    if request.callback is not None:
        record["c"] = _method_name(spider, request.callback)
    if request.errback is not None:
        record["e"] = _method_name(spider, request.errback)
    if request.method != "GET":
        record["m"] = request.method
    if request.headers:
        record["h"] = {
            _text(name): [_text(v) for v in values] for name, values in request.headers.items()
        }
    if request.body:
        record["b"] = b64encode(request.body).decode()
    try:
        _write_rest(request, record)
        return orjson.dumps(record)
    except (TypeError, RecursionError) as error:
        raise NotWritable(str(error)) from error


def read(record: bytes, spider: Spider) -> Request:
    """The request that `record` describes."""
    fields = orjson.loads(record)
    return _KINDS[fields.get("t", "")](
        fields["u"],
        callback=_method(spider, fields.get("c")),
        errback=_method(spider, fields.get("e")),
        method=fields.get("m", "GET"),
        headers={
            name: [v.encode("latin-1") for v in values]
            for name, values in fields.get("h", {}).items()
        },
        body=b64decode(fields.get("b", "")),
        cookies=fields.get("k"),
        meta=fields.get("x"),
        encoding=fields.get("n", "utf-8"),
        priority=fields.get("p", 0),
        dont_filter=fields.get("d", False),
        flags=fields.get("f"),
        cb_kwargs=fields.get("a"),
    )


def _write_rest(request: Request, record: dict[str, Any]) -> None:
    for name, value in (
        ("k", request.cookies),
        ("x", request.meta),
        ("a", request.cb_kwargs),
        ("f", request.flags),
    ):
        if value:
            record[name] = _plain(value)
    if request.priority:
        record["p"] = request.priority
    if request.dont_filter:
        record["d"] = True
    if request.encoding != "utf-8":
        record["n"] = request.encoding


def _plain(value: Any) -> Any:
    """The value itself, when JSON gives it back exactly: a tuple would come back as a list."""
    kind = type(value)
    if kind is str or kind is int or value is None or kind is bool:
        return value
    if kind is float and isfinite(value):
        return value
    if kind is dict:
        for name, each in value.items():
            if type(name) is not str:
                raise NotWritable(f"a key that is a {type(name).__name__}")
            _plain(each)
        return value
    if kind is list:
        for each in value:
            _plain(each)
        return value
    raise NotWritable(f"a {kind.__name__}")


def _method_name(spider: Spider, method: Callable[..., Any]) -> str:
    name: str = getattr(method, "__name__", "")
    bound = getattr(spider, name, None) if name else None
    if getattr(bound, "__func__", None) is not getattr(method, "__func__", method):
        raise NotWritable(f"{name or method!r}, which is no method of the spider")
    return name


def _method(spider: Spider, name: str | None) -> Callable[..., Any] | None:
    if name is None:
        return None
    method = getattr(spider, name)
    if getattr(method, "__self__", None) is not spider:
        raise NotWritable(f"{name}, which is no method of the spider")
    return method  # type: ignore[no-any-return]


def _text(value: bytes) -> str:
    return value.decode("latin-1")
