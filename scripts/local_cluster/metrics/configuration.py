"""What Prometheus scrapes, and under which labels. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Pods that are served lie in 127/8. Those that kwok plays have made-up addresses, which may be somebody's.
_LOOPBACK = r"127\..+"
_POD = "__meta_kubernetes_pod_"
# As long as a test waits for a number at most; in a cluster it is 15 s or more.
INTERVAL = "1s"


def build_configuration(*, kubeconfig: Path, gateway_admin: str) -> dict[str, Any]:
    """The configuration file's content.

    gateway_admin: URL of Envoy's administration.

    Jobs: `seldon` (the container ports called metrics, or metrics-…, of Pods annotated for scraping: the
    executor's), `mlserver` (of each Pod's first MLServer) and `gateway`. Labels of Pods' series: `namespace`,
    `pod`, `kubernetes_namespace`, and the Pod's own labels, such as `seldon_deployment_id`; the latter two as
    seldon-core-analytics writes them.
    """
    jobs = [_seldon_job(kubeconfig), _mlserver_job(kubeconfig), _gateway_job(gateway_admin)]
    return {"global": {"scrape_interval": INTERVAL, "scrape_timeout": INTERVAL}, "scrape_configs": jobs}


def _seldon_job(kubeconfig: Path) -> dict[str, Any]:
    annotation = f"{_POD}annotation_prometheus_io_"
    return {
        "job_name": "seldon",
        "kubernetes_sd_configs": [_find_pods(kubeconfig)],
        "relabel_configs": [
            _keep(f"{_POD}ip", _LOOPBACK),
            _keep(f"{annotation}scrape", "true"),
            _keep(f"{_POD}container_port_name", r"metrics(-.*)?"),
            _set("__metrics_path__", "$1", from_=[f"{annotation}path"], where="(.+)"),
            *_name_pod(),
        ],
    }


def _mlserver_job(kubeconfig: Path) -> dict[str, Any]:
    return {
        "job_name": "mlserver",
        "kubernetes_sd_configs": [_find_pods(kubeconfig)],
        "relabel_configs": [
            _keep(f"{_POD}ip", _LOOPBACK),
            _keep(f"{_POD}container_image", r".*mlserver.*"),
            # The operator gives MLServer this port and path by variables and declares no such port. Targets
            # that come to be equal, one from each declared port, count once.
            _set("__address__", "$1:6000", from_=[f"{_POD}ip"], where="(.+)"),
            _set("__metrics_path__", "/prometheus", from_=[]),
            *_name_pod(),
        ],
    }


def _gateway_job(admin: str) -> dict[str, Any]:
    return {
        "job_name": "gateway",
        "metrics_path": "/stats/prometheus",
        "static_configs": [{"targets": [admin.removeprefix("http://")]}],
    }


def _find_pods(kubeconfig: Path) -> dict[str, Any]:
    return {"role": "pod", "kubeconfig_file": str(kubeconfig)}


def _name_pod() -> list[Mapping[str, Any]]:
    return [
        {"action": "labelmap", "regex": f"{_POD}label_(.+)"},
        _set("namespace", "$1", from_=["__meta_kubernetes_namespace"]),
        _set("kubernetes_namespace", "$1", from_=["__meta_kubernetes_namespace"]),
        _set("pod", "$1", from_=[f"{_POD}name"]),
    ]


def _keep(label: str, where: str) -> Mapping[str, Any]:
    return {"action": "keep", "source_labels": [label], "regex": where}


def _set(label: str, value: str, *, from_: list[str], where: str = "(.*)") -> Mapping[str, Any]:
    return {"source_labels": from_, "regex": where, "target_label": label, "replacement": value}
