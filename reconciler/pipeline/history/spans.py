"""From a first-parent line to spans: which version had which share from when to when. Pure.

A file that nobody could read changes nothing: a sync leaves such a deployment as it was last applied.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate

from reconciler.clients.source.interface import FileChange, LineCommit, MainLine
from reconciler.load.layout import FileKind, Place, find_place
from reconciler.load.yaml import read
from reconciler.policy.graphs import list_nodes
from reconciler.policy.naming import predictor_name
from reconciler.state.declarations import Deployment, Environment, Variant, VersionRecord
from reconciler.state.history import History, MainCommit, ServedSpan
from reconciler.validate.parse import parse_document

_Object = tuple[str, str]
"""An environment and one of its deployments."""

# What `modelsync pin` writes; any other form is read as YAML, which takes a hundred times as long.
_DIGEST = re.compile(rb"\Aidentity:\n(?:  [^\n]*\n)*?  digest: (\"?)(sha256:[0-9a-f]{64})\1\n")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class _Served:
    """What a variant, or a pinned model in its graph, was declared as."""

    predictor: str
    model: str
    version: int | None
    shadow: bool
    share: int
    part: bool
    digest: str = ""


def derive_history(
    line: MainLine, contents: Mapping[str, bytes], now: datetime, models: Iterable[str] | None = None
) -> History:
    """The history that a line tells.

    `contents` maps names of objects to what is in them; a changed file whose content is not among them
    counts for nothing. With `models` only what is served of these is told.
    """
    reader = _Reader(contents, None if models is None else tuple(models))
    spans: list[ServedSpan] = []
    keeper = _Keeper(spans)
    commits = tuple(_date(line.commits, now))
    for commit, found in zip(commits, line.commits, strict=True):
        keeper.take(commit, reader, found.changes)
    keeper.end()
    return History(
        head=line.head,
        complete=line.complete,
        spans=tuple(sorted(spans, key=_order)),
        commits=commits,
    )


def find_digest(path: str, data: bytes) -> str | None:
    """The digest in a record's file; None where it cannot be read."""
    found = _DIGEST.match(data)
    if found is not None and b"\nidentity:" not in data:
        return found[2].decode()
    record = parse_record(path, data)
    return None if record is None else record.identity.digest


def parse_record(path: str, data: bytes) -> VersionRecord | None:
    """A record; None where it cannot be read."""
    record = _parse(FileKind.RECORD, path, data)
    return record if isinstance(record, VersionRecord) else None


def _date(line: Sequence[LineCommit], now: datetime) -> Iterator[MainCommit]:
    """The commits with the moments that they count from, none of which is before the one below.

    A commit from the future proves nothing of when it came, so it counts from what came after it, or now:
    otherwise a clock that is ahead would hold everything back that comes later.
    """
    dated = [found.commit.committed for found in line]
    past = list(
        accumulate((date if date <= now else datetime.min.replace(tzinfo=date.tzinfo) for date in dated), max)
    )
    moments: list[datetime] = []
    following = now
    for date, latest in zip(reversed(dated), reversed(past), strict=True):
        following = latest if date <= now else following
        moments.append(following)
    for found, moment in zip(line, reversed(moments), strict=True):
        yield MainCommit(
            sha=found.commit.sha,
            moment=moment,
            author=found.commit.author,
            email=found.commit.email,
            subject=found.commit.subject,
            merge=found.merge,
        )


def _order(span: ServedSpan) -> tuple[object, ...]:
    return (span.environment, span.deployment, span.since, span.shadow, span.part, span.predictor, span.model)


class _Reader:
    """Reads changed files; a content that many commits share is read once."""

    def __init__(self, contents: Mapping[str, bytes], models: tuple[str, ...] | None) -> None:
        self._contents = contents
        # The text of a name may stand anywhere in the file; only then is it worth reading.
        self._words = None if models is None else tuple(model.encode() for model in models)
        self._models = None if models is None else frozenset(models)
        self._deployments: dict[str, tuple[_Served, ...] | None] = {}

    def has(self, change: FileChange) -> bool:
        return not change.name or change.name in self._contents

    def read_deployment(self, change: FileChange) -> tuple[_Served, ...] | None:
        """What a file declares to be served; nothing where it is gone, None where it cannot be read."""
        if not change.name:
            return ()
        if change.name not in self._deployments:
            self._deployments[change.name] = self._parse_deployment(change)
        return self._deployments[change.name]

    def read_digest(self, change: FileChange) -> str | None:
        """The digest in a record; empty where it is gone, None where it cannot be read."""
        if not change.name:
            return ""
        return find_digest(change.path, self._contents[change.name])

    def read_retired(self, change: FileChange) -> bool | None:
        """Whether an environment's file ends it, None where it cannot be read."""
        if not change.name:
            return False
        if b"retire" not in self._contents[change.name]:
            return False
        environment = _parse(FileKind.ENVIRONMENT, change.path, self._contents[change.name])
        return environment.retire if isinstance(environment, Environment) else None

    def _parse_deployment(self, change: FileChange) -> tuple[_Served, ...] | None:
        data = self._contents[change.name]
        if self._words is not None and not any(word in data for word in self._words):
            return ()
        deployment = _parse(FileKind.DEPLOYMENT, change.path, data)
        if not isinstance(deployment, Deployment):
            return None
        served = () if deployment.retire else tuple(_list_served(deployment))
        return tuple(one for one in served if self._models is None or one.model in self._models)


