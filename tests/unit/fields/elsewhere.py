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


def _loads(word: str, file: str = "loading") -> Elsewhere:
    return _read(f"policy/{file}.py", word, "which versions the server's image can load")


_ALLOWED = _rule("allowed-references", "decides what declarations may name")
_RECORD = _rule("record-matches", "must agree with the model's file and the files listed")


def _follow(word: str) -> Elsewhere:
    return _read("plan/following.py", word, "which version `modelsync bot` proposes")


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
    "Environment.protected": _read("plan/pruning.py", "protected", "nothing is pruned on the side"),
    "Environment.drift": _read("plan/planner.py", "drift", "decides what the plan does with foreign edits"),
    "Environment.metrics": _read("policy/clusters.py", "metrics", "where status reads served traffic"),
    "Environment.rules": _read("policy/grading.py", "rules.get", "grades and parameters of rules"),
    "Environment.owners": _read(
        "policy/policies/waiver_needs_approval.py", "declaration.owners", "who approves waivers"
    ),
    "Environment.auto": _read("pipeline/bot/facts.py", "declaration.auto", "what `modelsync bot` proposes"),
    "Environment.allow": _ALLOWED,
    "Cluster.metrics": _read("policy/clusters.py", "metrics", "where status reads served traffic"),
    "Metrics.prometheus": _read("wiring.py", "prometheus", "where status reads served traffic"),
    "Platform.target": Elsewhere("has only one value: the kind of objects that are rendered"),
    "Platform.ingress": _rule("annotations-known", "decides which rules hold"),
    "Platform.keda": _rule("scaling-fits", "decides whether triggers may be declared"),
    "Platform.loads": _loads("platform.loads", "abilities"),
    "ServerImage.loads": _loads("own.loads", "abilities"),
    "Loads.mlflow": _loads("loads.mlflow"),
    "Loads.python": _loads("loads.python"),
    "Loads.formats": _loads("loads.formats"),
    "Loads.libraries": _loads("loads.libraries"),
    "ArtifactMapping.registry": _rule("location-resolves", "chooses the entry for a record"),
    "ArtifactMapping.from": _rule("location-resolves", "chooses the entry for a record"),
    "Allow.serviceAccounts": _ALLOWED,
    "Allow.secrets": _ALLOWED,
    "Allow.images": _ALLOWED,
    "Allow.priorityClasses": _ALLOWED,
    "Allow.storage": _read(
        "policy/policies/storage_allowed.py", "allow.storage", "places that models may be read from"
    ),
    "Allow.kinds": _read("resolve/resolver.py", "allow.kinds", "kinds that templates in extras/ may make"),
    "Exceptions.waivers": _read("plan/guards.py", "waivers", "lets guards pass"),
    "Exceptions.holds": _read(
        "policy/policies/exceptions_known.py", "declared.holds", "versions that automation skips"
    ),
    "Exceptions.freezes": _read("plan/exceptions.py", "freezes", "when changes wait"),
    "Exceptions.windows": _read("plan/exceptions.py", "windows", "when changes do not wait"),
    "Exceptions.suspensions": _read("plan/exceptions.py", "suspensions", "what sync leaves alone"),
    "Hold.deployment": _rule("exceptions-known", "the deployment that skips the version"),
    "Hold.version": _rule("exceptions-known", "the version that automation skips"),
    "Hold.reason": _PEOPLE,
    "Hold.until": _rule("exceptions-known", "when the hold ends"),
    "Freeze.from": _read("state/freezing.py", "freeze.from_", "when changes begin to wait"),
    "Freeze.until": _read("state/freezing.py", "freeze.until", "until when changes wait"),
    "Freeze.weekly": _read("state/freezing.py", "freeze.weekly", "hours in which changes wait"),
    "Freeze.reason": _PEOPLE,
    "Window.weekly": _read("plan/exceptions.py", "window.weekly", "hours in which changes do not wait"),
    "Window.until": _read("plan/exceptions.py", "window.until", "when the window ends"),
    "Window.reason": _PEOPLE,
    "Weekly.days": _read("state/hours.py", "weekly.days", "days on which the hours begin"),
    "Weekly.from": _read("state/hours.py", "weekly.from_", "when the hours begin"),
    "Weekly.to": _read("state/hours.py", "weekly.to", "when the hours end"),
    "Weekly.zone": _read("state/hours.py", "weekly.zone", "whose clock is meant"),
    "Suspension.deployment": _read("plan/exceptions.py", "item.deployment", "what sync leaves alone"),
    "Suspension.until": _read("plan/exceptions.py", "item.until", "when the suspension ends"),
    "Suspension.reason": _PEOPLE,
    "Waiver.rule": _rule("waivers-known", "the guard that may be passed"),
    "Waiver.objects": _WAIVER,
    "Waiver.reason": _PEOPLE,
    "Waiver.until": _rule("waivers-known", "when the waiver ends"),
    "Deployment.follow": _read("pipeline/bot/facts.py", "declaration.follow", "see there"),
    "Follow.alias": _follow("follow.alias"),
    "Follow.tag": _follow("follow.tag"),
    "Follow.metric": _follow("follow.metric"),
    "Follow.better": _follow("follow.better"),
    "Follow.traffic": _read("pipeline/bot/changes.py", "follow.traffic", "the share that is proposed"),
    "GraphNode.protocol": _rule("one-protocol", "must be that of the deployment"),
}

COMPARED = frozenset({"VersionRecord", "Identity", "RecordedFile", "Loader", "Evidence"})
"""Blocks of version records: what is not rendered of them is compared with the registry (`pin --check`)."""

NOT_SERVED: Mapping[str, str] = {
    "Deployment.experiment": "deployment",
}
"""Blocks that are refused until something acts on them, with their kind of file."""
