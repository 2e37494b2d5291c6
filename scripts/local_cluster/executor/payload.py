"""What is sent between nodes, and how one node's answer becomes the next one's request."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from scripts.local_cluster.executor.errors import Crash, GraphError

ALL_CHILDREN = -1
"""A route: every child."""
NO_CHILD = -2
"""A route: none, what came in is the answer."""

_MESSAGE = frozenset({"data", "binData", "strData", "jsonData", "customData", "meta", "status"})

_ESCAPES = (
    (b"<", b"\\u003c"),
    (b">", b"\\u003e"),
    (b"&", b"\\u0026"),
    ("\u2028".encode(), b"\\u2028"),
    ("\u2029".encode(), b"\\u2029"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """A body as it is on the wire. `encoding` is empty for what clients send, whatever they named."""

    body: bytes
    content_type: str = ""
    encoding: str = ""


def escape(payload: Payload) -> bytes:
    """The body as callers get it: with what HTML knows escaped, unless it is compressed."""
    body = payload.body
    if payload.encoding:
        return body
    for plain, escaped in _ESCAPES:
        if plain in body:
            body = body.replace(plain, escaped)
    return body


def decompress(payload: Payload) -> bytes:
    """The body in plain. Raises GraphError when it is not the gzip that it says."""
    if payload.encoding != "gzip":
        return payload.body
    try:
        return gzip.decompress(payload.body)
    except (OSError, EOFError, zlib.error) as error:
        raise GraphError(f"gzip: {error}") from error


def chain(payload: Payload) -> Payload:
    """A request of protocol v2 as it is, an answer with its outputs as inputs.

    Raises GraphError when it is neither, or no JSON; Crash when it is JSON of another type than object.
    """
    body = _parse_json(decompress(payload))
    if not isinstance(body, dict):
        raise Crash(f"a {type(body).__name__} where an object was expected")
    if "inputs" in body:
        return payload
    if "outputs" not in body:
        raise GraphError("a payload of protocol v2 with neither inputs nor outputs")
    body["inputs"] = body.pop("outputs")
    return Payload(body=_write_json(body), content_type=payload.content_type)


def combine(payloads: Iterable[Payload]) -> Payload:
    """The request of a combiner: the bodies as a JSON list, as they are."""
    joined = b",".join(payload.body for payload in payloads)
    return Payload(body=b"[" + joined + b"]", content_type="application/json")


def read_route(payload: Payload) -> int:
    """The first number of a router's answer: a SeldonMessage with ndarray or tensor, or a JSON list.

    Raises GraphError when it is no such thing, Crash when there is no number in it.
    """
    body = _parse_json(payload.body)
    if isinstance(body, dict):
        if not set(body) <= _MESSAGE:
            raise GraphError("a router's answer that is neither a SeldonMessage nor a list of numbers")
        data = body.get("data")
        if not isinstance(data, dict):
            raise Crash("a router's answer without data")
        routes = data["ndarray"] if "ndarray" in data else (data.get("tensor") or {}).get("values")
        if routes is None:
            return ALL_CHILDREN
    elif isinstance(body, list):
        routes = body
    else:
        raise GraphError(f"a router's answer that is a {type(body).__name__}")
    first = routes[0] if isinstance(routes, list) and routes else None
    if isinstance(first, list):
        first = first[0] if first else None
    if not isinstance(first, (int, float)):
        raise Crash("a router's answer without a number")
    return int(first)


def read_feedback_route(payload: Payload, node: str) -> int:
    """Which child predicted, from `response.meta.routing` of a feedback; all when it does not say."""
    try:
        value = json.loads(payload.body)
        for key in ("response", "meta", "routing", node):
            value = value[key]
        return int(value)
    except (ValueError, KeyError, TypeError):
        return ALL_CHILDREN


def insert_routing(payload: Payload, routing: Mapping[str, int]) -> Payload:
    """The payload with `meta.routing`, or unchanged when its `meta` is no object."""
    try:
        body = json.loads(payload.body)
    except ValueError:
        return payload
    if not isinstance(body, dict) or not isinstance(body.get("meta"), dict):
        return payload
    body["meta"]["routing"] = dict(routing)
    return Payload(body=_write_json(body), content_type=payload.content_type, encoding=payload.encoding)


def failure(info: str) -> bytes:
    """The body of an answer to a request that failed in the executor itself."""
    return _write_json({"status": {"code": 500, "info": info, "status": "FAILURE"}})


def _parse_json(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except ValueError as error:
        raise GraphError(f"not JSON: {error}") from error


def _refuse_constant(name: str) -> NoReturn:
    # Python reads NaN and Infinity, Go does not.
    raise ValueError(f"invalid character {name[0]!r}")


def _write_json(body: Any) -> bytes:
    # Go writes keys in order and text as UTF-8.
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")
