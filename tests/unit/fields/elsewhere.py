"""Fields that never reach a manifest: why, and who reads them instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Why a field is not rendered, proved by a rule that refuses wrong values or by code that reads it.

    `rule` must have refused a change of it; `reader` is a file of the program that says `word`. Neither is
    given for what is written for people alone.
    """

    reason: str
    rule: str = ""
    reader: str = ""
    word: str = ""


def _rule(rule: str, reason: str) -> Elsewhere:
    return Elsewhere(reason, rule=rule)


def _read(reader: str, word: str, reason: str) -> Elsewhere:
    return Elsewhere(reason, reader=reader, word=word)


_PEOPLE = Elsewhere("for people")
_LOADS = Elsewhere("noted for people; no rule compares it with records yet")
_ALLOWED = _rule("allowed-references", "decides what declarations may name")
_RECORD = _rule("record-matches", "must agree with the model's file and the files listed")
_WAIVER = _read("plan/guards.py", "waiver", "lets a guard pass")

ELSEWHERE: Mapping[str, Elsewhere] = {
    "Model.registeredModel": _rule("record-matches", "the records must be about it"),
    "Model.registry": _rule("record-matches", "the records must be about it"),
    "Model.owners": _PEOPLE,
    "Model.description": _PEOPLE,
    "Identity.registry": _rule("location-resolves", "chooses the entry of artifacts:"),
    "Identity.name": _RECORD,
    "Identity.version": _RECORD,
    "Identity.digest": _RECORD,
    "RecordedFile.bytes": _RECORD,
    "RecordedFile.sha256": _RECORD,
    "RecordedFile.checksum": _read("policy/records.py", "checksum", "identifies files that are too large"),
    "Environment.upstream": _rule("references-exist", "the order of promotion"),
    "Environment.protected": Elsewhere("noted for people; no rule reads it yet"),
    "Environment.drift": _read("plan/planner.py", "drift", "decides what the plan does with foreign edits"),
    "Environment.metrics": _read("policy/clusters.py", "metrics", "where status reads served traffic"),
    "Environment.rules": _read("pipeline/look.py", "rules", "parameters of guards"),
    "Environment.allow": _ALLOWED,
    "Cluster.metrics": _read("policy/clusters.py", "metrics", "where status reads served traffic"),
    "Metrics.prometheus": _read("wiring.py", "prometheus", "where status reads served traffic"),
    "Rules.max-prune": _read("plan/guards.py", "max_prune", "how much a run may remove"),
    "Platform.target": Elsewhere("has only one value: the kind of objects that are rendered"),
    "Platform.ingress": _rule("annotations-known", "decides which rules hold"),
    "Platform.keda": _rule("scaling-fits", "decides whether triggers may be declared"),
    "ServerImage.loads": _LOADS,
    "Loads.mlflow": _LOADS,
    "Loads.python": _LOADS,
    "Loads.formats": _LOADS,
    "ArtifactMapping.registry": _rule("location-resolves", "chooses the entry for a record"),
    "ArtifactMapping.from": _rule("location-resolves", "chooses the entry for a record"),
    "Allow.serviceAccounts": _ALLOWED,
    "Allow.secrets": _ALLOWED,
    "Allow.images": _ALLOWED,
    "Allow.priorityClasses": _ALLOWED,
    "Allow.kinds": _read("resolve/resolver.py", "allow.kinds", "kinds that templates in extras/ may make"),
    "Exceptions.waivers": _read("pipeline/full.py", "waivers", "lets guards pass"),
    "Waiver.rule": _rule("waivers-known", "the guard that may be passed"),
    "Waiver.objects": _WAIVER,
    "Waiver.reason": _PEOPLE,
    "Waiver.until": _rule("waivers-known", "when the waiver ends"),
    "GraphNode.protocol": _rule("one-protocol", "must be that of the deployment"),
}

COMPARED = frozenset({"VersionRecord", "Identity", "RecordedFile", "Loader", "Evidence"})
"""Blocks of version records: what is not rendered of them is compared with the registry (`pin --check`)."""

NOT_SERVED: Mapping[str, str] = {
    "Deployment.experiment": "deployment",
    "Exceptions.holds": "exceptions",
    "Exceptions.freezes": "exceptions",
    "Exceptions.suspensions": "exceptions",
    "Rules.max-traffic-step": "environment",
    "Rules.soak": "environment",
}
"""Blocks that are refused until something acts on them, with their kind of file."""
