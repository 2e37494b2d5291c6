"""Facts of a registry version, to be changed one at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reconciler.clients.registry.interface import (
    DatasetFacts,
    LoggedModelFacts,
    RunFacts,
    VersionDetails,
    VersionFacts,
)
from reconciler.pin.recorder import make_record
from reconciler.state.declarations import RecordedFile, VersionRecord

MODEL_ID = "m-" + "7" * 32
LOCATION = f"mlflow-artifacts:/1/models/{MODEL_ID}/artifacts"

MANIFEST = b"""
flavors:
  python_function:
    env: {conda: conda.yaml, virtualenv: python_env.yaml}
    loader_module: mlflow.sklearn
    model_path: model.pkl
    python_version: 3.11.7
  sklearn:
    code: null
    pickled_model: model.pkl
    serialization_format: cloudpickle
    sklearn_version: 1.9.1
mlflow_version: 3.17.2
signature:
  inputs: '[{"type": "double", "name": "pH", "required": true}, {"type": "double", "name": "alcohol"}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1]}}]'
  params: null
"""

FACTS = VersionFacts(
    name="wine-quality",
    version=5,
    status="READY",
    source=f"models:/{MODEL_ID}",
    run="8c1f" + "0" * 28,
    logged_model=MODEL_ID,
    created="2026-11-21T14:03:22.417Z",
)

LOGGED_MODEL = LoggedModelFacts(
    id=MODEL_ID,
    status="READY",
    location=LOCATION,
    run=FACTS.run,
    metrics={"rmse": 0.779, "mae": 0.611},
    parameters={"alpha": "0.1"},
)

RUN = RunFacts(
    id="8c1f" + "0" * 28,
    name="alpha=0.1",
    metrics={"rmse": 9.0},
    parameters={"alpha": "9"},
    tags={
        "mlflow.runName": "alpha=0.1",
        "mlflow.user": "ann",
        "mlflow.source.name": "/home/ann/train.py",
        "mlflow.source.git.commit": "4be2a91" + "0" * 33,
    },
    datasets=(DatasetFacts(name="wine-quality", digest="c4e7", context="training"),),
)

DETAILS = VersionDetails(facts=FACTS, location=LOCATION, logged_model=LOGGED_MODEL, run=RUN)

FILES = {
    "MLmodel": RecordedFile(bytes=1702, sha256="a" * 64),
    "model.pkl": RecordedFile(bytes=860, sha256="b" * 64),
}


def a_record(
    *, files: dict[str, RecordedFile] | None = None, manifest: bytes = MANIFEST, **changes: Any
) -> VersionRecord:
    """The record of DETAILS with some of its parts changed."""
    return make_record(replace(DETAILS, **changes), FILES if files is None else files, manifest)
