"""Reading one version from the registry: facts, files, and their digests."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from reconciler.clients.registry.interface import (
    NotFound,
    Progress,
    RegistryReader,
    RemoteFile,
    VersionDetails,
)
from reconciler.pin.evidence import TAGS
from reconciler.pin.manifest import MANIFEST, ManifestError
from reconciler.pin.recorder import make_record
from reconciler.pin.refusals import find_missing_manifest, find_refusal
from reconciler.state.declarations import RecordedFile, VersionRecord

SIZE_LIMIT = 512 * 1024 * 1024

_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The version is not pinned; `reason` follows its name and a colon."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How versions are read.

    `cache` is a folder for files on their way, which a broken pin leaves there for the next try; files of
    more than `size_limit` bytes are recorded by the store's checksum where the store tells one, and are
    not read then; `tags` are patterns of the tag keys to record.
    """

    cache: Path
    size_limit: int = SIZE_LIMIT
    tags: tuple[str, ...] = TAGS
    registry: str = "main"


def read_version(
    registry: RegistryReader, name: str, version: int, reading: Reading, progress: Progress
) -> VersionRecord | Refused:
    """The record of one version as the registry and the store have it now.

    Raises RegistryUnreachable and RegistryRefused; what is wrong with the version itself is a Refused.
    """
    try:
        details = registry.describe(name, version)
    except NotFound:
        return Refused(reason=_describe_unknown(registry, name, version))
    refusal = find_refusal(details)
    if refusal:
        return Refused(reason=refusal)
    files = registry.list_files(details.location)
    refusal = find_missing_manifest(files, details.location) or _find_odd_path(files)
    if refusal:
        return Refused(reason=refusal)
    with _hold_folder(reading.cache, registry.server, details) as folder:
        if folder is None:
            return Refused(reason="another modelsync pin is reading it now; run this again when it is done.")
        try:
            recorded = {
                file.path: _identify(registry, details, file, folder, reading, progress) for file in files
            }
            content = _fetch(registry, details, _find_manifest(files), folder, progress).read_bytes()
            record = make_record(details, recorded, content, registry=reading.registry, tags=reading.tags)
        except NotFound as error:
            return Refused(reason=f"a file went away while it was read: {error}")
        except ManifestError as error:
            shutil.rmtree(folder)
            return Refused(reason=str(error))
        shutil.rmtree(folder)
        return record


def _describe_unknown(registry: RegistryReader, name: str, version: int) -> str:
    newest = max((facts.version for facts in registry.find_versions((name,))), default=None)
    if newest is None:
        return f"the registry at {registry.server} has no registered model {name} with versions."
    return f"the registry at {registry.server} has no version {version} of {name}; newest is {newest}."


def _find_odd_path(files: tuple[RemoteFile, ...]) -> str:
    """A store's own names are trusted as little as anything from outside."""
    for file in files:
        parts = PurePosixPath(file.path).parts
        if not parts or ".." in parts or file.path.startswith("/") or "\\" in file.path:
            return f'one of its files is called "{file.path}", which leaves the model\'s folder.'
    return ""


def _identify(
    registry: RegistryReader,
    details: VersionDetails,
    file: RemoteFile,
    folder: Path,
    reading: Reading,
    progress: Progress,
) -> RecordedFile:
    if file.bytes > reading.size_limit and file.checksum:
        return RecordedFile(bytes=file.bytes, checksum=file.checksum)
    digest = hashlib.sha256()
    with _fetch(registry, details, file, folder, progress).open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return RecordedFile(bytes=file.bytes, sha256=digest.hexdigest())


def _fetch(
    registry: RegistryReader, details: VersionDetails, file: RemoteFile, folder: Path, progress: Progress
) -> Path:
    # Named by a digest: no name from a store can collide with another one, or with what lies beside it.
    target = folder / hashlib.sha256(file.path.encode()).hexdigest()
    registry.download(details.location, file, target, progress)
    return target


def _find_manifest(files: tuple[RemoteFile, ...]) -> RemoteFile:
    return next(file for file in files if file.path == MANIFEST)


@contextmanager
def _hold_folder(cache: Path, server: str, details: VersionDetails) -> Iterator[Path | None]:
    """A folder for this version alone; None while another process has it."""
    identity = f"{server}\n{details.location}\n{details.facts.created}"
    folder = cache / hashlib.sha256(identity.encode()).hexdigest()[:32]
    cache.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        folder.mkdir(exist_ok=True)
        yield folder
