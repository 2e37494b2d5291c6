"""Repositories for tests, from the same YAML that people write."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from textwrap import dedent
from typing import TypeVar

from reconciler.load.documents import LoadedFile, load
from reconciler.load.layout import FileKind
from reconciler.policy.context import Context
from reconciler.policy.engine import run_policies
from reconciler.policy.policies import POLICIES
from reconciler.policy.records import compute_digest
from reconciler.state.declarations import (
    Declaration,
    Defaults,
    Deployment,
    Environment,
    Model,
    RecordedFile,
    VersionRecord,
)
from reconciler.state.exceptions import Exceptions
from reconciler.state.findings import Finding
from reconciler.state.repository import Entry, EnvironmentEntry, ModelEntry, Repository

D = TypeVar("D", bound=Declaration)

DEFAULTS = "models/defaults.yaml"
MODEL = "models/wines/model.yaml"
ENVIRONMENT = "environments/production/environment.yaml"
EXCEPTIONS = "environments/production/exceptions.yaml"
DEPLOYMENT = "environments/production/deployments/wines.yaml"

_CONTENT = "0" * 64
_DIGEST = compute_digest({"MLmodel": RecordedFile(bytes=10, sha256=_CONTENT)})


def record(version: int, *, name: str = "wine-quality", registry: str = "main", source: str = "") -> str:
    """The text of a record whose digest is right."""
    return f"""\
identity:
  registry: {registry}
  name: {name}
  version: {version}
  source: "{source or f"mlflow-artifacts:/1/models/m-{version}/artifacts"}"
  created: "2026-11-21T14:03:00Z"
  digest: "{_DIGEST}"
  files: {{MLmodel: {{bytes: 10, sha256: "{_CONTENT}"}}}}
loader:
  flavours: {{}}
evidence: {{}}
"""


SOUND: Mapping[str, str] = {
    MODEL: """\
registeredModel: wine-quality
owners: ["@wine-team"]
serving:
  server: mlflow
  protocol: v2
  resources: {requests: {cpu: 200m, memory: 512Mi}, limits: {memory: 1Gi}}
""",
    "models/wines/versions/3.yaml": record(3),
    "models/wines/versions/5.yaml": record(5),
    ENVIRONMENT: """\
namespace: wines-production
artifacts:
  - {from: "mlflow-artifacts:/", to: "s3://mlflow/artifacts", secret: artifacts-s3}
allow:
  serviceAccounts: [model]
  secrets: [artifacts-s3]
  images: ["registry.example.com/ml/*@sha256:*"]
""",
    DEPLOYMENT: """\
model: wines
variants:
  - version: 3
    traffic: 90
  - version: 5
    traffic: 10
""",
}
"""A repository in which no policy finds anything: one model, two versions, one deployment of them."""

NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)


def repository(changes: Mapping[str, str | None] | None = None) -> Repository:
    """The sound repository with these files instead or besides; None takes a file away."""
    texts = {path: text for path, text in {**SOUND, **(changes or {})}.items() if text is not None}
    loaded = load({path: dedent(text).encode() for path, text in texts.items()})
    assert not loaded.findings, loaded.findings
    files = {(file.place.kind, file.place.folder, file.place.name): file for file in loaded.files}
    folders = {
        kind: {place[1] for place in files if place[0] in kinds}
        for kind, kinds in (
            ("models", (FileKind.MODEL, FileKind.RECORD)),
            ("environments", (FileKind.ENVIRONMENT, FileKind.DEPLOYMENT, FileKind.EXCEPTIONS)),
        )
    }
    return Repository(
        defaults=_entry(files.get((FileKind.DEFAULTS, "", "")), Defaults),
        models={
            name: ModelEntry(
                name=name,
                model=_entry(files.get((FileKind.MODEL, name, "")), Model),
                records={
                    int(version): entry
                    for (kind, folder, version), file in files.items()
                    if kind is FileKind.RECORD and folder == name and (entry := _entry(file, VersionRecord))
                },
            )
            for name in folders["models"]
        },
        environments={
            name: EnvironmentEntry(
                name=name,
                environment=_entry(files.get((FileKind.ENVIRONMENT, name, "")), Environment),
                exceptions=_entry(files.get((FileKind.EXCEPTIONS, name, "")), Exceptions),
                deployments={
                    deployment: placed
                    for (kind, folder, deployment), file in files.items()
                    if kind is FileKind.DEPLOYMENT and folder == name and (placed := _entry(file, Deployment))
                },
            )
            for name in folders["environments"]
        },
    )


def context(changes: Mapping[str, str | None] | None = None) -> Context:
    return Context(repository=repository(changes), now=NOW)


def find(policy_id: str, changes: Mapping[str, str | None] | None = None) -> tuple[Finding, ...]:
    """What one policy finds in the sound repository with these changes."""
    (policy,) = (policy for policy in POLICIES if policy.id == policy_id)
    return run_policies(context(changes), (policy,)).findings


def find_all(changes: Mapping[str, str | None] | None = None) -> tuple[Finding, ...]:
    return run_policies(context(changes), POLICIES).findings


def tell(findings: tuple[Finding, ...]) -> list[str]:
    """Place, message and advice of each finding, as people read them."""
    return [f"{finding.location} {finding.message} {finding.advice}".rstrip() for finding in findings]


def deployment(*variants: str, rest: str = "") -> str:
    """A deployment of wines with these variants, each a line in flow style; `rest` is added at the end."""
    return "model: wines\nvariants:\n" + "".join(f"  - {variant}\n" for variant in variants) + rest


def _entry(file: LoadedFile | None, kind: type[D]) -> Entry[D] | None:
    if file is None:
        return None
    assert file.document is not None
    return Entry(document=file.document, declaration=kind.model_validate(file.document.value))
