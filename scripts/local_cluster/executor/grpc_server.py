"""The executor's gRPC side: calls are handed through to the model as they are, byte for byte.

Only graphs of one node: between nodes the real one converts messages, for which this has no definitions.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import grpc  # type: ignore[import-untyped]  # the library has no types
import grpc.aio  # type: ignore[import-untyped]  # the same

from scripts.local_cluster.executor.metrics import Metrics
from scripts.local_cluster.executor.names import place
from scripts.local_cluster.executor.settings import Settings

PUID = "seldon-puid"

_INFERENCE = "/inference.GRPCInferenceService"
_SELDON = "/seldon.protos.Seldon"
_MODEL = "/seldon.protos.Model"
_PREPARED = b"\x0a"  # the tag of field 1 with a text: the model's name
_CRASHED = 2
# grpc's own, `:authority` and what one hop says to the next.
_NOT_FORWARDED = frozenset({"user-agent", "content-type", "te", PUID})


@dataclass(frozen=True, slots=True, kw_only=True)
class Handing:
    """A method, and how it is handed through: to which one, and whether the model's name is filled in."""

    method: str
    to: str
    named: bool = False


def handings(*, v2: bool) -> tuple[Handing, ...]:
    """The methods of a protocol that a model is asked for."""
    if v2:
        return (
            Handing(method=f"{_INFERENCE}/ModelInfer", to=f"{_INFERENCE}/ModelInfer", named=True),
            Handing(method=f"{_INFERENCE}/ModelReady", to=f"{_INFERENCE}/ModelReady", named=True),
            Handing(method=f"{_INFERENCE}/ModelMetadata", to=f"{_INFERENCE}/ModelMetadata", named=True),
        )
    return (
        Handing(method=f"{_SELDON}/Predict", to=f"{_MODEL}/Predict"),
        Handing(method=f"{_SELDON}/SendFeedback", to=f"{_MODEL}/SendFeedback"),
    )


def name_model(message: bytes, name: str) -> bytes:
    """The message with a model name in field 1, where it has none."""
    if message.startswith(_PREPARED):
        return message
    encoded = name.encode()
    return _PREPARED + _varint(len(encoded)) + encoded + message


async def serve_grpc(settings: Settings, metrics: Metrics) -> Any:
    """Listen at the Pod's address; the server, of grpc.aio. Raises OSError when the port is taken."""
    graph = settings.predictor.graph
    target = f"{place(graph.host, settings.address)}:{graph.grpc_port}"
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    channel = grpc.aio.insecure_channel(target, options=options)
    server = grpc.aio.server(options=[*options, ("grpc.so_reuseport", 0)])
    methods = _Methods(settings, metrics, channel)
    handlers = {
        handing.method.rpartition("/")[2]: grpc.unary_unary_rpc_method_handler(methods.hand(handing))
        for handing in handings(v2=settings.protocol.is_v2)
        if not graph.children
    }
    if settings.protocol.is_v2:
        handlers["ServerLive"] = grpc.unary_unary_rpc_method_handler(_crash)
    service = _INFERENCE if settings.protocol.is_v2 else _SELDON
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service[1:], handlers),))
    try:
        server.add_insecure_port(f"{settings.address}:{settings.grpc_port}")
    except RuntimeError as error:
        raise OSError(f"gRPC port {settings.grpc_port} of {settings.address}: {error}") from error
    await server.start()
    return server


class _Methods:
    """Hands calls through to the one node of the graph."""

    def __init__(self, settings: Settings, metrics: Metrics, channel: Any) -> None:
        self._settings = settings
        self._metrics = metrics
        self._channel = channel

    def hand(self, handing: Handing) -> Callable[[bytes, Any], Awaitable[bytes]]:
        """The handler of one method."""

        async def hand(message: bytes, context: Any) -> bytes:
            begun = time.perf_counter()
            node = self._settings.predictor.graph
            received = tuple(context.invocation_metadata() or ())
            puid = next((str(value) for key, value in received if key == PUID), "") or str(uuid.uuid4())
            await context.send_initial_metadata(((PUID, puid),))
            forwarded = [pair for pair in received if pair[0] not in _NOT_FORWARDED]
            call = self._channel.unary_unary(handing.to)
            code = grpc.StatusCode.OK
            called = time.perf_counter()
            try:
                answer: bytes = await call(
                    name_model(message, node.name) if handing.named else message,
                    metadata=(*forwarded, (PUID, puid)),
                    timeout=self._settings.timeout,
                )
            except grpc.aio.AioRpcError as error:
                code = error.code()
                await context.abort(code, error.details() or "")
            finally:
                ended = time.perf_counter()
                self._metrics.observe_call(
                    service=handing.to,
                    method="unary",
                    code=_text(code),
                    model=node.name,
                    image=node.image,
                    seconds=ended - called,
                )
                self._metrics.observe_answer(
                    service=handing.method, method="unary", code=_text(code), seconds=ended - begun
                )
            return answer

        return hand


async def _crash(_message: bytes, _context: Any) -> bytes:
    os._exit(_CRASHED)  # the real one has no such method, and panics


def _text(code: Any) -> str:
    # Go writes `DeadlineExceeded`, Python `DEADLINE_EXCEEDED`; both write OK.
    name: str = code.name
    return name if code is grpc.StatusCode.OK else name.title().replace("_", "")


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
