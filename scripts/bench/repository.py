"""A large GitOps repository, the same at every call. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import dedent

from reconciler.policy.records import compute_digest
from reconciler.state.declarations import RecordedFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of everything there is; each deployment serves two versions of one model."""

    environments: int = 200
    deployments: int = 5  # of each environment
    models: int = 20
    versions: int = 20  # pinned of each model

    @property
    def all_deployments(self) -> int:
        return self.environments * self.deployments

    @property
    def pins(self) -> int:
        return self.models * self.versions

    def __str__(self) -> str:
        counts = (self.environments, self.all_deployments, self.pins)
        return "{} environments, {} deployments, {} version records".format(*counts)


def generate(size: Size) -> Mapping[str, str]:
    """Path → text of every file. Validation finds nothing in it, so that all rules are run to their end.

    Raises ValueError for fewer than two versions of a model, or more deployments than models: the names
    of an environment's deployments are those of their models.
    """
    if size.versions < 2 or size.deployments > size.models:
        raise ValueError(f"cannot lay out {size}: it takes two versions a model, and a model a deployment")
    return {**generate_models(size), **_generate_environments(size)}


def generate_models(size: Size) -> dict[str, str]:
    """The files of all models with their records."""
    files = {}
    for model in range(size.models):
        folder = f"models/{name_model(model)}"
        files[f"{folder}/model.yaml"] = _write_model(model)
        for version in range(1, size.versions + 1):
            files[f"{folder}/versions/{version}.yaml"] = _write_record(model, version)
    return files


def _generate_environments(size: Size) -> dict[str, str]:
    files = {}
    for environment in range(size.environments):
        folder = f"environments/region-{environment:03d}"
        files[f"{folder}/environment.yaml"] = _write_environment(environment)
        for place in range(size.deployments):
            # Neighbours serve other models and versions: every model is served, and nearly every record.
            model = (environment * size.deployments + place) % size.models
            older = (environment + place) % (size.versions - 1) + 1
            files[f"{folder}/deployments/{name_model(model)}.yaml"] = _write_deployment(model, older)
    return files


def name_model(model: int) -> str:
    """The name of the folder of a model, counted from 0."""
    return f"model-{model:02d}"


def _write_model(model: int) -> str:
    return dedent(
        f"""\
        registeredModel: {name_model(model)}-registered
        owners: ["@team-{model:02d}"]
        description: What clients ask of {name_model(model)}, and what it answers.
        serving:
          server: mlflow
          protocol: v2
          resources: {{requests: {{cpu: 100m, memory: 256Mi}}, limits: {{memory: 512Mi}}}}
        """
    )


def _write_environment(environment: int) -> str:
    return dedent(
        f"""\
        namespace: models-region-{environment:03d}
        artifacts:
          - {{from: "mlflow-artifacts:/", to: "s3://mlflow/artifacts", secret: artifacts-s3}}
        allow: {{secrets: [artifacts-s3]}}
        rules:
          max-prune: 20%
        """
    )


def _write_deployment(model: int, older: int) -> str:
    return dedent(
        f"""\
        model: {name_model(model)}
        variants:
          - version: {older}
            traffic: 90
          - version: {older + 1}
            traffic: 10
            serving: {{replicas: 1}}
        """
    )


def _write_record(model: int, version: int) -> str:
    contents = {
        name: hashlib.sha256(f"{model} {version} {name}".encode()).hexdigest()
        for name in ("MLmodel", "conda.yaml", "model.pkl", "python_env.yaml", "requirements.txt")
    }
    digest = compute_digest(
        {
            name: RecordedFile.model_validate({"bytes": 1000, "sha256": content})
            for name, content in contents.items()
        }
    )
    head = dedent(
        f"""\
        identity:
          registry: main
          name: {name_model(model)}-registered
          version: {version}
          source: "mlflow-artifacts:/{model}/models/m-{version}/artifacts"
          run: "{version:032x}"
          created: "2026-11-21T14:03:00.000Z"
          digest: "{digest}"
          files:
        """
    )
    files = "".join(
        f'    {name}: {{bytes: 1000, sha256: "{content}"}}\n' for name, content in contents.items()
    )
    tail = dedent(
        """\
        loader:
          flavours:
            python_function: {loader_module: mlflow.sklearn}
          mlflow: "3.17.2"
          python: "3.11.7"
        evidence:
          metrics: {rmse: 0.7, mae: 0.5, r2: 0.3}
          parameters: {alpha: 0.5, depth: 12}
        """
    )
    return head + files + tail
