"""SeldonDeployments in the form that modelsync renders; what their Pods are to play stands in the URI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

IMAGE = "seldonio/mlserver:1.7.1-mlflow"
STARTUP = 60
"""Seconds; longer than any situation lasts unless it says otherwise."""


def locate(version: str, play: str = "") -> str:
    """A model's location; `play` is what the Pods that load it are to do (`never-ready`, `slow-5s`, …)."""
    return f"s3://models/{f'play-{play}/' if play else ''}{version}"


def build_predictor(
    name: str,
    traffic: int,
    *,
    uri: str = "",
    play: str = "",
    startup: int = STARTUP,
    replicas: int = 1,
    image: str = IMAGE,
    env: Mapping[str, str] | None = None,
    **rest: Any,
) -> dict[str, Any]:
    """One predictor with one MLflow server; `rest` are further fields of it."""
    return {
        "name": name,
        "labels": {"version": name.removeprefix("v").partition("-")[0]},
        "annotations": {"version": name.removeprefix("v").partition("-")[0]},
        "traffic": traffic,
        "replicas": replicas,
        "progressDeadlineSeconds": startup,
        "graph": {
            "name": "wines",
            "type": "MODEL",
            "implementation": "MLFLOW_SERVER",
            "modelUri": uri or locate(name, play),
        },
        "componentSpecs": [
            {
                "spec": {
                    "containers": [
                        {
                            "name": "wines",
                            "image": image,
                            "env": [{"name": key, "value": value} for key, value in (env or {}).items()],
                            "resources": {"requests": {"cpu": "1000m", "memory": "64Mi"}},
                            "ports": [
                                {"name": "metrics", "containerPort": 6000, "protocol": "TCP"},
                                {"name": "http", "containerPort": 9000, "protocol": "TCP"},
                                {"name": "grpc", "containerPort": 9500, "protocol": "TCP"},
                            ],
                        }
                    ]
                }
            }
        ],
        **rest,
    }


def build_body(
    namespace: str, *predictors: dict[str, Any], name: str = "wines", **spec: Any
) -> dict[str, Any]:
    """A SeldonDeployment; `spec` are further fields of its spec."""
    return {
        "apiVersion": "machinelearning.seldon.io/v1",
        "kind": "SeldonDeployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"protocol": "v2", "predictors": list(predictors), **spec},
    }
