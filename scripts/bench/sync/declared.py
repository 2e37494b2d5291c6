"""A repository whose deployments all have two predictors, spread over a few environments. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import dedent

from scripts.bench.repository import Size, generate_models, name_model

ENVIRONMENTS = 5
_MODELS = Size(models=20, versions=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """How many SeldonDeployments there are, evenly over the environments, and how many of each stay.

    `kept` of each environment are not retired; None retires nothing.
    """

    objects: int
    environments: int = ENVIRONMENTS
    kept: int | None = None

    @property
    def each(self) -> int:
        return self.objects // self.environments

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"region-{number}" for number in range(1, self.environments + 1))

    @property
    def pruned(self) -> int:
        """How many objects are to go."""
        return 0 if self.kept is None else self.environments * (self.each - self.kept)


def declare(declared: Declared) -> Mapping[str, str]:
    """Path → text of every file.

    Raises ValueError where the objects cannot be spread evenly, or an environment would have none.
    """
    if declared.each < 1 or declared.each * declared.environments != declared.objects:
        raise ValueError(
            f"{declared.objects} objects cannot be spread evenly over {declared.environments} environments"
        )
    files = generate_models(_MODELS)
    for environment in declared.names:
        folder = f"environments/{environment}"
        files[f"{folder}/environment.yaml"] = _write_environment(environment)
        for place in range(declared.each):
            retire = declared.kept is not None and place >= declared.kept
            files[f"{folder}/deployments/{name_deployment(place)}.yaml"] = _write_deployment(place, retire)
    return files


def name_deployment(place: int) -> str:
    """The name of an environment's deployment, counted from 0; it is that of the object."""
    return f"served-{place:05d}"


def name_namespace(environment: str) -> str:
    """The namespace of an environment."""
    return f"bench-{environment}"


def _write_environment(environment: str) -> str:
    return dedent(
        f"""\
        namespace: {name_namespace(environment)}
        artifacts:
          - {{from: "mlflow-artifacts:/", to: "s3://mlflow/artifacts", secret: artifacts-s3}}
        allow: {{secrets: [artifacts-s3]}}
        # Nothing starts here, and on a slow machine ten thousand take longer than the usual patience.
        serving: {{startup: 24h}}
        """
    )


def _write_deployment(place: int, retire: bool) -> str:
    older = place % (_MODELS.versions - 1) + 1
    text = dedent(
        f"""\
        model: {name_model(place % _MODELS.models)}
        variants:
          - version: {older}
            traffic: 90
          - version: {older + 1}
            traffic: 10
            serving: {{replicas: 1}}
        """
    )
    return f"{text}retire: true\n" if retire else text
