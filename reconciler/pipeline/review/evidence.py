"""What version records say of a version against the one that it takes requests from. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.plan.wording import join_words
from reconciler.state.declarations import VersionRecord
from reconciler.state.reviews import Evidence, MetricChange

_MOST_NAMES = 3
_TRAINING = "training"


def describe_version(version: int, record: VersionRecord | None) -> Evidence:
    """The evidence of a version where nothing serves that it could be compared with."""
    return _describe(version, record, "", "nothing serves here that it could be compared with")


def compare_versions(
    version: int, record: VersionRecord | None, against: int, other: VersionRecord | None
) -> Evidence:
    """The evidence of `version` against the version `against`, by their records (None: there is none)."""
    reason = _find_gap(version, record, against, other)
    evidence = _describe(version, record, f"v{against}", reason)
    if record is None or other is None:
        return evidence
    return Evidence(
        version=evidence.version,
        against=evidence.against,
        metrics=() if reason else _compare_metrics(record, other),
        incomparable=reason,
        signature=compare_signatures(record, other),
        run=evidence.run,
        commit=evidence.commit,
        data=evidence.data,
    )


def find_data_gap(record: VersionRecord, other: VersionRecord) -> str:
    """Why the metrics of two records cannot be compared; empty where both were measured on the same data.

    Data that is recorded as that of the training says nothing of what the metrics were measured on.
    """
    mine, theirs = record.evidence.dataset or {}, other.evidence.dataset or {}
    if not mine.get("digest") or not theirs.get("digest"):
        return "the evaluation data is not recorded"
    if _TRAINING in (mine.get("context"), theirs.get("context")):
        return "the data of the training is recorded, not that of the evaluation"
    if mine["digest"] != theirs["digest"]:
        return "measured on other evaluation data"
    return ""


def compare_signatures(record: VersionRecord, other: VersionRecord) -> str:
    """What became of inputs and outputs since `other`, in a few words."""
    new, old = record.loader.signature, other.loader.signature
    if new is None or old is None:
        return "no signature" if new is None else "no signature before"
    changed = [kind for kind in ("inputs", "outputs", "params") if new.get(kind) != old.get(kind)]
    if not changed:
        return "same inputs and outputs"
    if "inputs" not in changed:
        return f"same inputs, other {join_words(changed)}"
    return f"other {join_words(changed)}{_name_columns(old.get('inputs'), new.get('inputs'))}"


def _find_gap(version: int, record: VersionRecord | None, against: int, other: VersionRecord | None) -> str:
    if record is None or other is None:
        return f"v{version if record is None else against} has no readable record"
    if not record.evidence.metrics or not other.evidence.metrics:
        return f"v{against if record.evidence.metrics else version} has no metrics"
    if gap := find_data_gap(record, other):
        return gap
    return "" if _compare_metrics(record, other) else "they have no metric in common"


def _describe(version: int, record: VersionRecord | None, against: str, reason: str) -> Evidence:
    if record is None:
        return Evidence(version=f"v{version}", against=against, incomparable=reason)
    dataset = record.evidence.dataset or {}
    return Evidence(
        version=f"v{version}",
        against=against,
        incomparable=reason,
        signature="" if record.loader.signature else "no signature",
        run=record.identity.run or "",
        commit=record.evidence.commit or "",
        data=str(dataset.get("digest") or ""),
    )


def _compare_metrics(record: VersionRecord, other: VersionRecord) -> tuple[MetricChange, ...]:
    mine, theirs = record.evidence.metrics, other.evidence.metrics
    return tuple(
        MetricChange(name=name, old=theirs[name], new=mine[name]) for name in sorted(mine) if name in theirs
    )


def _name_columns(old: Any, new: Any) -> str:
    """Which columns came, went or changed: ` (+ph, -acidity)`; empty where they have no names."""
    before, after = _read_columns(old), _read_columns(new)
    if not before or not after:
        return ""
    said = [f"+{name}" for name in after if name not in before]
    said += [f"-{name}" for name in before if name not in after]
    said += [f"~{name}" for name in after if name in before and before[name] != after[name]]
    if not said:
        return " (in another order)"
    more = f" and {len(said) - _MOST_NAMES} more" if len(said) > _MOST_NAMES else ""
    return f" ({', '.join(said[:_MOST_NAMES])}{more})"


def _read_columns(inputs: Any) -> dict[str, Any]:
    if not isinstance(inputs, Sequence) or isinstance(inputs, str):
        return {}
    return {
        str(column["name"]): column for column in inputs if isinstance(column, Mapping) and "name" in column
    }
