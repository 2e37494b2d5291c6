"""Start istiod and Envoy, and declare the gateway that the Seldon operator's routes are bound to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import urllib3

from scripts.local_cluster.bundles import ISTIOD, provide
from scripts.local_cluster.gateway import envoy, istiod
from scripts.local_cluster.ports import LOOPBACK, free_ports
from scripts.local_cluster.rights import grant

if TYPE_CHECKING:
    from scripts.local_cluster.cluster import LocalCluster

GATEWAY = "seldon-gateway"  # with its namespace, what the operator names in every VirtualService


def start_part(cluster: LocalCluster) -> None:
    """Start both and wait until the gateway answers, for now 404 to everything.

    Notes the facts `gateway` (where callers send requests) and `gateway_admin` (Envoy's own view: /stats,
    /config_dump, /clusters). Raises ClusterError.
    """
    program = provide(ISTIOD) / "pilot-discovery"
    (port,) = free_ports(1)
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": istiod.NAMESPACE}}
    cluster.api.apply(namespace)
    cluster.api.apply(build_gateway(port))
    istiod_port = _start_istiod(cluster, program)
    admin = _start_envoy(cluster, istiod_port, f"http://{LOOPBACK}:{port}")
    cluster.note_fact("gateway_admin", admin)
    cluster.note_fact("gateway", f"http://{LOOPBACK}:{port}")


def build_gateway(port: int) -> dict[str, Any]:
    """Istio's Gateway object: HTTP on one port of loopback, for all hosts."""
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": GATEWAY, "namespace": istiod.NAMESPACE},
        "spec": {
            "selector": envoy.LABELS,
            "servers": [
                {
                    "port": {"number": port, "name": "http", "protocol": "HTTP"},
                    "bind": LOOPBACK,
                    "hosts": ["*"],
                }
            ],
        },
    }


def _start_istiod(cluster: LocalCluster, program: Path) -> int:
    """Start istiod; the port on which it serves xDS."""
    grant(cluster.api, istiod.USER, istiod.RULES)
    folder = cluster.state.folder / istiod.NAME
    folder.mkdir()
    mesh = folder / "mesh.yaml"
    istiod.write_mesh(mesh)
    grpc_port, http_port, monitoring_port, control_port = free_ports(4)
    process = cluster.run_program(
        istiod.NAME,
        istiod.istiod_command(
            program,
            kubeconfig=cluster.user_kubeconfig(istiod.USER),
            mesh=mesh,
            grpc_port=grpc_port,
            http_port=http_port,
            monitoring_port=monitoring_port,
            control_port=control_port,
        ),
        environment=istiod.ENVIRONMENT,
    )
    cluster.wait_for(process, lambda: answers(f"http://{LOOPBACK}:{http_port}/ready") == 200)
    return grpc_port


def _start_envoy(cluster: LocalCluster, istiod_port: int, gateway: str) -> str:
    """Start Envoy; the URL of its administration."""
    folder = cluster.state.folder / envoy.NAME
    folder.mkdir()
    bootstrap = folder / "bootstrap.json"
    (admin_port,) = free_ports(1)
    envoy.write_bootstrap(bootstrap, istiod_port=istiod_port, admin_port=admin_port)
    process = cluster.run_program(envoy.NAME, envoy.envoy_command(bootstrap))
    # An answer, whichever, means that istiod's listener and routes were accepted: there are no others.
    cluster.wait_for(process, lambda: answers(gateway) is not None)
    return f"http://{LOOPBACK}:{admin_port}"


def answers(url: str) -> int | None:
    """The status of an answer to GET, None where nobody answers."""
    try:
        return urllib3.request("GET", url, retries=False, timeout=1, redirect=False).status
    except urllib3.exceptions.HTTPError:
        return None
