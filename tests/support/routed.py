"""A SeldonDeployment behind the gateway, whose Pods kwok plays and whose answers small backends give."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any

import urllib3

from scripts.local_cluster import LocalCluster
from tests.support.traffic import Backend, Question
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from typing_extensions import Self

ISTIO = "networking.istio.io/v1"
SELDON = "machinelearning.seldon.io/v1"
SETTLED = 0.5  # seconds after which a change of traffic must show


def query(cluster: LocalCluster, expression: str) -> list[dict[str, Any]]:
    """What Prometheus answers now."""
    url = f"{cluster.fact('prometheus')}/api/v1/query"
    answer = urllib3.request("GET", url, fields={"query": expression}, timeout=10)
    found: list[dict[str, Any]] = answer.json()["data"]["result"]
    return found


@dataclass(slots=True, kw_only=True)
class Routed:
    """One deployment `wines`. A predictor's backend answers from before the operator is told of it."""

    cluster: LocalCluster
    namespace: str
    name: str = "wines"
    backends: dict[str, Backend] = field(default_factory=dict)
    _undo: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()

    @property
    def question(self) -> Question:
        """What a client asks through the gateway."""
        prefix = f"{self.cluster.fact('gateway')}/seldon/{self.namespace}/{self.name}"
        return Question(url=f"{prefix}/v2/models/wines/infer", body=b"{}")

    def declare(self, shares: Mapping[str, int], *, shadow: str = "") -> None:
        """Apply the SeldonDeployment with these percents; returns when the operator has routed them."""
        for predictor in shares:
            if predictor not in self.backends:
                self.serve(predictor)
        self.cluster.api.apply(
            {
                "apiVersion": SELDON,
                "kind": "SeldonDeployment",
                "metadata": {"name": self.name, "namespace": self.namespace},
                "spec": {
                    "protocol": "v2",
                    "predictors": [
                        self._describe(name, share, name == shadow) for name, share in shares.items()
                    ],
                },
            }
        )
        routed = {name: share for name, share in shares.items() if name != shadow}
        wait_until(lambda: self.routes() == routed, f"the operator routes {routed}")

    def routes(self) -> dict[str, int]:
        """Percent by predictor, as the operator wrote them into the VirtualService; empty without one."""
        answer = self.cluster.api.request("GET", self._path(ISTIO, "VirtualService", self.name))
        if answer.status != 200:
            return {}
        routes = answer.body["spec"]["http"][0]["route"]
        return {route["destination"]["subset"]: route.get("weight", 0) for route in routes}

    def retire(self, predictor: str) -> None:
        """The endpoint of a predictor goes, as its Pod would."""
        self.cluster.api.demand("DELETE", self._path(ISTIO, "WorkloadEntry", f"{self.name}-{predictor}"))
        del self.backends[predictor]

    def serve(self, predictor: str, *, version: str = "") -> None:
        """Put a backend of that name where the operator's Services and DestinationRules find it.

        version: the label of its Pods, which the operator calls after the predictor where nobody says it.
        """
        backend = self._undo.enter_context(Backend(predictor))
        self.backends[predictor] = backend
        self.cluster.api.apply(
            {
                "apiVersion": ISTIO,
                "kind": "WorkloadEntry",
                "metadata": {"name": f"{self.name}-{predictor}", "namespace": self.namespace},
                "spec": {
                    "address": backend.address,
                    # The operator's labels on Pods: its Services and DestinationRules select by these.
                    "labels": {"seldon-app": f"{self.name}-{predictor}", "version": version or predictor},
                },
            }
        )

    def _path(self, version: str, kind: str, name: str) -> str:
        return self.cluster.api.path(version, kind, name, namespace=self.namespace)

    @staticmethod
    def _describe(name: str, share: int, shadow: bool) -> dict[str, Any]:
        described: dict[str, Any] = {
            "name": name,
            "replicas": 1,
            "traffic": share,
            "graph": {"name": "wines", "implementation": "MLFLOW_SERVER", "modelUri": f"s3://mlflow/{name}"},
        }
        return {**described, "shadow": True} if shadow else described
