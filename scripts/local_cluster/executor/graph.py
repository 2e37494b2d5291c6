"""The predictor that the operator hands to its executor: nodes, their endpoints, loggers and images."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from scripts.local_cluster.executor.errors import SettingsInvalid


class Kind(str, Enum):
    """A node's `type`."""

    UNKNOWN = "UNKNOWN_TYPE"
    MODEL = "MODEL"
    TRANSFORMER = "TRANSFORMER"
    OUTPUT_TRANSFORMER = "OUTPUT_TRANSFORMER"
    ROUTER = "ROUTER"
    COMBINER = "COMBINER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Logger:
    """Which payloads of a node are logged, and where to. No address: the executor's default."""

    requests: bool
    responses: bool
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A node's image, cut at colons as in the metrics' labels: a version only when there is one colon."""

    name: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node of a graph. `methods` call it beside what its kind does."""

    name: str
    kind: Kind
    methods: frozenset[str] = frozenset()
    children: tuple[Node, ...] = ()
    host: str = ""
    http_port: int = 0
    grpc_port: int = 0
    service_port: int = 0  # of the readiness check
    logger: Logger | None = None
    image: Image = Image()

    def does(self, kind: Kind, method: str) -> bool:
        """Whether the node is called for this, by its kind or by its methods."""
        return self.kind is kind or method in self.methods

    def walk(self) -> Iterator[Node]:
        """This node and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()

    def find(self, name: str) -> Node | None:
        """The first node of this name, or None."""
        return next((node for node in self.walk() if node.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictor:
    """One predictor. `version` is its annotation of that name, a label of all metrics."""

    name: str
    version: str
    annotations: Mapping[str, str]
    graph: Node


def parse_predictor(encoded: str) -> Predictor:
    """Read `ENGINE_PREDICTOR`: a predictor as JSON in base64. Raises SettingsInvalid when it is not that."""
    try:
        body = json.loads(base64.b64decode(encoded, validate=True))
        images = {
            container["name"]: container.get("image", "")
            for component in body.get("componentSpecs") or ()
            for container in component["spec"].get("containers") or ()
        }
        annotations = body.get("annotations") or {}
        return Predictor(
            name=body["name"],
            version=annotations.get("version", ""),
            annotations=annotations,
            graph=_parse_node(body["graph"], images),
        )
    except (binascii.Error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsInvalid(
            f"ENGINE_PREDICTOR: not a predictor as JSON in base64 ({type(error).__name__}: {error})"
        ) from error


def _parse_node(body: Mapping[str, Any], images: Mapping[str, str]) -> Node:
    endpoint = body.get("endpoint") or {}
    service_port = int(endpoint.get("service_port", 0))
    return Node(
        name=body["name"],
        kind=Kind(body.get("type") or Kind.UNKNOWN),
        methods=frozenset(body.get("methods") or ()),
        children=tuple(_parse_node(child, images) for child in body.get("children") or ()),
        host=endpoint.get("service_host", ""),
        http_port=int(endpoint.get("httpPort") or service_port),
        grpc_port=int(endpoint.get("grpcPort") or service_port),
        service_port=service_port,
        logger=_parse_logger(body.get("logger")),
        image=_cut_image(images.get(body["name"], "")),
    )


def _parse_logger(body: Mapping[str, Any] | None) -> Logger | None:
    if body is None:
        return None
    mode = body.get("mode")
    return Logger(
        requests=mode in ("all", "request"),
        responses=mode in ("all", "response"),
        url=body.get("url") or "",
    )


def _cut_image(image: str) -> Image:
    parts = image.split(":")
    return Image(name=parts[0], version=parts[1] if len(parts) == 2 else "")
