"""istiod outside of a cluster, for one Envoy without Istio's own filters and without mutual TLS."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from scripts.local_cluster.ports import LOOPBACK

NAME = "istiod"
NAMESPACE = "istio-system"
USER = "istiod"

# What istiod reads. It writes nothing here: no webhooks, no certificates, no leader, no statuses.
RULES: tuple[Mapping[str, Any], ...] = (
    {
        "apiGroups": [
            "networking.istio.io",
            "security.istio.io",
            "telemetry.istio.io",
            "extensions.istio.io",
        ],
        "resources": ["*"],
        "verbs": ["get", "list", "watch"],
    },
    {
        "apiGroups": ["apiextensions.k8s.io"],
        "resources": ["customresourcedefinitions"],
        "verbs": ["get", "list", "watch"],
    },
    {
        "apiGroups": [""],
        # Secrets: of gateways with TLS and of remote clusters. Here are none, but it waits for the list.
        "resources": ["pods", "nodes", "services", "namespaces", "endpoints", "configmaps", "secrets"],
        "verbs": ["get", "list", "watch"],
    },
    {
        # To find its own revision, without which it is never ready.
        "apiGroups": ["admissionregistration.k8s.io"],
        "resources": ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
        "verbs": ["get", "list", "watch"],
    },
    {
        "apiGroups": ["discovery.k8s.io"],
        "resources": ["endpointslices"],
        "verbs": ["get", "list", "watch"],
    },
    {
        "apiGroups": ["networking.k8s.io"],
        "resources": ["ingresses", "ingressclasses"],
        "verbs": ["get", "list", "watch"],
    },
)

# Each line switches off what a plain Envoy refuses or waits for, or what istiod cannot do here.
ENVIRONMENT: Mapping[str, str] = {
    # No mesh: nobody asks for a certificate.
    "ENABLE_CA_SERVER": "false",
    "PILOT_CERT_PROVIDER": "none",
    "ENABLE_LEADER_ELECTION": "false",
    "INJECT_ENABLED": "false",
    "VALIDATION_WEBHOOK_CONFIG_NAME": "",
    "INJECTION_WEBHOOK_CONFIG_NAME": "",
    "PILOT_ENABLE_GATEWAY_API": "false",
    "PILOT_ENABLE_IP_AUTOALLOCATE": "false",
    # Filters that only Istio's own build of Envoy has: a plain one refuses listeners and clusters with them.
    "PILOT_ENABLE_METADATA_EXCHANGE": "false",
    "PILOT_ENABLE_ALPN_FILTER": "false",
    "POD_NAMESPACE": NAMESPACE,
}

MESH: Mapping[str, Any] = {
    # With it clusters would wait for certificates that nobody issues, and no error would say so.
    "enableAutoMtls": False,
    # The default adds istio.stats, a filter of Istio's own build, to every listener.
    "defaultProviders": {},
}


def write_mesh(file: Path) -> None:
    """Write the mesh configuration that `istiod_command` names."""
    file.write_text(yaml.safe_dump(dict(MESH)), encoding="utf-8")


def istiod_command(
    program: Path,
    *,
    kubeconfig: Path,
    mesh: Path,
    grpc_port: int,
    http_port: int,
    monitoring_port: int,
    control_port: int,
) -> tuple[str, ...]:
    """istiod with every port on loopback and those for TLS closed."""
    return (
        str(program),
        "discovery",
        f"--kubeconfig={kubeconfig}",
        f"--meshConfig={mesh}",
        # The name that istiod gives to the cluster it runs in; another would be a remote one.
        "--clusterID=Kubernetes",
        f"--grpcAddr={LOOPBACK}:{grpc_port}",
        f"--httpAddr={LOOPBACK}:{http_port}",
        f"--monitoringAddr={LOOPBACK}:{monitoring_port}",
        f"--ctrlz_address={LOOPBACK}",
        f"--ctrlz_port={control_port}",
        "--secureGRPCAddr=",
        "--httpsAddr=",
        "--profile=false",
        # Envoy keeps its connection open until the end: nothing is gained by waiting for it.
        "--shutdownDuration=1s",
    )
