"""What all example components share: their parameters, their paths in both protocols, and the server."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Parameters = Mapping[str, Any]
"""A node's `parameters`, by name, as their declared types."""

Answering = Callable[[Any, Parameters], Any]
"""From a request's JSON to the answer's. Raises Refused."""

_TYPES: Mapping[str, Callable[[str], Any]] = {
    "INT": int,
    "FLOAT": float,
    "DOUBLE": float,
    "STRING": str,
    "BOOL": lambda text: text.lower() in ("1", "true"),
}
# How MLServer and Seldon's wrapper are asked for the same things.
_PATHS: Mapping[str, tuple[str, ...]] = {
    "predict": (r"/v2/models/[^/]+/infer", "/predict"),
    "transform-input": (r"/v2/models/[^/]+/infer", "/transform-input"),
    "transform-output": (r"/v2/models/[^/]+/infer", "/transform-output"),
    "route": (r"/v2/models/[^/]+/route", "/route"),
    "aggregate": (r"/v2/models/[^/]+/aggregate", "/aggregate"),
}
HEALTH = re.compile(
    r"/v2/health/(live|ready)|/v2/models/[^/]+/ready|(/api/v1\.0)?/health/(status|ping)|/live|/ready"
)
_METADATA = re.compile(r"/v2/models/[^/]+|/metadata")


class Refused(Exception):
    """A request that the component has no answer to; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """What a component does, by the verbs of the seldon protocol."""

    verbs: Mapping[str, Answering]
    parameters: Parameters = field(default_factory=dict)
    name: str = ""

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        """Status and JSON of the answer to a request."""
        if method == "GET":
            if HEALTH.fullmatch(path):
                return 200, {}
            if _METADATA.fullmatch(path):
                return 200, {"name": self.name, "platform": "example", "inputs": [], "outputs": []}
        if method == "POST":
            if path == "/send-feedback":
                return 200, {}
            for verb, answering in self.verbs.items():
                if any(re.fullmatch(pattern, path) for pattern in _PATHS[verb]):
                    return self._answer(answering, body)
        return 404, {"error": f"{path}: not served by this component"}

    def _answer(self, answering: Answering, body: bytes) -> tuple[int, Any]:
        try:
            request = json.loads(body)
        except ValueError as error:
            return 400, {"error": f"not JSON: {error}"}
        try:
            return 200, answering(request, self.parameters)
        except Refused as refusal:
            return 400, {"error": str(refusal)}


def read_parameters(text: str) -> Parameters:
    """Read `PREDICTIVE_UNIT_PARAMETERS`, a JSON list of name, value and type."""
    return {each["name"]: _TYPES[each["type"]](each["value"]) for each in json.loads(text or "[]")}


def serve(verbs: Mapping[str, Answering]) -> None:
    """Serve at the Pod's address and the port that the operator chose, until SIGTERM."""
    environment = os.environ
    component = Component(
        verbs=verbs,
        parameters=read_parameters(environment.get("PREDICTIVE_UNIT_PARAMETERS", "")),
        name=environment.get("PREDICTIVE_UNIT_ID", ""),
    )
    port = int(environment.get("PREDICTIVE_UNIT_HTTP_SERVICE_PORT") or 9000)

    async def answer(method: str, path: str, body: bytes) -> tuple[int, Any]:
        return component.answer(method, path, body)

    asyncio.run(serve_json(answer, port))


async def serve_json(answer: Callable[[str, str, bytes], Awaitable[tuple[int, Any]]], port: int) -> None:
    """Serve at the Pod's address until SIGTERM: method, path and body in, status and JSON out."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        status, said = await answer(request.method, request.path, await request.content.read())
        return web.json_response(said, status=status)

    runner = web.ServerRunner(web.Server(handle, access_log=None), shutdown_timeout=10.0)
    await runner.setup()
    address = os.environ.get("MODELSYNC_POD_IP") or "127.0.0.1"
    await web.TCPSite(runner, address, port).start()
    await ended.wait()
    await runner.cleanup()
