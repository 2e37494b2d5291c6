"""What the registry bot proposes, as changes of files: a newer version with its record, or the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reconciler.clients.registry.interface import VersionFacts
from reconciler.clients.source.interface import Source
from reconciler.edit.restoring import identify
from reconciler.edit.shares import RequestRefused
from reconciler.load.layout import FileKind
from reconciler.load.limits import DOCUMENT_BYTES
from reconciler.load.yaml import read
from reconciler.pin.decision import Mode
from reconciler.pin.selection import Wanted, select
from reconciler.pin.session import Refused
from reconciler.pin.verification import verify_records
from reconciler.pin.writer import write_record
from reconciler.pipeline.bot.facts import Watched
from reconciler.pipeline.edits.edit import Change, Workspace
from reconciler.pipeline.edits.rollback import roll_back
from reconciler.pipeline.edits.shares import release
from reconciler.policy.naming import predictor_name
from reconciler.policy.wording import join_words
from reconciler.state.declarations import Deployment, Follow, VersionRecord
from reconciler.state.repository import Entry
from reconciler.validate.parse import parse_document


def want(workspace: Workspace, watched: Watched, version: int) -> Wanted:
    """A version of a deployment's model, as something to pin. Raises SettingsError."""
    (wanted,) = select(workspace.repository, Mode.PIN, watched.deployment.model, (str(version),)).wanted
    return wanted


def propose_version(
    workspace: Workspace,
    watched: Watched,
    follow: Follow,
    facts: VersionFacts,
    read_record: Callable[[Wanted], VersionRecord | Refused],
) -> Change:
    """Put a version beside those that serve, with its record, which is read where there is none yet.

    Raises RegistryError, SettingsError, EditRefused, and RequestRefused, which says why it cannot be pinned.
    """
    wanted = want(workspace, watched, facts.version)
    files = {}
    if wanted.recorded is not None:
        _compare(workspace, wanted, facts)
    else:
        found = read_record(wanted)
        if isinstance(found, Refused):
            raise RequestRefused(f"{watched.id}: {wanted.label} cannot be pinned: {found.reason}")
        content = write_record(found).encode("utf-8")
        if len(content) > DOCUMENT_BYTES:
            raise RequestRefused(
                f"{watched.id}: the record of {wanted.label} would have {len(content)} bytes; at most "
                f"{DOCUMENT_BYTES} are read back. Pack its files into fewer ones."
            )
        files = {wanted.path: content}
        workspace = _add_record(workspace, wanted, content)
    change = release(workspace, watched.id, wanted.version, traffic=follow.traffic)
    return replace(change, files={**change.files, **files}, companions=())


def propose_way_back(
    workspace: Workspace, watched: Watched, source: Source, sick: frozenset[str], reason: str
) -> Change:
    """The last set without the present challenger, and a hold of that.

    Raises SettingsError, EditRefused, SourceError, and RequestRefused, also where what is `sick` (names of
    predictors) would stay.
    """
    change = roll_back(workspace, watched.id, source, reason=reason)
    kept = {
        identify(variant)
        for variant in _parse(watched.file, change.files[watched.file]).variants
        if variant.traffic is not None
    }
    gone = {predictor_name(item) for item in watched.deployment.variants if identify(item) not in kept}
    if sick and not sick & gone:
        raise RequestRefused(
            f"{watched.id}: {join_words(sorted(sick))} failed, and the last set without the present "
            "challenger has it, too, so going back would mend nothing. Look at it: modelsync status "
            f"{watched.id}"
        )
    return change


def _compare(workspace: Workspace, wanted: Wanted, facts: VersionFacts) -> None:
    """That the registry still means by a number what the reviewed record says. Raises RequestRefused."""
    entry = workspace.repository.models[wanted.model].records[wanted.version]
    findings = verify_records((entry,), (facts,))
    if findings:
        raise RequestRefused("\n".join(f"{item.location}: {item.message} {item.advice}" for item in findings))


def _add_record(workspace: Workspace, wanted: Wanted, content: bytes) -> Workspace:
    """The workspace as if a record were there, so that a release can tell its evidence."""
    reading = read(wanted.path, content)
    declared = parse_document(FileKind.RECORD, reading.document)[0] if reading.document is not None else None
    if reading.document is None or not isinstance(declared, VersionRecord):
        raise RequestRefused(f"{wanted.label}: its record could not be read back; modelsync pin says more.")
    repository = workspace.repository
    model = repository.models[wanted.model]
    entry = Entry(document=reading.document, declaration=declared)
    models = {
        **repository.models,
        wanted.model: replace(model, records={**model.records, wanted.version: entry}),
    }
    return replace(workspace, before=replace(workspace.before, repository=replace(repository, models=models)))


def _parse(file: str, content: bytes) -> Deployment:
    document = read(file, content).document
    declared = parse_document(FileKind.DEPLOYMENT, document)[0] if document is not None else None
    if not isinstance(declared, Deployment):
        raise RequestRefused(f"{file}: the edit would leave it faulty; modelsync rollback says more.")
    return declared
