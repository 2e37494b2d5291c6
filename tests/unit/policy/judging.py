"""A change of a small repository with a history, and what the rules say of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.policy.context import Context
from reconciler.policy.engine import Judgement, run_policies
from reconciler.policy.policies import POLICIES
from reconciler.policy.records import compute_digest
from reconciler.state.declarations import RecordedFile
from tests.support.histories import make_history
from tests.unit.policy.building import ENVIRONMENT, NOW, SOUND, deployment, repository

STAGING = "environments/staging/environment.yaml"
STAGED = "environments/staging/deployments/wines.yaml"

Files = Mapping[str, str | None]
Spans = tuple[Mapping[str, Any], ...]


def digest(content: str) -> str:
    return compute_digest({"MLmodel": RecordedFile(bytes=10, sha256=content * 64)})


def own_record(version: int, content: str = "") -> str:
    """A record with artifacts of its own, or with the given ones."""
    said = content or str(version)
    return f"""\
identity:
  registry: main
  name: wine-quality
  version: {version}
  source: "mlflow-artifacts:/1/models/m-{said}/artifacts"
  created: "2026-11-21T14:03:00Z"
  digest: "{digest(said)}"
  files: {{MLmodel: {{bytes: 10, sha256: "{said * 64}"}}}}
loader:
  flavours: {{}}
evidence: {{}}
"""


RECORDS: Files = {f"models/wines/versions/{version}.yaml": own_record(version) for version in range(2, 8)}
ENVIRONMENT_TEXT = SOUND[ENVIRONMENT]


def environment(more: str) -> str:
    return ENVIRONMENT_TEXT + more


STAGES: Files = {STAGING: "namespace: wines-staging\n", STAGED: deployment("{version: 3, traffic: 100}")}


def judge(
    policy_id: str, before: Files, after: Files, spans: Spans | None = (), *, complete: bool = True
) -> Judgement:
    """What one policy says of a change; both sides have records of all versions."""
    (policy,) = (policy for policy in POLICIES if policy.id == policy_id)
    history = None if spans is None else make_history(spans, complete=complete)
    context = Context(
        repository=repository({**RECORDS, **before, **after}),
        base=repository({**RECORDS, **before}),
        now=NOW,
        history=history,
    )
    return run_policies(context, (policy,))


def say(judgement: Judgement) -> list[str]:
    return [finding.message for finding in judgement.findings]


def span(thing: str, version: int, traffic: int, since: str, until: str = "", **more: Any) -> dict[str, Any]:
    ended = {"until": until} if until else {}
    return {"object": thing, "version": version, "traffic": traffic, "since": since, **ended, **more}
