"""The executor's HTTP side: from a request to the graph and back."""

from __future__ import annotations

import json
import logging
import os
import time
import uuid
from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp import web

from scripts.local_cluster.executor.calls import PUID, HttpCaller, open_session
from scripts.local_cluster.executor.errors import Crash, GraphError, ModelRefused
from scripts.local_cluster.executor.graph import Kind, Node
from scripts.local_cluster.executor.metrics import Metrics
from scripts.local_cluster.executor.names import Resolver
from scripts.local_cluster.executor.payload import Payload, escape, failure
from scripts.local_cluster.executor.protocols import Verb
from scripts.local_cluster.executor.readiness import accepts_connections, answers_health
from scripts.local_cluster.executor.request_log import RequestLog
from scripts.local_cluster.executor.routes import Found, Moved, NotFound, Task, find_route, routes_of
from scripts.local_cluster.executor.settings import Settings
from scripts.local_cluster.executor.walk import Event, Walk

_log = logging.getLogger("executor")

CRASHED = 2
"""The exit code of a Go program that panicked."""

_PLAIN = "text/plain; charset=utf-8"
_EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"
_ALLOWED_HEADERS = "Accept, Accept-Encoding, Authorization, Content-Length, Content-Type, X-CSRF-Token"
_YES = frozenset({"1", "t", "true", "on", "yes"})


class Executor:
    """Answers requests. Made and used within one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._graph = settings.predictor.graph
        self._routes = routes_of(settings.protocol, settings.metrics_path)
        self._resolver = Resolver(settings.names)
        self._session = open_session(settings.timeout, self._resolver)
        self.metrics = Metrics(settings)
        self.log = RequestLog(settings, self._resolver)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; on a crash there is no answer, the connection is closed."""
        path = request.raw_path.partition("?")[0]
        found = find_route(self._routes, request.method, path)
        if isinstance(found, Moved):
            return web.Response(status=301, headers={"Location": found.path})
        if isinstance(found, NotFound):
            if found.status == 405:
                return web.Response(status=405)
            headers = {"Content-Type": _PLAIN, "X-Content-Type-Options": "nosniff"}
            return web.Response(status=404, body=b"404 page not found\n", headers=headers)
        puid = request.headers.get(PUID) or str(uuid.uuid4())
        begun = time.perf_counter()
        try:
            response = await self._answer(request, found, puid)
        except Crash as crash:
            _log.error("panic: %s", crash)
            if crash.fatal:
                os._exit(CRASHED)  # as abruptly as the real one
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        response.headers[PUID] = puid
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Allow-Headers"] = _ALLOWED_HEADERS
        if found.route.methods:
            response.headers["Access-Control-Allow-Methods"] = ",".join(found.route.methods)
        if found.route.service and request.method != "OPTIONS":
            self.metrics.observe_answer(
                service=found.route.service,
                method=request.method.lower(),
                code=str(response.status),
                seconds=time.perf_counter() - begun,
            )
        return response

    async def close(self) -> None:
        """Close all connections to nodes, sinks and the name server."""
        await self.log.close()
        await self._session.close()
        await self._resolver.close()

    async def _answer(self, request: web.BaseRequest, found: Found, puid: str) -> web.Response:
        task = found.route.task
        if request.method == "OPTIONS" or task is Task.LIVE:
            return web.Response()
        if task is Task.METRICS:
            return web.Response(body=self.metrics.expose(), headers={"Content-Type": _EXPOSITION})
        if task in (Task.READY, Task.HEALTH):
            return web.Response(status=200 if await self._is_ready() else 503)
        walk = Walk(
            protocol=self._settings.protocol,
            caller=HttpCaller(
                session=self._session,
                address=self._settings.address,
                headers=request.headers,
                puid=puid,
                metrics=self.metrics,
            ),
            record=self._recorder(request, puid),
            model=found.model if task is Task.PREDICT else "",
            inject_routing=self._settings.inject_routing,
        )
        try:
            payload = await self._perform(task, request, walk, found.model)
        except ModelRefused as refusal:
            body = escape(Payload(body=refusal.body))
            return web.Response(status=refusal.status, body=body, headers={"Content-Type": _PLAIN})
        except GraphError as error:
            body = escape(Payload(body=failure(str(error))))
            return web.Response(status=500, body=body, headers={"Content-Type": _PLAIN})
        headers = {"Content-Type": payload.content_type}
        if payload.encoding:
            headers["Content-Encoding"] = payload.encoding
        return web.Response(body=escape(payload), headers=headers)

    async def _perform(self, task: Task, request: web.BaseRequest, walk: Walk, model: str) -> Payload:
        if task is Task.PREDICT:
            return await walk.predict(self._graph, await _read(request))
        if task is Task.FEEDBACK:
            return await walk.send_feedback(self._graph, await _read(request))
        if task is Task.GRAPH_METADATA:
            return await self._describe_graph(walk)
        verb = Verb.METADATA if task is Task.METADATA else Verb.STATUS
        return await walk.ask(self._graph, model or self._graph.name, verb)

    async def _describe_graph(self, walk: Walk) -> Payload:
        described: dict[str, Any] = {}
        for node in self._graph.walk():
            answer = await walk.ask(self._graph, node.name, Verb.METADATA)
            try:
                described[node.name] = json.loads(answer.body)
            except ValueError as error:
                raise GraphError(f"{node.name}: metadata that is not JSON: {error}") from error
        first, last = _edges(self._graph)
        body = {
            "name": self._settings.predictor.name,
            "models": described,
            "graphinputs": described[first.name].get("inputs"),
            "graphoutputs": described[last.name].get("outputs"),
        }
        return Payload(body=json.dumps(body).encode(), content_type="application/json")

    async def _is_ready(self) -> bool:
        settings = self._settings
        if settings.full_health_checks:
            return await answers_health(self._graph, settings.address, settings.protocol, self._session)
        return await accepts_connections(self._graph, settings.address, self._resolver)

    def _recorder(self, request: web.BaseRequest, puid: str) -> Callable[[Node, Event, Payload], None]:
        if request.headers.get("Seldon-Skip-Logging", "").lower() in _YES:
            return _record_nothing
        return lambda node, event, payload: self.log.record(node, event, payload, puid)


async def serve_http(executor: Executor, settings: Settings) -> web.ServerRunner:
    """Listen at the Pod's address; `cleanup` of what is returned waits for requests under way."""
    server = web.Server(
        executor.handle,
        access_log=None,
        auto_decompress=False,
        keepalive_timeout=65.0,
    )
    # Longer than any grace, which is not this one's to measure.
    runner = web.ServerRunner(server, shutdown_timeout=settings.grace + 60)
    await runner.setup()
    await web.TCPSite(runner, settings.address, settings.http_port, backlog=1024).start()
    return runner


async def _read(request: web.BaseRequest) -> Payload:
    # Not `request.read()`, which has a limit.
    try:
        body = await request.content.read()
    except aiohttp.ClientPayloadError as error:
        raise GraphError(str(error)) from error
    return Payload(body=body, content_type=request.headers.get("Content-Type", ""))


def _record_nothing(_node: Node, _event: Event, _payload: Payload) -> None:
    """For a request that asks not to be logged."""


def _edges(node: Node) -> tuple[Node, Node]:
    # Whose inputs are the graph's, and whose outputs; of several children the first stands for all.
    if not node.children:
        return node, node
    first, last = _edges(node.children[0])
    if node.kind in (Kind.MODEL, Kind.TRANSFORMER):
        return node, last
    if node.kind in (Kind.OUTPUT_TRANSFORMER, Kind.COMBINER):
        return first, node
    return first, last
