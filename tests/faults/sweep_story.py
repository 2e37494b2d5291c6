"""The story that a sweep disturbs: what is declared at each stage, and what is done to the cluster by hand.

Each stage begins where the one before it ended. All namespaces that a sweep uses have a branch of their own
for each stage, in one repository, written by one `git fast-import`.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.local_cluster.api import AdminApi
from tests.conftest import ENVIRONMENT_LABEL
from tests.support.shop import make_record

OBJECTS = "/apis/machinelearning.seldon.io/v1/namespaces/{}/seldondeployments"
ENVIRONMENT = "production"
BYSTANDER = "strangers"

_FOLDER = f"environments/{ENVIRONMENT}/deployments"
_MODEL = """\
registeredModel: wine-quality
owners: ["@wine-team"]
serving:
  server: mlflow
  protocol: v2
  resources: {requests: {cpu: 100m, memory: 256Mi}, limits: {memory: 512Mi}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What changes in git (deployment → content) and, before the run, in the cluster by hand.

    `edits` are deployments whose first share is moved, `removals` are deleted, `foreign` are made by
    another tool.
    """

    name: str
    declares: Mapping[str, str] = field(default_factory=dict)
    edits: tuple[str, ...] = ()
    removals: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()


def _declare(shares: Mapping[int, int], more: str = "") -> str:
    lines = ["model: wines", "variants:"]
    for version, traffic in shares.items():
        lines += [f"  - version: {version}", f"    traffic: {traffic}"]
    return "\n".join([*lines, more, ""] if more else [*lines, ""])


Story = tuple[Stage, ...]

THREE: Story = (
    Stage(
        name="create",
        declares={
            "ports": _declare({1: 100}),
            "prices": _declare({1: 100}),
            "wines": _declare({1: 90, 2: 10}),
        },
    ),
    Stage(
        name="update",
        declares={"prices": _declare({1: 90, 3: 10}), "wines": _declare({1: 50, 2: 50})},
    ),
    Stage(name="heal", edits=("wines",), removals=("ports",)),
    Stage(
        name="takeover",
        declares={"sherries": _declare({1: 100}, "adopt: true")},
        foreign=("sherries",),
    ),
    Stage(
        name="prune",
        declares={
            "ports": _declare({1: 100}, "retire: true"),
            "prices": _declare({1: 90, 3: 10}, "retire: true"),
        },
    ),
    Stage(
        name="all at once",
        declares={
            "ciders": _declare({2: 100}),
            "sherries": _declare({1: 100}, "adopt: true\nretire: true"),
            "wines": _declare({1: 100}),
        },
    ),
)

ONE: Story = (
    Stage(name="create", declares={"wines": _declare({1: 90, 2: 10})}),
    Stage(name="update", declares={"wines": _declare({1: 50, 2: 50})}),
    Stage(name="heal", edits=("wines",)),
    Stage(name="takeover", declares={"sherries": _declare({1: 100}, "adopt: true")}, foreign=("sherries",)),
    Stage(name="prune", declares={"sherries": _declare({1: 100}, "adopt: true\nretire: true")}),
)

STORIES: Mapping[str, Story] = {"three deployments": THREE, "one deployment": ONE}


def write_repository(folder: Path, namespaces: Mapping[str, Story]) -> Path:
    """A bare repository with a branch `NAMESPACE/NUMBER` for each stage of each namespace's story."""
    subprocess.run(["git", "init", "--quiet", "--bare", str(folder)], check=True)
    stream = b"".join(
        part for namespace, story in namespaces.items() for part in _import_story(namespace, story)
    )
    subprocess.run(["git", "fast-import", "--quiet"], cwd=folder, input=stream, check=True)
    subprocess.run(["git", "pack-refs", "--all"], cwd=folder, check=True)
    return folder


def name_branch(namespace: str, number: int) -> str:
    return f"{namespace}/{number}"


def _import_story(namespace: str, story: Story) -> Iterator[bytes]:
    environment = (
        f"namespace: {namespace}\n"
        'artifacts:\n  - {from: "mlflow-artifacts:/", to: "s3://mlflow/artifacts", secret: artifacts-s3}\n'
        "allow: {secrets: [artifacts-s3]}\n"
    )
    files = {
        "models/wines/model.yaml": _MODEL,
        **{f"models/wines/versions/{version}.yaml": make_record(version) for version in (1, 2, 3)},
        f"environments/{ENVIRONMENT}/environment.yaml": environment,
    }
    parent = ""
    for number, stage in enumerate(story):
        files |= {f"{_FOLDER}/{name}.yaml": content for name, content in stage.declares.items()}
        branch = f"refs/heads/{name_branch(namespace, number)}"
        time = 1_790_000_000 + 60 * number
        yield f"commit {branch}\ncommitter Shop <shop@example.com> {time} +0000\n".encode()
        yield _data(stage.name)
        if parent:
            yield f"from {parent}\n".encode()
        for path, content in files.items():
            yield f"M 100644 inline {path}\n".encode()
            yield _data(content)
        yield b"\n"
        parent, files = branch, {}


def _data(text: str) -> bytes:
    content = text.encode()
    return b"data %d\n%s\n" % (len(content), content)


def make_namespace(api: AdminApi, name: str) -> None:
    """The namespace of a story, with an object in it that is none of ours."""
    metadata = {"name": name, "labels": {ENVIRONMENT_LABEL: ENVIRONMENT}}
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    api.demand("POST", "/api/v1/namespaces", body)
    make_foreign(api, name, BYSTANDER)


def make_foreign(api: AdminApi, namespace: str, name: str) -> None:
    """An object that another tool made."""
    predictor = {
        "name": "old",
        "replicas": 1,
        "graph": {"name": "old", "implementation": "SKLEARN_SERVER", "modelUri": "s3://old/model"},
    }
    body: dict[str, Any] = {
        "apiVersion": "machinelearning.seldon.io/v1",
        "kind": "SeldonDeployment",
        "metadata": {"name": name},
        "spec": {"predictors": [predictor]},
    }
    query = {"fieldManager": "kubectl-create"}
    api.demand("POST", OBJECTS.format(namespace), body, query=query)


def prepare_by_hand(api: AdminApi, namespace: str, stage: Stage) -> None:
    """What people do to the cluster before the run of a stage."""
    for name in stage.foreign:
        make_foreign(api, namespace, name)
    for name in stage.edits:
        edit = [{"op": "replace", "path": "/spec/predictors/0/traffic", "value": 51}]
        path = f"{OBJECTS.format(namespace)}/{name}"
        query = {"fieldManager": "kubectl-edit"}
        api.demand("PATCH", path, edit, content_type="application/json-patch+json", query=query)
    for name in stage.removals:
        api.demand("DELETE", f"{OBJECTS.format(namespace)}/{name}")
