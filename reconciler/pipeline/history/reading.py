"""Reads what a main branch tells of what served, no more of it than the question needs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from reconciler.clients.source.interface import MainLine, Revision, Source
from reconciler.load.layout import FileKind, find_place
from reconciler.pipeline.history.spans import derive_history, parse_record
from reconciler.pipeline.history.waivers import list_arrivals
from reconciler.state.declarations import VersionRecord
from reconciler.state.history import DeploymentHistory, History, Origin, list_periods

_KINDS = frozenset({FileKind.DEPLOYMENT, FileKind.ENVIRONMENT, FileKind.RECORD})
_REVIEWS = ("Approved-by", "Reviewed-by", "Reviewed-on")
"""What messages end with where somebody looked at a change, or where that was."""


def read_history(
    source: Source,
    head: str,
    now: datetime,
    *,
    environments: Collection[str] | None = None,
    models: Collection[str] | None = None,
    waived: Collection[str] = (),
) -> History:
    """The history of the main branch up to `head` (a commit's full name), as it stands at `now`.

    Only that of `environments` and `models` if they are given: contents of other files are not even read.
    `waived` are the environments whose waivers are followed to where they came from. Raises the source's
    errors.
    """
    line, contents = _read(source, head, environments, models, waived)
    history = derive_history(line, contents, now, models)
    if not waived:
        return history
    return replace(history, waivers=tuple(list_arrivals(history.commits, line.commits, contents)))


def read_deployment_history(
    source: Source, revision: Revision, name: tuple[str, str], now: datetime
) -> DeploymentHistory:
    """What one deployment (its environment and its own name) served on the main branch up to `revision`.

    Raises the source's errors.
    """
    environment, deployment = name
    line, contents = _read(source, revision.sha, {environment}, None)
    history = derive_history(line, contents, now)
    wanted = {(span.model, span.version, span.digest) for span in history.list_spans(environment, deployment)}
    periods = list_periods(history, environment, deployment)
    commits = dict.fromkeys(period.commit.sha for period in periods if period.commit is not None)
    return DeploymentHistory(
        name=f"{environment}/{deployment}",
        revision=str(revision),
        complete=history.complete,
        periods=periods,
        origins=tuple(
            origin
            for origin in _list_origins(line, contents, {model for model, _, _ in wanted})
            if (origin.model, origin.version, origin.digest) in wanted
        ),
        reviews=source.read_trailers(revision.sha, tuple(commits), _REVIEWS),
    )


def _list_origins(line: MainLine, contents: Mapping[str, bytes], models: set[str]) -> Iterator[Origin]:
    """Every record of the models that the line ever held."""
    for commit in line.commits:
        for change in commit.changes:
            place = find_place(change.path)
            if place is None or place.kind is not FileKind.RECORD or place.folder not in models:
                continue
            record = parse_record(change.path, contents[change.name]) if change.name else None
            if record is not None:
                yield Origin(
                    model=place.folder,
                    version=int(place.name),
                    digest=record.identity.digest,
                    run=record.identity.run or "",
                    data=_describe_data(record),
                    training=record.evidence.commit or "",
                )


def _describe_data(record: VersionRecord) -> str:
    """`wine-quality (4f21c0)`: what the record says of the data that the metrics were measured on."""
    dataset = record.evidence.dataset or {}
    name, digest = (str(dataset.get(key, "")) for key in ("name", "digest"))
    return f"{name} ({digest})" if name and digest else name or digest


def _read(
    source: Source,
    head: str,
    environments: Collection[str] | None,
    models: Collection[str] | None,
    waived: Collection[str] = (),
) -> tuple[MainLine, Mapping[str, bytes]]:
    line = source.read_line(head)
    names = tuple(dict.fromkeys(_list_names(line, environments, models, waived)))
    return line, source.read_contents(head, names)


def _list_names(
    line: MainLine,
    environments: Collection[str] | None,
    models: Collection[str] | None,
    waived: Collection[str],
) -> list[str]:
    return [
        change.name
        for commit in line.commits
        for change in commit.changes
        if change.name and _is_wanted(change.path, environments, models, waived)
    ]


def _is_wanted(
    path: str,
    environments: Collection[str] | None,
    models: Collection[str] | None,
    waived: Collection[str],
) -> bool:
    place = find_place(path)
    if place is not None and place.kind is FileKind.EXCEPTIONS:
        return place.folder in waived
    if place is None or place.kind not in _KINDS:
        return False
    wanted = models if place.kind is FileKind.RECORD else environments
    return wanted is None or place.folder in wanted
