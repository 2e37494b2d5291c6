"""What pin says of a version, in words for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.pin.comparison import Moved
from reconciler.pin.decision import Decision, Verdict
from reconciler.state.declarations import VersionRecord

_UNITS = ("B", "kB", "MB", "GB", "TB")
_SHORT = 6
_SHORT_COMMIT = 7
_MOST_METRICS = 6
_LABEL = 10


def describe_decision(
    label: str, path: str, decision: Decision, earlier: tuple[str, VersionRecord] | None
) -> str:
    """All lines about one version: what it is, what became of its record, what moved.

    `label` is `wines v5`; `path` the record's file; `earlier` names the version to compare with, such as v3.
    """
    if decision.verdict is Verdict.REFUSED:
        return f"{label}: not pinned: {decision.reason}"
    lines: list[str] = []
    if decision.verdict is Verdict.WROTE and decision.record is not None:
        lines += describe_record(label, decision.record, earlier)
    lines += _describe_verdict(label, path, decision)
    return "\n".join(lines)


def describe_record(
    label: str, record: VersionRecord, earlier: tuple[str, VersionRecord] | None
) -> Iterator[str]:
    """The version in five lines: origin, metrics, inputs, flavours, files."""
    yield f"{label}: {_describe_origin(record)}"
    yield _line("metrics", _compare_metrics(record, earlier))
    yield _line("inputs", _compare_inputs(record, earlier))
    yield _line("flavours", _describe_loader(record))
    yield _line("files", _describe_files(record))


def describe_moved(moved: Moved) -> str:
    """One moved fact with both sides."""
    return f"{moved.field}: recorded {_show(moved.recorded)}, now {_show(moved.found)}"


def format_bytes(count: int) -> str:
    """`860 B`, `14.9 kB`, `3.2 GB`."""
    amount, unit = float(count), _UNITS[0]
    for unit in _UNITS:
        if amount < 1000 or unit == _UNITS[-1]:
            break
        amount /= 1000
    return f"{count} B" if unit == _UNITS[0] else f"{amount:.1f} {unit}"


def _describe_verdict(label: str, path: str, decision: Decision) -> Iterator[str]:
    shown = [f"  {describe_moved(fact)}" for fact in decision.moved]
    if decision.verdict is Verdict.WROTE:
        yield f"wrote {path}"
    elif decision.verdict is Verdict.UNCHANGED:
        yield f"{label}: as recorded in {path}"
    elif decision.verdict is Verdict.REFRESHED:
        yield f"{label}: evidence taken over"
        yield from shown
        yield f"wrote {path}"
    elif decision.verdict is Verdict.ADVICE:
        yield f"{path}: advice: {label}: its evidence moved since it was recorded"
        yield from shown
        yield "  The version itself is the same. To take the new evidence over:"
        yield f"  modelsync pin {_words(label)} --refresh"
    else:
        yield f"{path}: error: {label} is not the version that was reviewed"
        yield from shown
        yield "  Its record was left as it is. Find out who changed the registry or the store. If the new"
        yield f"  one is meant, register it as another version; or remove {path},"
        yield "  pin again, and have it reviewed as new."


def _words(label: str) -> str:
    model, _, version = label.rpartition(" v")
    return f"{model} {version}"


def _line(name: str, text: str) -> str:
    return f"  {name:<{_LABEL}}{text}"


def _describe_origin(record: VersionRecord) -> str:
    identity, evidence = record.identity, record.evidence
    name = evidence.tags.get("mlflow.runName", "")
    parts = [
        f"run {identity.run[:_SHORT]}" + (f' "{name}"' if name else "") if identity.run else "no run",
        f"{identity.created[:16].replace('T', ' ')} UTC",
        f"training commit {evidence.commit[:_SHORT_COMMIT]}"
        if evidence.commit
        else "training commit unknown",
    ]
    return ", ".join(parts)


def _compare_metrics(record: VersionRecord, earlier: tuple[str, VersionRecord] | None) -> str:
    names = sorted(record.evidence.metrics)[:_MOST_METRICS]
    if not names:
        return "none were logged"
    said = _show_metrics(record.evidence.metrics, names)
    more = len(record.evidence.metrics) - len(names)
    said += f"  and {more} more" if more else ""
    if earlier is None:
        return said
    label, other = earlier
    shared = [name for name in names if name in other.evidence.metrics]
    if not shared:
        return said
    return (
        f"{said}   ({label}: {_show_metrics(other.evidence.metrics, shared)}, {_compare_data(record, other)})"
    )


def _show_metrics(metrics: Mapping[str, float | int], names: list[str]) -> str:
    return "  ".join(f"{name} {metrics[name]:.4g}" for name in names)


def _compare_data(record: VersionRecord, other: VersionRecord) -> str:
    mine, theirs = record.evidence.dataset or {}, other.evidence.dataset or {}
    if "digest" not in mine or "digest" not in theirs:
        return "data unknown"
    # What the metrics were measured on is another question, which such data does not answer.
    what = "training data" if "training" in (mine.get("context"), theirs.get("context")) else "data"
    return f"same {what}" if mine["digest"] == theirs["digest"] else f"other {what}"


def _compare_inputs(record: VersionRecord, earlier: tuple[str, VersionRecord] | None) -> str:
    inputs = _inputs(record)
    if inputs is None:
        return "no signature"
    named = sum(1 for column in inputs if isinstance(column, Mapping) and "name" in column)
    noun = "column" if named else "tensor"
    said = f"{len(inputs)} {noun}{'' if len(inputs) == 1 else 's'}"
    if earlier is None:
        return said
    label, other = earlier
    return f"{said}, {'same as' if _inputs(other) == inputs else 'not the same as'} {label}"


def _inputs(record: VersionRecord) -> Any:
    return (record.loader.signature or {}).get("inputs")


def _describe_loader(record: VersionRecord) -> str:
    loader = record.loader
    parts = []
    for name, flavour in loader.flavours.items():
        version = flavour.get("version", "") if isinstance(flavour, Mapping) else ""
        kind = flavour.get("serialization", "") if isinstance(flavour, Mapping) else ""
        parts.append(" ".join(filter(None, (name, version, f"({kind})" if kind else ""))))
    parts.append(f"MLflow {loader.mlflow or 'unknown'}")
    parts.append(f"Python {loader.python or 'unknown'}")
    return ", ".join(parts)


def _describe_files(record: VersionRecord) -> str:
    identity = record.identity
    total = sum(file.bytes for file in identity.files.values())
    return f"{len(identity.files)}, {format_bytes(total)}, {identity.digest[: len('sha256:') + _SHORT]}…"


def _show(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_show(inner)}" for key, inner in value.items()) + "}"
    return str(value)
