"""A real Prometheus and programs that it scrapes: each counts the requests that it is told of."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from scripts.local_cluster import bundles
from scripts.local_cluster.ports import LOOPBACK, free_ports
from scripts.local_cluster.processes import start
from tests.support.waiting import wait_until

# Counts as the executor does: `deployment predictor service number`, one line each, until its input ends.
_PROGRAM = """
import sys
from prometheus_client import CollectorRegistry, Histogram, start_http_server
registry = CollectorRegistry()
labels = ["deployment_name", "predictor_name", "predictor_version", "service", "method", "code"]
seen = Histogram("seldon_api_executor_server_requests_seconds", "Requests", labels, registry=registry)
start_http_server(int(sys.argv[1]), addr="127.0.0.1", registry=registry)
for line in sys.stdin:
    deployment, predictor, service, number = line.split()
    for _ in range(int(number)):
        seen.labels(deployment, predictor, "", service, "post", "200").observe(0.01)
"""


class Executor:
    """A process with the executor's metrics at a port."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._process = self._start()

    def count(self, deployment: str, predictor: str, number: int, *, service: str = "predictions") -> None:
        """Let it have served so many requests more."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{deployment} {predictor} {service} {number}\n")
        self._process.stdin.flush()

    def restart(self) -> None:
        """Begin again at zero, as a container that was killed does."""
        self.stop()
        self._process = self._start()

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(self.port)], stdin=subprocess.PIPE, text=True
        )


@contextmanager
def run_prometheus(folder: Path, targets: dict[int, str]) -> Iterator[str]:
    """The address of a Prometheus that scrapes these ports of loopback twice a second, until the block ends.

    `targets` gives each port the label and its value that name a Pod's namespace, such as `namespace: a`.
    """
    (port,) = free_ports(1)
    jobs = "".join(
        f"      - {{targets: ['{LOOPBACK}:{target}'], labels: {{{label}}}}}\n"
        for target, label in targets.items()
    )
    configuration = folder / "prometheus.yml"
    configuration.write_text(
        "global: {scrape_interval: 500ms, scrape_timeout: 500ms}\n"
        f"scrape_configs:\n  - job_name: pods\n    static_configs:\n{jobs}"
    )
    process = start(
        "prometheus",
        (
            str(bundles.provide(bundles.PROMETHEUS) / "prometheus"),
            f"--config.file={configuration}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={LOOPBACK}:{port}",
        ),
        log=folder / "prometheus.log",
        folder=folder,
        environment={},
    )
    with ExitStack() as stack:
        stack.callback(process.stop)
        address = f"http://{LOOPBACK}:{port}"
        wait_until(lambda: _is_ready(address), "Prometheus is ready")
        yield address


def _is_ready(address: str) -> bool:
    try:
        answer = httpx.get(f"{address}/-/ready")
    except httpx.TransportError:
        return False
    return answer.status_code == 200
