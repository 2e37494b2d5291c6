"""Start Prometheus, as a user who may see Pods and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import urllib3
import yaml

from scripts.local_cluster.bundles import PROMETHEUS, provide
from scripts.local_cluster.metrics.configuration import build_configuration
from scripts.local_cluster.ports import LOOPBACK, free_ports
from scripts.local_cluster.rights import grant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scripts.local_cluster.cluster import LocalCluster

NAME = "prometheus"
RULES: tuple[Mapping[str, Any], ...] = (
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]},
)


def start_part(cluster: LocalCluster) -> None:
    """Start Prometheus, wait until it answers queries, note the fact `prometheus`. Raises ClusterError."""
    program = provide(PROMETHEUS) / "prometheus"
    grant(cluster.api, NAME, RULES)
    folder = cluster.state.folder / NAME
    folder.mkdir()
    file = folder / "prometheus.yaml"
    content = build_configuration(
        kubeconfig=cluster.user_kubeconfig(NAME),
        gateway_admin=cluster.fact("gateway_admin"),
    )
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    (port,) = free_ports(1)
    url = f"http://{LOOPBACK}:{port}"
    process = cluster.run_program(
        NAME, prometheus_command(program, configuration=file, data=folder / "data", port=port)
    )
    cluster.wait_for(process, lambda: _is_ready(url))
    cluster.note_fact("prometheus", url)


def prometheus_command(program: Path, *, configuration: Path, data: Path, port: int) -> tuple[str, ...]:
    """Prometheus on loopback."""
    return (
        str(program),
        f"--config.file={configuration}",
        f"--storage.tsdb.path={data}",
        f"--web.listen-address={LOOPBACK}:{port}",
        # The folder goes with the cluster, whatever is left in it.
        "--storage.tsdb.no-lockfile",
        "--log.level=warn",
    )


def _is_ready(url: str) -> bool:
    try:
        return urllib3.request("GET", f"{url}/-/ready", retries=False, timeout=1).status == 200
    except urllib3.exceptions.HTTPError:
        return False
