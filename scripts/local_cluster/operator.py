"""The part with Seldon Core's operator: its reconciler and webhook, with the rights that Seldon gives it."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import urllib3

from scripts.local_cluster.api import AdminApi
from scripts.local_cluster.bundles import OPERATOR, provide
from scripts.local_cluster.operator_files import OperatorFiles, read_operator_files
from scripts.local_cluster.ports import LOOPBACK, free_ports
from scripts.local_cluster.rights import GROUP

if TYPE_CHECKING:
    from scripts.local_cluster.cluster import LocalCluster

NAME = "seldon-operator"
NAMESPACE = "seldon-system"
USER = "local-cluster:seldon-operator"
CONFIG = "seldon-config"
WEBHOOK = "seldon-validating-webhook-configuration-seldon-system"
GATEWAY = "istio-system/seldon-gateway"
EXECUTOR_IMAGE = "seldonio/seldon-core-executor:1.17.1"
EXPLAINER_IMAGES = {
    "image": "seldonio/alibiexplainer:1.17.1",
    "image_v2": "seldonio/mlserver:1.7.1-alibi-explain",
}
# Server and protocol → image, where it is another than the module's. The seldon protocol's are those of the
# last release under the Apache licence, MLServer's those that newer releases name: what modelsync renders
# where an environment names none. tests/integration/test_local_cluster_operator.py compares.
IMAGES: Mapping[tuple[str, str], tuple[str, str]] = {
    ("MLFLOW_SERVER", "seldon"): ("seldonio/mlflowserver", "1.17.1"),
    ("MLFLOW_SERVER", "v2"): ("seldonio/mlserver", "1.7.1-mlflow"),
    ("SKLEARN_SERVER", "seldon"): ("seldonio/sklearnserver", "1.17.1"),
    ("SKLEARN_SERVER", "v2"): ("seldonio/mlserver", "1.7.1-sklearn"),
    ("XGBOOST_SERVER", "seldon"): ("seldonio/xgboostserver", "1.17.1"),
    ("XGBOOST_SERVER", "v2"): ("seldonio/mlserver", "1.7.1-xgboost"),
    ("TENSORFLOW_SERVER", "seldon"): ("seldonio/tfserving-proxy", "1.17.1"),
    ("HUGGINGFACE_SERVER", "v2"): ("seldonio/mlserver", "1.7.1-huggingface"),
    ("TEMPO_SERVER", "v2"): ("seldonio/mlserver", "1.7.1-slim"),
}
# As Seldon's own manifests set them, but for what is turned on and the gateway's name.
ENVIRONMENT: Mapping[str, str] = {
    "POD_NAMESPACE": NAMESPACE,
    "ISTIO_ENABLED": "true",
    "ISTIO_GATEWAY": GATEWAY,
    "ISTIO_TLS_MODE": "",
    "KEDA_ENABLED": "true",
    "AMBASSADOR_ENABLED": "true",
    "AMBASSADOR_VERSION": "v2",
    "AMBASSADOR_SINGLE_NAMESPACE": "false",
    "PREDICTIVE_UNIT_HTTP_SERVICE_PORT": "9000",
    "PREDICTIVE_UNIT_GRPC_SERVICE_PORT": "9500",
    "PREDICTIVE_UNIT_METRICS_PORT_NAME": "metrics",
    "USE_EXECUTOR": "true",
    "EXECUTOR_CONTAINER_IMAGE_AND_VERSION": EXECUTOR_IMAGE,
    "EXECUTOR_CONTAINER_IMAGE_PULL_POLICY": "IfNotPresent",
    "EXECUTOR_CONTAINER_SERVICE_ACCOUNT_NAME": "default",
    "EXECUTOR_CONTAINER_USER": "8888",
    "EXECUTOR_PROMETHEUS_PATH": "/prometheus",
    "EXECUTOR_SERVER_PORT": "8000",
    "EXECUTOR_SERVER_METRICS_PORT_NAME": "metrics",
    "EXECUTOR_REQUEST_LOGGER_DEFAULT_ENDPOINT": "http://default-broker",
    "EXECUTOR_FULL_HEALTH_CHECKS": "false",
    "DEPLOYMENT_NAME_AS_PREFIX": "false",
}


def provide_part() -> None:
    """Have the files of the operator's module in the cache; the program is a bundle. Raises ClusterError."""
    read_operator_files()


