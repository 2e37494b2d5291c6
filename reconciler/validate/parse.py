"""From located documents to a typed repository. Everything wrong is collected; nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from pydantic import ValidationError

from reconciler.load.documents import Loaded, LoadedFile, LoadedTemplate
from reconciler.load.layout import FileKind
from reconciler.load.limits import FINDINGS
from reconciler.state.declarations import Declaration
from reconciler.state.documents import Document, Location
from reconciler.state.findings import Finding, Grade
from reconciler.state.repository import Entry, EnvironmentEntry, ModelEntry, Repository
from reconciler.validate.kinds import TYPES
from reconciler.validate.messages import describe_faults, describe_nulls
from reconciler.validate.served import refuse_placeholders, refuse_unserved


def parse(loaded: Loaded, *, like: Repository | None = None) -> tuple[Repository, tuple[Finding, ...]]:
    """Give every declaration its type. Files that share a value share their declaration, with `like` too.

    Returns what could be parsed, and findings about what could not; those of loading are not among them.
    A file with a finding is faulty: its declaration is left out, and its name is kept, so that what it
    declared is left alone. Where a file was not read completely, findings at the places that loading
    complained about are dropped.
    """
    told = frozenset(str(finding.location) for finding in loaded.findings)
    findings: list[Finding] = []
    parsed: list[tuple[LoadedFile, Entry[Any] | None]] = []
    known = {} if like is None else dict(_list_known(like))
    for file in loaded.files:
        entry, found = _parse_file(file, known)
        findings += (finding for finding in found if str(finding.location) not in told)
        parsed.append((file, entry))
    findings += _find_missing(loaded)
    return _assemble(parsed, loaded.templates), tuple(findings)


def parse_document(kind: FileKind, document: Document) -> tuple[Declaration | None, tuple[Finding, ...]]:
    """One declaration, or None and the findings that say why (the first hundred of each kind).

    One with a block that nothing acts on yet is there, so that policies judge what the block says; the
    finding that refuses it comes with it.
    """
    nulls = dict(islice(describe_nulls(kind, document), FINDINGS))
    findings = [*nulls.values(), *refuse_placeholders(kind, document)]
    declaration: Declaration | None = None
    try:
        declaration = TYPES[kind].model_validate(document.value)
    except ValidationError as error:
        places = frozenset(finding.location for finding in nulls.values())
        details = error.errors(include_url=False, include_context=False)[:FINDINGS]
        faults = describe_faults(kind, document, details)
        findings += (finding for finding in faults if finding.location not in places)
    return (None if findings else declaration), (*findings, *refuse_unserved(kind, document))


_Identity = tuple[type[Declaration], int]
"""A declaration's type, and which object its document's value is: the same for equal files (see load)."""


def _parse_file(
    file: LoadedFile, known: dict[_Identity, Entry[Any]]
) -> tuple[Entry[Any] | None, tuple[Finding, ...]]:
    """`known` grows by each file's entry, which keeps the value alive that it is found by."""
    if file.document is None:
        return None, ()
    identity = (TYPES[file.place.kind], id(file.document.value))
    found = known.get(identity)
    entry: Entry[Any] | None
    if found is not None:
        same = found.document is file.document
        entry = found if same else Entry(document=file.document, declaration=found.declaration)
        return entry, tuple(refuse_unserved(file.place.kind, file.document))
    declaration, findings = parse_document(file.place.kind, file.document)
    if declaration is None or not file.sound:
        return None, findings
    entry = known[identity] = Entry(document=file.document, declaration=declaration)
    return entry, findings


def _list_known(repository: Repository) -> Iterator[tuple[_Identity, Entry[Any]]]:
    singles: list[Entry[Any] | None] = [repository.defaults]
    for model in repository.models.values():
        singles += (model.model, *model.records.values())
    for environment in repository.environments.values():
        singles += (environment.environment, environment.exceptions, *environment.deployments.values())
    for entry in singles:
        if entry is not None:
            yield (type(entry.declaration), id(entry.document.value)), entry


def _find_missing(loaded: Loaded) -> Iterator[Finding]:
    """A finding for each folder whose own file is not there."""
    kinds: dict[tuple[str, str], set[FileKind]] = {}
    for template in loaded.templates:
        kinds.setdefault(("environments", template.environment), set())
    for file in loaded.files:
        if file.place.folder:
            kinds.setdefault((file.path.split("/")[0], file.place.folder), set()).add(file.place.kind)
    for (parent, folder), found in kinds.items():
        own = FileKind.MODEL if parent == "models" else FileKind.ENVIRONMENT
        if own not in found:
            path = f"{parent}/{folder}/{own.value}.yaml"
            yield Finding(
                rule="missing-file",
                grade=Grade.HARD,
                location=Location(file=path),
                message=f"{path} is missing, though other files lie in its folder.",
                advice="Write it, or remove the folder.",
            )


@dataclass(slots=True)
class _Folder:
    """What was found in one folder, by what the places of its files say; None stands for a faulty file."""

    single: dict[FileKind, Entry[Any] | None] = field(default_factory=dict)
    named: dict[str, Entry[Any] | None] = field(default_factory=dict)
    templates: list[LoadedTemplate] = field(default_factory=list)

    def sound(self) -> dict[str, Entry[Any]]:
        return {name: entry for name, entry in self.named.items() if entry is not None}

    def faulty(self) -> frozenset[str]:
        return frozenset(name for name, entry in self.named.items() if entry is None)

    def is_faulty(self, kind: FileKind) -> bool:
        return kind in self.single and self.single[kind] is None


def _assemble(
    parsed: Iterable[tuple[LoadedFile, Entry[Any] | None]], templates: Iterable[LoadedTemplate]
) -> Repository:
    folders: dict[tuple[str, str], _Folder] = {}
    for template in templates:
        folders.setdefault(("environments", template.environment), _Folder()).templates.append(template)
    for file, entry in parsed:
        place = file.place
        folder = folders.setdefault((file.path.split("/")[0], place.folder), _Folder())
        if place.name:
            folder.named[place.name] = entry
        else:
            folder.single[place.kind] = entry
    defaults = folders.pop(("models", ""), _Folder())
    return Repository(
        defaults=defaults.single.get(FileKind.DEFAULTS),
        has_faulty_defaults=defaults.is_faulty(FileKind.DEFAULTS),
        models=_select(folders, "models", _build_model),
        environments=_select(folders, "environments", _build_environment),
    )


def _select(folders: Mapping[tuple[str, str], _Folder], parent: str, build: Any) -> dict[str, Any]:
    return {name: build(name, folder) for (above, name), folder in folders.items() if above == parent}


def _build_model(name: str, folder: _Folder) -> ModelEntry:
    return ModelEntry(
        name=name,
        model=folder.single.get(FileKind.MODEL),
        records={int(version): entry for version, entry in folder.sound().items()},
        faulty_records=frozenset(int(version) for version in folder.faulty()),
    )


def _build_environment(name: str, folder: _Folder) -> EnvironmentEntry:
    return EnvironmentEntry(
        name=name,
        environment=folder.single.get(FileKind.ENVIRONMENT),
        deployments=folder.sound(),
        exceptions=folder.single.get(FileKind.EXCEPTIONS),
        faulty_deployments=folder.faulty(),
        has_faulty_exceptions=folder.is_faulty(FileKind.EXCEPTIONS),
        extras=tuple(loaded.template for loaded in folder.templates if loaded.template is not None),
        faulty_extras=frozenset(loaded.name for loaded in folder.templates if loaded.template is None),
    )