def _parse(kind: FileKind, path: str, data: bytes) -> object:
    """What a file declares; None where it cannot be read."""
    reading = read(path, data)
    if reading.document is None or reading.findings:
        return None
    declared, findings = parse_document(kind, reading.document)
    # What is refused was never applied.
    return None if findings else declared


def _list_served(deployment: Deployment) -> Iterator[_Served]:
    for variant in deployment.variants:
        whole = _make_served(deployment, variant)
        yield whole
        if variant.graph is not None:
            for placed in list_nodes(variant):
                node = placed.node
                if node.model is not None and node.version is not None:
                    yield replace(whole, model=node.model, version=node.version, part=True)


def _make_served(deployment: Deployment, variant: Variant) -> _Served:
    return _Served(
        predictor=predictor_name(variant),
        model=deployment.model,
        version=variant.version if variant.graph is None else None,
        shadow=variant.shadow is not None,
        share=(variant.traffic if variant.shadow is None else variant.shadow) or 0,
        part=False,
    )


class _Keeper:
    """Keeps what is served after each commit, and adds a span to `spans` whenever something of it ends."""

    def __init__(self, spans: list[ServedSpan]) -> None:
        self._spans = spans
        self._declared: dict[_Object, tuple[_Served, ...]] = {}
        self._open: dict[_Object, dict[_Served, MainCommit]] = {}
        self._digests: dict[tuple[str, int], str] = {}
        self._retired: set[str] = set()

    def take(self, commit: MainCommit, reader: _Reader, changes: Sequence[FileChange]) -> None:
        touched: dict[_Object, None] = {}
        records: set[tuple[str, int]] = set()
        for change in changes:
            place = find_place(change.path)
            if place is None or not reader.has(change):
                continue
            if place.kind is FileKind.RECORD:
                records |= self._take_record(place, reader.read_digest(change))
            elif place.kind is FileKind.ENVIRONMENT:
                touched |= self._take_environment(place, reader.read_retired(change))
            elif place.kind is FileKind.DEPLOYMENT:
                served = reader.read_deployment(change)
                if served is not None:
                    self._declared[place.folder, place.name] = served
                    touched[place.folder, place.name] = None
        if records:
            touched |= dict.fromkeys(self._list_users(records))
        for name in touched:
            self._settle(name, commit)

    def end(self) -> None:
        """Adds what is open still."""
        for name, served in self._open.items():
            self._spans += (_make_span(name, one, since, None) for one, since in served.items())

    def _take_record(self, place: Place, digest: str | None) -> set[tuple[str, int]]:
        key = (place.folder, int(place.name))
        if digest is None or self._digests.get(key, "") == digest:
            return set()
        self._digests[key] = digest
        return {key}

    def _take_environment(self, place: Place, retired: bool | None) -> dict[_Object, None]:
        if retired is None or retired is (place.folder in self._retired):
            return {}
        self._retired ^= {place.folder}
        return {name: None for name in self._declared if name[0] == place.folder}

    def _list_users(self, records: set[tuple[str, int]]) -> Iterator[_Object]:
        for name, declared in self._declared.items():
            if any(one.version is not None and (one.model, one.version) in records for one in declared):
                yield name

    def _settle(self, name: _Object, commit: MainCommit) -> None:
        before = self._open.get(name, {})
        declared = () if name[0] in self._retired else self._declared.get(name, ())
        after = {self._identify(one): commit for one in declared}
        for one, since in before.items():
            # What came and went in the same moment was never there.
            if one not in after and since.moment < commit.moment:
                self._spans.append(_make_span(name, one, since, commit.moment))
        self._open[name] = {one: before.get(one, commit) for one in after}

    def _identify(self, served: _Served) -> _Served:
        if served.version is None:
            return served
        return replace(served, digest=self._digests.get((served.model, served.version), ""))


def _make_span(name: _Object, served: _Served, since: MainCommit, until: datetime | None) -> ServedSpan:
    return ServedSpan(
        environment=name[0],
        deployment=name[1],
        model=served.model,
        version=served.version,
        digest=served.digest,
        shadow=served.shadow,
        share=served.share,
        since=since.moment,
        until=until,
        revision=since.sha,
        predictor=served.predictor,
        part=served.part,
    )
