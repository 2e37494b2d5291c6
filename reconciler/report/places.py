"""Where a finding stands, in words that hold when lines move: its object, its path, its fingerprint."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from reconciler.policy.grading import name_subject
from reconciler.state.documents import Document, Location, PathKey, Value
from reconciler.state.findings import Finding
from reconciler.validate.checks import Check

# What tells the items of a list apart, however they are ordered: variants, waivers, holds, graphs, artifacts.
_NAMES = ("name", "rule", "deployment", "version", "from")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedFinding:
    """A finding with its object, the path of its value in its file, and what it is recognised by.

    `subject` is the object as waivers name it; empty where the fault lies in no object's files. `path` names
    items by what they are (`variants[version=5].traffic`); it is empty for a whole file, and where the file
    could not be read. `fingerprint` is the hash of rule, object, file and path, and of a number where one
    value has several findings of a rule: a line more above, or another number in the message, leaves it as
    it is.
    """

    finding: Finding
    subject: str
    path: str
    fingerprint: str


def place_findings(check: Check) -> tuple[tuple[PlacedFinding, ...], tuple[PlacedFinding, ...]]:
    """The findings that count, and those that are waived; a waiver changes no fingerprint."""
    waived = [item.finding for item in check.waived]
    placed = tuple(_place((*check.findings, *waived), check.documents))
    return placed[: len(check.findings)], placed[len(check.findings) :]


def name_path(document: Document, location: Location) -> str:
    """The path of the value at a place, with items of lists named by what they are."""
    value: Value = document.value
    said = ""
    for step in document.positions.trace(location):
        said += _name_step(value, step) if isinstance(step, int) else f".{step}"
        value = _descend(value, step)
    return said.removeprefix(".")


def _place(findings: Iterable[Finding], documents: Mapping[str, Document]) -> Iterator[PlacedFinding]:
    seen: dict[tuple[str, ...], int] = {}
    for finding in findings:
        place = finding.location
        path = name_path(documents[place.file], place) if place.file in documents else ""
        subject = finding.subject or name_subject(place.file)
        key = (finding.rule, subject, place.file, path)
        seen[key] = seen.get(key, 0) + 1
        text = "\0".join((*key, str(seen[key])))
        # A file's name need not be text: what is not, stands for its bytes.
        digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
        yield PlacedFinding(finding=finding, subject=subject, path=path, fingerprint=digest[:32])


def _name_step(items: Value, index: int) -> str:
    if not isinstance(items, tuple) or index >= len(items):
        return f"[{index}]"
    names = [_name_item(item) for item in items]
    name = names[index] or str(index)
    before = names[:index].count(name)
    return f"[{name}#{before + 1}]" if before else f"[{name}]"


def _name_item(item: Value) -> str:
    if isinstance(item, tuple):
        return ""
    if not isinstance(item, Mapping):
        return str(item)
    said = [f"{key}={item[key]}" for key in _NAMES if isinstance(item.get(key), (str, int))]
    return ",".join([*said, *(["shadow"] if "shadow" in item else [])])


def _descend(value: Value, step: PathKey) -> Value:
    if isinstance(value, Mapping) and isinstance(step, str):
        return value.get(step)
    if isinstance(value, tuple) and isinstance(step, int) and step < len(value):
        return value[step]
    return None
