"""The quiet mark: under which circumstances a target was found as declared.

A run that finds the same circumstances again knows how it would end without reading declarations, without
rendering, and without reading more of the cluster than metadata. The mark is a text in the target's record,
which others may write too: what does not read as one of ours is no mark, and the whole run is made.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import reconciler
from reconciler.observe.texts import (
    Unreadable,
    pack,
    read_mapping,
    read_text,
    read_time,
    read_typed,
    unpack,
    write_time,
)
from reconciler.settings import Settings
from reconciler.state.objects import KINDS, PART_OF_LABEL, Body, Kind, ObjectKey
from reconciler.state.observations import Health, HealthWord
from reconciler.state.outcomes import Outcome

LONGEST = timedelta(hours=1)
"""However quiet a target is: after this time it is rendered, planned and assessed again."""

_FORMAT = 1
_PLAIN_LIMIT = 2_000
_LIMIT = 100_000
"""Characters of a mark at most; all annotations of an object share 256 KiB."""

_PACKED = "gzip:"
_OUTCOMES = (Outcome.DONE, Outcome.UNHEALTHY)


class Seen(Protocol):
    """What tells that an object moved; whole objects and their metadata alone both do."""

    @property
    def key(self) -> ObjectKey: ...

    @property
    def uid(self) -> str: ...

    @property
    def resource_version(self) -> str: ...

    @property
    def labels(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietTerms:
    """What a run is made of beside the cluster: `digest` covers the commit, the program and its settings.

    `environments` are all that the commit has for this cluster (empty where that is not known), `others` the
    records (`namespace/name`) of other repositories that the run saw beside them.
    """

    digest: str
    environments: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietMark:
    """That a target was as declared at `made`, and what would have to move for it not to be so until `until`.

    `terms` are those of the run. `kinds` are the kinds of objects that were looked at, `seen` is the digest
    of all of them in their versions, `record` that of the record's own content. The rest is what the run
    told: its outcome, the plan's digest, the health of what is not Current, and notes.
    """

    terms: QuietTerms
    cluster: str
    kinds: tuple[Kind, ...]
    seen: str
    record: str
    made: datetime
    until: datetime
    outcome: Outcome
    digest: str
    health: tuple[Health, ...] = ()
    notes: tuple[str, ...] = ()


def describe_terms(settings: Settings, commit: str, trust: str = "") -> QuietTerms:
    """The terms of a run of this program with these settings at this commit; `trust` is whom it trusts."""
    return QuietTerms(digest=_digest([commit, settings.ref, settings.cluster.name, trust, _fingerprint()]))


def find_all(terms: QuietTerms, environments: Iterable[str], others: Iterable[str]) -> QuietTerms:
    """The terms once the commit's environments, and records of other repositories, are known."""
    return replace(terms, environments=tuple(sorted(environments)), others=tuple(sorted(others)))


def digest_seen(objects: Iterable[Seen], workloads: Iterable[Seen]) -> str:
    """The digest of everything that was seen of a target, each in its version.

    Records of targets are left out: every run may mark them.
    """
    lines = [[_line(item) for item in group if not _is_record(item)] for group in (objects, workloads)]
    return _digest([sorted(group) for group in lines])


def digest_content(body: Body) -> str:
    """The digest of what a ConfigMap holds, its metadata left out."""
    return _digest([body.get("data") or {}, body.get("binaryData") or {}])


def is_valid(mark: QuietMark, terms: QuietTerms, now: datetime) -> bool:
    """Whether the mark speaks of these terms and this time; of none, where the clock was set back."""
    return mark.terms.digest == terms.digest and mark.made <= now < min(mark.until, mark.made + LONGEST)


def encode_mark(mark: QuietMark) -> str:
    """The mark as text; empty where it would take too much room."""
    text = json.dumps(
        {
            "format": _FORMAT,
            "terms": mark.terms.digest,
            "environments": list(mark.terms.environments),
            "others": list(mark.terms.others),
            "cluster": mark.cluster,
            "kinds": [kind.plural for kind in mark.kinds],
            "seen": mark.seen,
            "record": mark.record,
            "made": write_time(mark.made),
            "until": write_time(mark.until),
            "outcome": int(mark.outcome),
            "digest": mark.digest,
            "health": [
                [item.key.kind.plural, item.key.namespace, item.key.name, item.word.value, item.reason]
                for item in mark.health
            ],
            "notes": list(mark.notes),
        },
        separators=(",", ":"),
        ensure_ascii=False,
    )
    if len(text) > _PLAIN_LIMIT:
        text = f"{_PACKED}{pack(text)}"
    return text if len(text) <= _LIMIT else ""


def decode_mark(text: str) -> QuietMark | None:
    """The mark that a text holds; None for any other text."""
    try:
        plain = unpack(text.removeprefix(_PACKED)) if text.startswith(_PACKED) else text
        return _decode(read_mapping(json.loads(plain)))
    except (Unreadable, ValueError, RecursionError):
        return None


def _decode(item: Mapping[str, Any]) -> QuietMark:
    made, until = read_time(read_text(item, "made")), read_time(read_text(item, "until"))
    outcome = read_typed(item, "outcome", int)
    if (
        made is None
        or until is None
        or outcome not in _OUTCOMES
        or read_typed(item, "format", int) != _FORMAT
    ):
        raise Unreadable
    return QuietMark(
        terms=QuietTerms(
            digest=read_text(item, "terms"),
            environments=_read_texts(item, "environments"),
            others=_read_texts(item, "others"),
        ),
        cluster=read_text(item, "cluster"),
        kinds=tuple(_find_kind(name) for name in _read_texts(item, "kinds")),
        seen=read_text(item, "seen"),
        record=read_text(item, "record"),
        made=made,
        until=until,
        outcome=Outcome(outcome),
        digest=read_text(item, "digest"),
        health=tuple(_decode_health(row) for row in read_typed(item, "health", list)),
        notes=_read_texts(item, "notes"),
    )


def _decode_health(row: Any) -> Health:
    if not isinstance(row, list) or len(row) != 5 or not all(isinstance(cell, str) for cell in row):
        raise Unreadable
    kind, namespace, name, word, reason = row
    key = ObjectKey(kind=_find_kind(kind), namespace=namespace, name=name)
    return Health(key=key, word=HealthWord(word), reason=reason)


def _read_texts(item: Mapping[str, Any], key: str) -> tuple[str, ...]:
    texts = read_typed(item, key, list)
    if not all(isinstance(text, str) for text in texts):
        raise Unreadable
    return tuple(texts)


def _find_kind(plural: str) -> Kind:
    found = next((kind for kind in KINDS if kind.plural == plural), None)
    if found is None:
        raise Unreadable
    return found


def _line(item: Seen) -> str:
    return f"{item.key} {item.uid} {item.resource_version}"


def _is_record(item: Seen) -> bool:
    return item.key.kind.name == "ConfigMap" and PART_OF_LABEL not in item.labels


@cache
def _fingerprint() -> str:
    """The program: its version and the sizes of its files, since one is patched sooner than renamed."""
    root = Path(reconciler.__file__).parent
    sizes = sorted(
        (folder.removeprefix(str(root)), name, Path(folder, name).stat().st_size)
        for folder, _, names in os.walk(root)
        for name in names
        if name.endswith((".py", ".j2", ".json"))
    )
    return _digest([reconciler.__version__, sizes])


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
