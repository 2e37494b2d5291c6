from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from reconciler.clients.registry.interface import (
    Alias,
    LoggedModelFacts,
    NotFound,
    Progress,
    RegistryUnreachable,
    RemoteFile,
    VersionDetails,
    VersionFacts,
)
from reconciler.pin.session import Reading, Refused, read_version
from reconciler.state.declarations import VersionRecord
from tests.unit.pin.building import DETAILS, FACTS, LOCATION, LOGGED_MODEL, MANIFEST

LARGE = RemoteFile(path="weights.bin", bytes=1000, checksum="etag:abc")


@dataclass
class Shelf:
    """A registry with one version whose files are given: also such as no real store would take."""

    contents: Mapping[str, bytes]
    listed: tuple[RemoteFile, ...] = ()
    details: VersionDetails = DETAILS
    broken: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    read: list[str] = field(default_factory=list)

    server = "http://registry.example.com"

    def find_versions(self, names: tuple[str, ...]) -> tuple[VersionFacts, ...]:
        return (self.details.facts,) if self.details.facts.name in names else ()

    def aliases(self, names: tuple[str, ...]) -> tuple[Alias, ...]:
        raise NotImplementedError(names)

    def logged_model(self, model_id: str) -> LoggedModelFacts:
        raise NotImplementedError(model_id)

    def describe(self, name: str, version: int) -> VersionDetails:
        if (name, version) != (self.details.facts.name, self.details.facts.version):
            raise NotFound(name)
        return self.details

    def list_files(self, location: str) -> tuple[RemoteFile, ...]:
        assert location == LOCATION
        own = tuple(RemoteFile(path=path, bytes=len(data)) for path, data in self.contents.items())
        return (*own, *self.listed)

    def download(self, location: str, file: RemoteFile, target: Path, progress: Progress) -> None:
        assert location == LOCATION
        if file.path in self.broken:
            raise RegistryUnreachable(self.server, "went away.")
        if file.path in self.lost:
            raise NotFound(f"{file.path} is gone.")
        self.read.append(file.path)
        target.write_bytes(self.contents[file.path])
        progress(file.path, file.bytes, file.bytes)


def quiet(path: str, done: int, total: int) -> None:
    """Progress that nobody looks at."""


def read(shelf: Shelf, cache: Path, version: int = 5, *, limit: int = 10**6) -> VersionRecord | Refused:
    return read_version(shelf, "wine-quality", version, Reading(cache=cache, size_limit=limit), quiet)


FILES = {"MLmodel": MANIFEST, "data/model.pkl": b"pickle"}


def test_each_file_is_recorded_with_its_digest_and_the_cache_is_left_empty(tmp_path: Path) -> None:
    record = read(Shelf(FILES), tmp_path)
    assert isinstance(record, VersionRecord)
    assert record.identity.files["data/model.pkl"].sha256 == hashlib.sha256(b"pickle").hexdigest()
    assert not [path for path in tmp_path.rglob("*") if path.is_dir() or path.stat().st_size]


def test_a_large_file_with_a_checksum_is_not_read(tmp_path: Path) -> None:
    shelf = Shelf(FILES, listed=(LARGE,))
    record = read(shelf, tmp_path, limit=999)
    assert isinstance(record, VersionRecord)
    file = record.identity.files["weights.bin"]
    assert (file.bytes, file.checksum, file.sha256) == (1000, "etag:abc", None)
    assert "weights.bin" not in shelf.read


def test_a_large_file_without_a_checksum_is_read(tmp_path: Path) -> None:
    shelf = Shelf({**FILES, "weights.bin": b"x" * 1000})
    record = read(shelf, tmp_path, limit=999)
    assert isinstance(record, VersionRecord)
    assert record.identity.files["weights.bin"].sha256 == hashlib.sha256(b"x" * 1000).hexdigest()


@pytest.mark.parametrize("path", ["../evil", "a/../../b", "/etc/passwd", "a\\b", ""])
def test_a_file_name_that_leaves_the_folder_is_refused_before_anything_is_read(
    tmp_path: Path, path: str
) -> None:
    shelf = Shelf(FILES, listed=(RemoteFile(path=path, bytes=1),))
    refused = read(shelf, tmp_path)
    assert isinstance(refused, Refused)
    assert "leaves the model's folder" in refused.reason
    assert shelf.read == []


def test_a_version_that_is_not_there_names_the_newest(tmp_path: Path) -> None:
    assert read(Shelf(FILES), tmp_path, version=9) == Refused(
        reason="the registry at http://registry.example.com has no version 9 of wine-quality; newest is 5."
    )


def test_a_registered_model_that_is_not_there_is_told(tmp_path: Path) -> None:
    shelf = Shelf(FILES, details=replace(DETAILS, facts=replace(FACTS, name="other")))
    refused = read(shelf, tmp_path)
    assert isinstance(refused, Refused)
    assert "has no registered model wine-quality" in refused.reason


def test_a_pending_logged_model_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    shelf = Shelf(FILES, details=replace(DETAILS, logged_model=replace(LOGGED_MODEL, status="PENDING")))
    assert isinstance(read(shelf, tmp_path), Refused)
    assert shelf.read == []


def test_a_file_that_goes_away_meanwhile_is_a_refusal(tmp_path: Path) -> None:
    refused = read(Shelf(FILES, lost=frozenset({"data/model.pkl"})), tmp_path)
    assert isinstance(refused, Refused)
    assert "a file went away while it was read" in refused.reason


def test_what_came_before_an_outage_stays_for_the_next_try(tmp_path: Path) -> None:
    with pytest.raises(RegistryUnreachable):
        read(Shelf(FILES, broken=frozenset({"data/model.pkl"})), tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes() == MANIFEST]


def test_two_at_once_do_not_write_into_each_other_s_files(tmp_path: Path) -> None:
    with pytest.raises(RegistryUnreachable):
        read(Shelf(FILES, broken=frozenset({"MLmodel"})), tmp_path)
    (lock,) = tmp_path.glob("*.lock")
    with lock.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        refused = read(Shelf(FILES), tmp_path)
    assert refused == Refused(
        reason="another modelsync pin is reading it now; run this again when it is done."
    )
