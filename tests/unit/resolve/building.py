"""Repositories for tests, from the same YAML that people write."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel

from reconciler.state.declarations import Defaults, Deployment, Environment, Model, VersionRecord
from reconciler.state.documents import Document, Location, PathKey
from reconciler.state.findings import Finding, Grade
from reconciler.state.repository import Entry, EnvironmentEntry, ModelEntry, Repository

M = TypeVar("M", bound=BaseModel)

DEFAULTS = "models/defaults.yaml"
MODEL = "models/wines/model.yaml"
ENVIRONMENT = "environments/production/environment.yaml"
DEPLOYMENT = "environments/production/deployments/wines.yaml"

RECORD: Mapping[str, Any] = {
    "identity": {
        "registry": "main",
        "name": "wine-quality",
        "version": 3,
        "source": "mlflow-artifacts:/1/models/m-3/artifacts",
        "run": "8c1f",
        "created": "2026-11-21T14:03:00Z",
        "digest": "sha256:" + "3" * 64,
        "files": {},
    },
    "loader": {"flavours": {"python_function": {}}},
    "evidence": {},
}

FILES: Mapping[str, str] = {
    DEFAULTS: "serving: {resources: {requests: {cpu: 200m, memory: 512Mi}, limits: {memory: 1Gi}}}",
    MODEL: "{registeredModel: wine-quality, owners: ['@wine-team'], serving: {server: mlflow, protocol: v2}}",
    ENVIRONMENT: """
        namespace: wines-production
        artifacts: [{from: "mlflow-artifacts:/", to: "s3://mlflow/artifacts", secret: artifacts-s3}]
    """,
    DEPLOYMENT: "{model: wines, variants: [{version: 3, traffic: 100}]}",
}


@dataclass(frozen=True)
class _FirstLine:
    file: str

    def find(self, path: tuple[PathKey, ...], *, key: bool) -> Location:
        return Location(file=self.file)

    def trace(self, location: Location) -> tuple[PathKey, ...]:
        return ()


def record(version: int) -> str:
    text = json.dumps(RECORD).replace("m-3", f"m-{version}").replace("3" * 64, f"{version:x}" * 64)
    return text.replace('"version": 3', f'"version": {version}').replace("8c1f", f"run{version}")


def repository(
    changes: Mapping[str, str | None] | None = None, *, faulty: tuple[str, ...] = ()
) -> Repository:
    """One model (versions 3, 5 and 6 pinned) in one environment, with these files instead of or besides it.

    `faulty` names files that could not be parsed.
    """
    records = {f"models/wines/versions/{version}.yaml": record(version) for version in (3, 5, 6)}
    files = {
        path: text
        for path, text in {**FILES, **records, **(changes or {})}.items()
        if text and path not in faulty
    }
    return Repository(
        defaults=entry(files, DEFAULTS, Defaults) if DEFAULTS in files else None,
        models={name: _model(name, files) for name in _folders("models", files)},
        environments={
            name: _environment(name, files, faulty) for name in _folders("environments", files, faulty)
        },
        has_faulty_defaults=DEFAULTS in faulty,
    )


def entry(files: Mapping[str, str], path: str, kind: type[M]) -> Entry[M]:
    value = yaml.safe_load(files[path])
    document = Document(file=path, value=value, positions=_FirstLine(path))
    return Entry(document=document, declaration=kind.model_validate_json(json.dumps(value)))


def error(file: str, *, grade: Grade = Grade.HARD, message: str = "wrong") -> Finding:
    return Finding(rule="some-rule", grade=grade, location=Location(file=file, line=2), message=message)


def _folders(root: str, files: Mapping[str, str], faulty: tuple[str, ...] = ()) -> list[str]:
    parts = (PurePosixPath(path).parts for path in (*files, *faulty))
    return sorted({part[1] for part in parts if part[0] == root and len(part) > 2})


def _model(name: str, files: Mapping[str, str]) -> ModelEntry:
    path = f"models/{name}/model.yaml"
    versions = sorted(file for file in files if file.startswith(f"models/{name}/versions/"))
    return ModelEntry(
        name=name,
        model=entry(files, path, Model) if path in files else None,
        records={int(PurePosixPath(file).stem): entry(files, file, VersionRecord) for file in versions},
    )


def _environment(name: str, files: Mapping[str, str], faulty: tuple[str, ...]) -> EnvironmentEntry:
    path = f"environments/{name}/environment.yaml"
    folder = f"environments/{name}/deployments/"
    return EnvironmentEntry(
        name=name,
        environment=entry(files, path, Environment) if path in files else None,
        deployments={
            PurePosixPath(file).stem: entry(files, file, Deployment)
            for file in files
            if file.startswith(folder)
        },
        faulty_deployments=frozenset(PurePosixPath(file).stem for file in faulty if file.startswith(folder)),
    )
