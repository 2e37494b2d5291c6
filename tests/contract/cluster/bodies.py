"""The objects that the tests of the cluster port write."""

from __future__ import annotations

from reconciler.state.objects import SELDON_DEPLOYMENT, Body, Kind, ObjectKey

MANAGER = "modelsync-production"


def wines(namespace: str, traffic: int = 100, *, name: str = "wines", **spec: object) -> Body:
    predictor = {
        "name": "v3",
        "traffic": traffic,
        "graph": {
            "name": "wines",
            "type": "MODEL",
            "implementation": "MLFLOW_SERVER",
            "modelUri": "s3://mlflow/3",
        },
    }
    return {
        "apiVersion": SELDON_DEPLOYMENT.api_version,
        "kind": SELDON_DEPLOYMENT.name,
        "metadata": {"name": name, "namespace": namespace, "labels": {"team": "wine"}},
        "spec": {"predictors": [predictor], **spec},
    }


def config_map(name: str, **metadata: object) -> Body:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, **metadata},
        "data": {"a": "b"},
    }


def key(namespace: str, name: str = "wines", kind: Kind = SELDON_DEPLOYMENT) -> ObjectKey:
    return ObjectKey(kind=kind, namespace=namespace, name=name)
