"""An executor between real HTTP servers, all on loopback: what comes in, what nodes see, what goes out."""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from scripts.local_cluster.executor.grpc_server import serve_grpc
from scripts.local_cluster.executor.server import Executor, serve_http
from scripts.local_cluster.executor.settings import Settings, read_settings
from scripts.local_cluster.ports import free_ports

DEPLOYMENT = "wines"
NAMESPACE = "production"
PREDICTOR = "v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as a node or a sink saw it; header names are lower-case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a node or the executor answers; header names are lower-case."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


def answer_with(body: object, **headers: str) -> Answer:
    """An answer of 200 with this as JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(body=json.dumps(body).encode(), headers={"content-type": "application/json", **named})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A server that keeps what it was asked."""

    port: int
    asked: list[Asked]
    arrived: threading.Condition

    def wait_for(self, count: int, *, timeout: float = 60.0) -> list[Asked]:
        """What was asked, once there are so many."""
        with self.arrived:
            self.arrived.wait_for(lambda: len(self.asked) >= count, timeout)
            return list(self.asked)

    @property
    def calls(self) -> list[str]:
        """Method and path of all that was asked, in order."""
        return [f"{each.method} {each.path}" for each in self.asked]


@contextmanager
def listening(reply: Callable[[Asked], Answer], *, port: int = 0) -> Iterator[Listener]:
    """A server on loopback that answers by a function, which is called from a thread per connection."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            asked = Asked(
                method=self.command,
                path=self.path,
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(length),
            )
            with listener.arrived:
                listener.asked.append(asked)
                listener.arrived.notify_all()
            answer = reply(asked)
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = _answer

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server(("127.0.0.1", port), Handler)
    listener = Listener(port=server.server_address[1], asked=[], arrived=threading.Condition())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def node(name: str, kind: str = "MODEL", *children: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A node of a graph, without an endpoint yet."""
    return {"name": name, "type": kind, "children": list(children), **more}


def with_endpoints(graph: Mapping[str, Any], port: int) -> dict[str, Any]:
    """The graph as the operator renders it, with all nodes behind one port."""
    endpoint = {"service_host": "localhost", "service_port": port, "httpPort": port, "grpcPort": port}
    return {
        "endpoint": endpoint,
        **graph,
        "children": [with_endpoints(child, port) for child in graph.get("children") or ()],
    }


def encode_predictor(
    graph: Mapping[str, Any], *, annotations: Mapping[str, str] | None = None, image: str = ""
) -> str:
    """`ENGINE_PREDICTOR` of a predictor with this graph."""
    names = _names(graph)
    body = {
        "name": PREDICTOR,
        "annotations": dict(annotations or {}),
        "componentSpecs": [{"spec": {"containers": [{"name": name, "image": image} for name in names]}}],
        "graph": graph,
    }
    return base64.b64encode(json.dumps(body).encode()).decode()


def _names(graph: Mapping[str, Any]) -> list[str]:
    return [graph["name"], *(name for child in graph.get("children") or () for name in _names(child))]


def arguments(
    *, http_port: int, grpc_port: int = 0, protocol: str = "v2", flags: Mapping[str, str] | None = None
) -> list[str]:
    """The arguments that the operator renders."""
    given = {
        "sdep": DEPLOYMENT,
        "namespace": NAMESPACE,
        "predictor": PREDICTOR,
        "http_port": str(http_port),
        "grpc_port": str(grpc_port),
        "protocol": protocol,
        "transport": "rest",
        "prometheus_path": "/prometheus",
        "server_type": "rpc",
        **(flags or {}),
    }
    return [word for name, value in given.items() for word in (f"--{name}", value)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """An executor that serves."""

    port: int
    nodes: Listener

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | object | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Its answer, exactly as it is on the wire; nothing is added to the headers but Host and length."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(content or b"")))
            connection.endheaders(content)
            response = connection.getresponse()
            return Answer(
                status=response.status,
                body=response.read(),
                headers={name.lower(): value for name, value in response.getheaders()},
            )
        finally:
            connection.close()

    def post(self, path: str, body: bytes | object, **headers: str) -> Answer:
        """Its answer to a POST of JSON; header names with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", path, body, named)

    def get(self, path: str) -> Answer:
        """Its answer to a GET."""
        return self.ask("GET", path)

    def metrics(self) -> dict[str, float]:
        """Its series, by name and labels as Prometheus' text has them."""
        lines = self.get("/prometheus").body.decode().splitlines()
        pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {series: float(value) for series, _, value in pairs}


@contextmanager
def running(
    graph: Mapping[str, Any],
    reply: Callable[[Asked], Answer] = lambda asked: Answer(),
    *,
    protocol: str = "v2",
    environment: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    image: str = "",
    flags: Mapping[str, str] | None = None,
) -> Iterator[Running]:
    """An executor before nodes that answer by a function."""
    with listening(reply) as nodes:
        encoded = encode_predictor(with_endpoints(graph, nodes.port), annotations=annotations, image=image)
        (port,) = free_ports(1)
        settings = read_settings(
            arguments(http_port=port, protocol=protocol, flags=flags),
            {"ENGINE_PREDICTOR": encoded, "MODELSYNC_POD_IP": "127.0.0.1", **(environment or {})},
        )
        with serving(settings):
            yield Running(port=port, nodes=nodes)


@contextmanager
def serving(settings: Settings, *, grpc: bool = False) -> Iterator[None]:
    """An executor in a thread of its own, over HTTP alone or over gRPC, too."""
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()

    async def serve() -> None:
        executor = Executor(settings)
        runner = await serve_http(executor, settings)
        calls = await serve_grpc(settings, executor.metrics) if grpc else None
        ready.set()
        await ended.wait()
        if calls is not None:
            await calls.stop(None)
        await runner.cleanup()
        await executor.close()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(60)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()
