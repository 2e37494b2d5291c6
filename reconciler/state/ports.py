"""Ports of the containers in a Pod that serves models.

Source: the operator (apis/machinelearning.seldon.io/v1/defaults.go counts up from these) and the
orchestrator (controllers/seldondeployment_engine.go); a TensorFlow server behind its proxy has two more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

TAKEN: Mapping[int, str] = {
    8000: "the orchestrator's HTTP",
    5001: "the orchestrator's gRPC",
    2000: "the TensorFlow server's gRPC",
    2001: "the TensorFlow server's HTTP",
}
"""Ports that others in the Pod listen on, and who."""

_HTTP, _GRPC, _METRICS = 9000, 9500, 6000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What one container listens on."""

    http: int
    grpc: int
    metrics: int


def give_ports(index: int, own: int | None = None) -> Ports:
    """The ports of the container with this index in its graph (0: the first, or the only one).

    `own` is the HTTP port that its image listens on whatever it is told.
    """
    return Ports(http=_HTTP + index if own is None else own, grpc=_GRPC + index, metrics=_METRICS + index)
