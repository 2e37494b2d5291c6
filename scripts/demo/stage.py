"""What the story is played on: addresses and tools, of the local cluster or of one that was named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """`mlflow_bin` has the command `mlflow`, `kubectl` talks to the cluster; `gateway`, `prometheus`: URLs.

    `data` is the CSV that is trained on (empty: a generated sample); `artifacts_key` holds what Seldon's
    storage initializer needs, a line NAME=VALUE each; `server_image` is the image of MLServer where not the
    stock one.
    """

    mlflow_bin: Path
    kubectl: Path
    data: str
    gateway: str
    prometheus: str
    artifacts_key: Path
    server_image: str = ""

    def find_model(self, namespace: str, deployment: str, model: str) -> str:
        """Where clients ask a model (Open Inference Protocol, through the gateway)."""
        return f"{self.gateway}/seldon/{namespace}/{deployment}/v2/models/{model}/infer"
