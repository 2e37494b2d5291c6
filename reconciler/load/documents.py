"""The load stage: from bytes by path to located documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.load.layout import Place, describe_stray, find_place, find_template, is_ignored, show_path
from reconciler.load.links import follow_links
from reconciler.load.text import check_text
from reconciler.load.yaml import read, share
from reconciler.state.documents import Document, Location
from reconciler.state.extras import ExtraTemplate
from reconciler.state.findings import Finding, Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedFile:
    """A declaration's file. `document` is None where nothing of it could be read.

    `sound` tells that the document is all that the file says; where it is False, findings say what is
    missing, and the document serves only to look for further faults. `data` is what was read.
    """

    path: str
    place: Place
    document: Document | None
    sound: bool
    data: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedTemplate:
    """An organisation manifest of an environment; `template` is None where its text cannot be used."""

    environment: str
    name: str
    template: ExtraTemplate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """All declarations of one revision or work tree, sorted by path, and what was wrong with their files."""

    files: tuple[LoadedFile, ...]
    findings: tuple[Finding, ...]
    templates: tuple[LoadedTemplate, ...] = ()


def load(
    files: Mapping[str, bytes],
    *,
    links: Mapping[str, str] | None = None,
    submodules: Iterable[str] = (),
    unreadable: Mapping[str, str] | None = None,
    like: Loaded | None = None,
) -> Loaded:
    """Read the declarations among `files`. Nothing is raised: what is wrong becomes a finding.

    Equal contents are read once, and then have one value: wherever they lie, and in `like` too.

    Args:
        files: content by path, relative to the repository, separated by `/`.
        links: target as written, by the symbolic link's path.
        submodules: paths that stand for other repositories.
        unreadable: why it could not be read, by the path of a file or folder.
        like: another revision, of which most is the same.
    """
    shown_links = {path: target for path, target in (links or {}).items() if not is_ignored(path)}
    followed = follow_links(files, shown_links)
    findings = list(followed.findings)
    findings += [_refuse_submodule(path) for path in submodules if not is_ignored(path)]
    refused = {path: why for path, why in (unreadable or {}).items() if not is_ignored(path)}
    findings += [_refuse_unreadable(path, why) for path, why in refused.items()]
    loaded = []
    templates = []
    known = _Known(like)
    contents = {**files, **followed.files}
    for path in sorted({*contents, *followed.refused, *refused}):
        if is_ignored(path):
            continue
        extra = find_template(path) if path.isprintable() else None
        if extra is not None:
            template, faults = _load_template(path, extra, contents.get(path))
            templates.append(template)
            findings += faults
            continue
        place = find_place(path) if path.isprintable() else None
        if place is None:
            findings += [describe_stray(path)] if path in contents else []
        elif path in contents:
            file, faults = known.load(path, place, contents[path])
            loaded.append(file)
            findings += faults
        else:
            loaded.append(LoadedFile(path=path, place=place, document=None, sound=False))
    return Loaded(files=tuple(loaded), findings=tuple(findings), templates=tuple(templates))


class _Known:
    """What sound files say, by their content: positions are those of each file, the value is one for all."""

    def __init__(self, like: Loaded | None) -> None:
        self._documents: dict[bytes, Document] = {
            file.data: file.document
            for file in (() if like is None else like.files)
            if file.sound and file.document is not None
        }

    def load(self, path: str, place: Place, data: bytes) -> tuple[LoadedFile, tuple[Finding, ...]]:
        found = self._documents.get(data)
        if found is not None:
            document = found if found.file == path else share(found, path, data)
            return LoadedFile(path=path, place=place, document=document, sound=True, data=data), ()
        reading = read(path, data)
        sound = not reading.findings
        if sound and reading.document is not None:
            self._documents[data] = reading.document
        file = LoadedFile(path=path, place=place, document=reading.document, sound=sound, data=data)
        return file, reading.findings


def _load_template(
    path: str, place: tuple[str, str], data: bytes | None
) -> tuple[LoadedTemplate, tuple[Finding, ...]]:
    """A template's text is judged as that of other files is; `data` is None where it was refused before."""
    environment, name = place
    findings = check_text(path, data) if data is not None else ()
    template = None
    if data is not None and not findings:
        template = ExtraTemplate(name=name, file=path, text=data.decode("utf-8"))
    return LoadedTemplate(environment=environment, name=name, template=template), findings


def _refuse_submodule(path: str) -> Finding:
    return Finding(
        rule="submodules",
        grade=Grade.HARD,
        location=Location(file=show_path(path)),
        message=f"{show_path(path)} is a submodule; what lies in another repository is not read.",
        advice="Put the files themselves in its place.",
    )


def _refuse_unreadable(path: str, why: str) -> Finding:
    return Finding(
        rule="unreadable-file",
        grade=Grade.HARD,
        location=Location(file=show_path(path)),
        message=f"{show_path(path)} cannot be read: {why}.",
        advice="Correct its permissions or its kind; nothing was guessed about its content.",
    )
