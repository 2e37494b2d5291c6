"""Which requests an executor answers: method and path to what is to be done."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from enum import Enum, auto

from scripts.local_cluster.executor.protocols import Protocol


class Task(Enum):
    """What a request asks for."""

    READY = auto()
    LIVE = auto()
    METRICS = auto()
    PREDICT = auto()
    FEEDBACK = auto()
    STATUS = auto()  # of one node
    METADATA = auto()  # of one node
    GRAPH_STATUS = auto()
    GRAPH_METADATA = auto()
    HEALTH = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A path of an executor. No methods: all; each other one answers OPTIONS, too.

    `service` is its name in the metrics; requests of a route without one are not counted.
    """

    pattern: re.Pattern[str]
    task: Task
    methods: tuple[str, ...] = ()
    service: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The route of a request, and the node or model that its path names, if any."""

    route: Route
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFound:
    """Nothing under that path, or not by that method: 404, or 405."""

    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The path is not in its plain form, which is `path`."""

    path: str


_GET = ("GET", "OPTIONS")
_POST = ("OPTIONS", "POST")
_MODEL = r"(?P<model>[^/]+)"


def _route(path: str, task: Task, methods: tuple[str, ...] = (), service: str = "") -> Route:
    return Route(pattern=re.compile(path), task=task, methods=methods, service=service)


_BOTH = r"/api/v(0\.1|1\.0)"

_SELDON = (
    _route(f"{_BOTH}/predictions", Task.PREDICT, _POST, "predictions"),
    _route(f"{_BOTH}/feedback", Task.FEEDBACK, _POST, "feedback"),
    _route(f"{_BOTH}/status/{_MODEL}", Task.STATUS, _GET, "status"),
    _route(f"{_BOTH}/metadata/{_MODEL}", Task.METADATA, _GET, "metadata"),
    _route(r"/api/v1\.0/status", Task.GRAPH_STATUS, _GET, "status"),
    _route(r"/api/v1\.0/metadata", Task.GRAPH_METADATA, _GET, "metadata"),
    _route(r"/api/v1\.0/health/status", Task.HEALTH, _GET, "status"),
)

_V2 = (
    _route(f"/v2/models/{_MODEL}/infer", Task.PREDICT, _POST, "predictions"),
    _route("/v2/models/infer", Task.PREDICT, _POST, "predictions"),
    _route(f"/v2/models/{_MODEL}/ready", Task.STATUS, _GET, "status"),
    _route(f"/v2/models/{_MODEL}", Task.METADATA, _GET, "metadata"),
    _route("/v2/health/ready", Task.HEALTH, _GET, "status"),
)


def routes_of(protocol: Protocol, metrics_path: str) -> tuple[Route, ...]:
    """All routes of an executor, in the order in which they are tried."""
    common = (
        _route("/ready", Task.READY),
        _route("/live", Task.LIVE),
        _route(re.escape(metrics_path), Task.METRICS),
    )
    return common + (_V2 if protocol.is_v2 else _SELDON)


def find_route(routes: tuple[Route, ...], method: str, path: str) -> Found | NotFound | Moved:
    """The first route that fits path and method."""
    plain = _plain(path)
    if plain != path:
        return Moved(path=plain)
    status = 404
    for route in routes:
        match = route.pattern.fullmatch(path)
        if match is None:
            continue
        if route.methods and method not in route.methods:
            status = 405
            continue
        return Found(route=route, model=match.groupdict().get("model") or "")
    return NotFound(status=status)


def _plain(path: str) -> str:
    # Doubled slashes and dots are taken out; a slash at the end stays.
    cleaned = posixpath.normpath("/" + path.lstrip("/"))
    return cleaned + "/" if path.endswith("/") and cleaned != "/" else cleaned
