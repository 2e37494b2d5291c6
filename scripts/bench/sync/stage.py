"""The API server that all are measured on, and what one run of a client took from it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from scripts.bench.measure import BenchError
from scripts.bench.peers import ROOT
from scripts.bench.sync.declared import ENVIRONMENTS, Declared, name_namespace
from scripts.bench.sync.processes import read_processor_time
from scripts.bench.sync.requests import count_requests, measure_applying
from scripts.bench.sync.uses import Use
from scripts.local_cluster import LocalCluster
from scripts.local_cluster.cluster import API_SERVER
from scripts.local_cluster.ports import LOOPBACK, free_ports, is_free

_TIMER = ROOT / "scripts" / "bench" / "timer.py"
_SETTLE = 0.3  # seconds: what the API server still does for the step before is none of the next one's cost
# A profile of the heap, which is made after a collection (net/http/pprof, parameter `gc`).
_COLLECT = "/debug/pprof/heap?gc=1&debug=1"
# What any of those measured leaves in a namespace.
_LEFT = (
    "/apis/machinelearning.seldon.io/v1/namespaces/{}/seldondeployments",
    "/api/v1/namespaces/{}/configmaps",
    "/api/v1/namespaces/{}/secrets",
    "/api/v1/namespaces/{}/events",
    "/apis/coordination.k8s.io/v1/namespaces/{}/leases",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """What a client's run took of itself: seconds on the wall and on processors, and MiB at most."""

    seconds: float
    cpu: float
    mib: float


class Stage:
    """One running API server with the namespaces of all environments, empty between two programs."""

    def __init__(self, cluster: LocalCluster, folder: Path) -> None:
        """`folder` is for the files of whoever is measured."""
        self.cluster = cluster
        self.folder = folder
        self.environments = Declared(objects=ENVIRONMENTS).names
        for environment in self.environments:
            labels = {"modelsync.dev/environment": environment}
            metadata = {"name": name_namespace(environment), "labels": labels}
            cluster.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})

    @property
    def namespaces(self) -> tuple[str, ...]:
        return tuple(name_namespace(environment) for environment in self.environments)

    def watch(self, act: Callable[[], Client]) -> Use:
        """Run a client and see what it takes of the API server, too.

        The garbage of those before is collected first: clearing it away would else be paid by whoever
        comes when there is enough of it.
        """
        self.cluster.api.demand("GET", _COLLECT)
        time.sleep(_SETTLE)
        begin, before = self.cluster.audit_position(), read_processor_time(self._server)
        client = act()
        server = read_processor_time(self._server) - before
        events = self.cluster.audit_events(begin)
        requests = count_requests(events)
        return Use(
            seconds=client.seconds,
            client=client.cpu,
            server=server,
            mib=client.mib,
            requests=requests,
            applying=measure_applying(events) if any("dry-run" in name for name in requests) else None,
        )

    def clear(self) -> None:
        """Remove everything that was put into the namespaces."""
        for namespace in self.namespaces:
            for path in _LEFT:
                self.cluster.api.demand("DELETE", path.format(namespace))

    def count_objects(self) -> int:
        """How many SeldonDeployments there are."""
        return sum(
            len(self.cluster.api.demand("GET", _LEFT[0].format(namespace))["items"])
            for namespace in self.namespaces
        )

    def put_at_distance(self, milliseconds: int) -> Path:
        """A kubeconfig by which each round trip to the API server takes that much longer."""
        (port,) = free_ports(1)
        there = urlsplit(self.cluster.server)
        command = (
            *(sys.executable, "-m", "scripts.bench.sync.delay", str(port)),
            *(str(there.hostname), str(there.port), str(milliseconds)),
        )
        process = self.cluster.run_program(f"distance-{milliseconds}", command, folder=ROOT)
        self.cluster.wait_for(process, lambda: not is_free(port))
        path = self.folder / f"distance-{milliseconds}.kubeconfig"
        near = self.cluster.kubeconfig.read_text(encoding="utf-8")
        path.touch(mode=0o600)
        path.write_text(near.replace(self.cluster.server, f"https://{LOOPBACK}:{port}"), encoding="utf-8")
        return path

    @property
    def _server(self) -> int:
        return next(each.pid for each in self.cluster.state.processes if each.name == API_SERVER)


def run_all(
    commands: Sequence[Sequence[str]],
    *,
    kubeconfig: Path,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    codes: tuple[int, ...] = (0,),
) -> Client:
    """Run commands one after the other: their times together, and the peak of the largest.

    Raises BenchError when one ends otherwise than with one of `codes`.
    """
    runs = [_run(command, kubeconfig, folder, environment or {}, codes) for command in commands]
    return Client(
        seconds=sum(run["seconds"] for run in runs),
        cpu=sum(run["cpu"] for run in runs),
        mib=max(run["kib"] for run in runs) / 1024,
    )


def _run(
    command: Sequence[str],
    kubeconfig: Path,
    folder: Path,
    environment: Mapping[str, str],
    codes: tuple[int, ...],
) -> Mapping[str, float]:
    # The caller's own settings would change what is measured.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MODELSYNC_")}
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(_TIMER), *command],
        cwd=folder,
        env={**inherited, **environment, "KUBECONFIG": str(kubeconfig)},
        capture_output=True,
        text=True,
        check=False,
    )
    said = "\n".join(done.stderr.splitlines()[-10:])
    if done.returncode != 0:
        raise BenchError(f"{command[0]} could not be started: {said}")
    run: dict[str, float] = json.loads(done.stdout)
    if run["code"] not in codes:
        raise BenchError(
            f"{' '.join(command[:3])} ended with {run['code']:.0f}, so its time says nothing:\n{said}"
        )
    return run