def start_part(cluster: LocalCluster) -> None:
    """Start the operator, register its webhook (failures refuse), and wait until both work.

    Raises ClusterError.
    """
    files = read_operator_files()
    cluster.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    cluster.api.apply(build_config(files.config))
    _grant(cluster.api, files)
    webhook_port, probe_port = free_ports(2)
    folder = cluster.state.folder / NAME
    folder.mkdir()
    shutil.copy(cluster.certificates.server.certificate, folder / "tls.crt")
    shutil.copy(cluster.certificates.server.key, folder / "tls.key")
    process = cluster.run_program(
        NAME,
        (
            str(provide(OPERATOR) / NAME),
            f"--kubeconfig={cluster.user_kubeconfig(USER)}",
            f"--host={LOOPBACK}",
            f"--webhook-port={webhook_port}",
            f"--probe-port={probe_port}",
            f"--cert-dir={folder}",
        ),
        environment=ENVIRONMENT,
    )
    cluster.note_fact("operator_probe", f"http://{LOOPBACK}:{probe_port}/readyz")
    cluster.api.apply(build_webhook(files.webhook, port=webhook_port, ca=cluster.ca_file.read_bytes()))
    cluster.wait_for(process, lambda: is_ready(cluster))


def is_ready(cluster: LocalCluster) -> bool:
    """Whether the operator serves its webhook, and the API server asks it: an object that only the webhook
    objects to is refused by it.
    """
    try:
        answer = urllib3.request("GET", cluster.fact("operator_probe"), retries=False, timeout=5)
    except urllib3.exceptions.HTTPError:
        return False
    if answer.status != 200:
        return False
    path = cluster.api.path(
        _OBJECTED["apiVersion"], _OBJECTED["kind"], namespace=_OBJECTED["metadata"]["namespace"]
    )
    refused = cluster.api.request("POST", path, _OBJECTED, query={"dryRun": "All"})
    return refused.status == 422


_OBJECTED: Mapping[str, Any] = {
    "apiVersion": "machinelearning.seldon.io/v1",
    "kind": "SeldonDeployment",
    "metadata": {"name": "nothing-to-serve", "namespace": NAMESPACE},
    "spec": {"predictors": []},
}


def build_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """The ConfigMap that the operator reads: the module's, with `IMAGES` in it."""
    servers = json.loads(config["data"]["predictor_servers"])
    for (server, protocol), (image, version) in IMAGES.items():
        servers[server]["protocols"][protocol] = {"image": image, "defaultImageVersion": version}
    explainer = {**json.loads(config["data"]["explainer"]), **EXPLAINER_IMAGES}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": CONFIG, "namespace": NAMESPACE, "labels": config["metadata"]["labels"]},
        "data": {
            **config["data"],
            "predictor_servers": json.dumps(servers, indent=2),
            "explainer": json.dumps(explainer, indent=2),
        },
    }


def build_webhook(webhook: Mapping[str, Any], *, port: int, ca: bytes) -> dict[str, Any]:
    """The module's webhook configuration, with an address on loopback where it names a Service."""
    hooks = []
    for hook in webhook["webhooks"]:
        path = hook["clientConfig"]["service"]["path"]
        address = {
            "url": f"https://{LOOPBACK}:{port}{path}",
            "caBundle": base64.b64encode(ca).decode("ascii"),
        }
        hooks.append({**hook, "clientConfig": address})
    return {
        "apiVersion": webhook["apiVersion"],
        "kind": webhook["kind"],
        "metadata": {"name": WEBHOOK},
        "webhooks": hooks,
    }


def _grant(api: AdminApi, files: OperatorFiles) -> None:
    for role in files.roles:
        name = f"seldon-{role['metadata']['name']}-{NAMESPACE}"
        api.apply(
            {
                "apiVersion": role["apiVersion"],
                "kind": role["kind"],
                "metadata": {"name": name},
                "rules": role["rules"],
            }
        )
        api.apply(
            {
                "apiVersion": role["apiVersion"],
                "kind": "ClusterRoleBinding",
                "metadata": {"name": name},
                "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": name},
                "subjects": [{"apiGroup": GROUP, "kind": "User", "name": USER}],
            }
        )
