"""Measures what the ingress gateway adds: the real Envoy and istiod before the smallest of servers."""

from __future__ import annotations

import http.client
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from scripts.bench.latency import GatewayCost, summarise
from scripts.bench.measure import BenchError
from scripts.bench.peers import ROOT
from scripts.local_cluster import LocalCluster
from scripts.local_cluster.errors import ClusterError
from scripts.local_cluster.parts import Part
from scripts.local_cluster.ports import LOOPBACK, free_ports, is_free

REQUESTS = 2000  # of a round, each way
WARM_UP = 500
PORT = 8000  # of the Service: the executor's
NAMESPACE = "bench"
NAME = "wines"
# An ordinary question of MLServer's protocol: eleven numbers of one wine.
_BODY = (
    b'{"parameters":{"content_type":"pd"},"inputs":['
    + b",".join(b'{"name":"f%d","shape":[1],"datatype":"FP64","data":[9.75]}' % n for n in range(11))
    + b"]}"
)
_PATH = "/v2/models/wines/infer"


def measure_gateway(rounds: int, tell: Callable[[str], None]) -> GatewayCost:
    """Ask `rounds` times REQUESTS times each way. Raises BenchError when there is no gateway or it fails."""
    try:
        with LocalCluster(parts=(Part.GATEWAY,)) as cluster:
            direct = (f"{LOOPBACK}:{_serve(cluster)}", _PATH)
            routed = (urlsplit(cluster.fact("gateway")).netloc, f"/seldon/{NAMESPACE}/{NAME}{_PATH}")
            _wait_for_route(*routed)
            return _ask_in_turns(direct, routed, rounds, tell)
    except ClusterError as error:
        raise BenchError(f"the gateway could not be started: {error}") from error


def _ask_in_turns(
    direct: tuple[str, str], routed: tuple[str, str], rounds: int, tell: Callable[[str], None]
) -> GatewayCost:
    """In turns, request by request, so that a slow moment of the machine hits both."""
    ways = (_Caller(*direct), _Caller(*routed))
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(WARM_UP):
        for way in ways:
            way.ask()
    for number in range(1, rounds + 1):
        tell(f"gateway: round {number} of {rounds}")
        for _ in range(REQUESTS):
            for way, found in zip(ways, seconds, strict=True):
                found.append(way.ask())
    for way in ways:
        way.close()
    return GatewayCost(requests=len(seconds[0]), direct=summarise(seconds[0]), gateway=summarise(seconds[1]))


class _Caller:
    """Asks on one kept connection."""

    def __init__(self, netloc: str, path: str) -> None:
        self._connection = http.client.HTTPConnection(netloc, timeout=10)
        self._path = path

    def ask(self) -> float:
        """Seconds from the question to the end of the answer. Raises BenchError for any status but 200."""
        begin = time.perf_counter()
        try:
            self._connection.request("POST", self._path, _BODY, {"Content-Type": "application/json"})
            response = self._connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException) as error:
            raise BenchError(f"{self._path}: no answer, so its time says nothing: {error!r}") from error
        seconds = time.perf_counter() - begin
        if response.status != 200:
            raise BenchError(f"{self._path}: answered {response.status}, so its time says nothing")
        return seconds

    def close(self) -> None:
        self._connection.close()


def _serve(cluster: LocalCluster) -> int:
    """Run the server and declare it as Seldon's operator declares a predictor; its port."""
    (port,) = free_ports(1)
    command = (sys.executable, "-m", "scripts.bench.backend", LOOPBACK, str(port))
    process = cluster.run_program("backend", command, folder=ROOT)
    cluster.wait_for(process, lambda: not is_free(port))
    for body in build_objects(port):
        cluster.api.apply(body)
    return port


def build_objects(port: int) -> tuple[dict[str, Any], ...]:
    """What Seldon's operator writes for one predictor, and the endpoint that its Pod would be."""
    host = f"{NAME}-v1.{NAMESPACE}.svc.cluster.local"
    labels = {"seldon-app": f"{NAME}-v1", "version": "v1"}
    place = {"name": f"{NAME}-v1", "namespace": NAMESPACE}
    istio = "networking.istio.io/v1"
    return (
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": place,
            "spec": {
                "selector": {"seldon-app": f"{NAME}-v1"},
                "ports": [{"name": "http", "port": PORT, "targetPort": port}],
            },
        },
        {
            "apiVersion": istio,
            "kind": "WorkloadEntry",
            "metadata": place,
            "spec": {"address": LOOPBACK, "labels": labels},
        },
        {
            "apiVersion": istio,
            "kind": "DestinationRule",
            "metadata": place,
            "spec": {
                "host": host,
                "subsets": [{"name": "v1", "labels": {"version": "v1"}}],
                "trafficPolicy": {"connectionPool": {"http": {"idleTimeout": "60s"}}},
            },
        },
        {
            "apiVersion": istio,
            "kind": "VirtualService",
            "metadata": {"name": NAME, "namespace": NAMESPACE},
            "spec": {
                "hosts": ["*"],
                "gateways": ["istio-system/seldon-gateway"],
                "http": [
                    {
                        "match": [{"uri": {"prefix": f"/seldon/{NAMESPACE}/{NAME}/"}}],
                        "rewrite": {"uri": "/"},
                        "route": [
                            {
                                "destination": {"host": host, "subset": "v1", "port": {"number": PORT}},
                                "weight": 100,
                            }
                        ],
                    }
                ],
            },
        },
    )


def _wait_for_route(netloc: str, path: str, *, patience: float = 60.0) -> None:
    end = time.monotonic() + patience
    while True:
        caller = _Caller(netloc, path)
        try:
            caller.ask()
            return
        except BenchError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        finally:
            caller.close()
