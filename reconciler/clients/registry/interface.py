"""What modelsync needs of a model registry: reading facts and files, and the ways in which it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

Progress = Callable[[str, int, int], None]
"""Told about a download: the file's path, how many of its bytes are here, how many it has (-1: unknown)."""


class RegistryError(Exception):
    """Base of all that may go wrong at a registry. The text is for people."""


class RegistryUnreachable(RegistryError):
    """No answer, or none that decides. `server` is the registry's address without credentials."""

    def __init__(self, server: str, detail: str) -> None:
        self.server = server
        super().__init__(f"the registry at {server} {detail}")


class RegistryRefused(RegistryError):
    """The registry does not serve this caller or this question; trying again will not help."""


class NotFound(RegistryError):
    """The registry does not know what was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionFacts:
    """One model version as a search of the registry shows it.

    `source` is what was registered: `models:/m-…` of a logged model, `runs:/…`, or a location in a store;
    `created` is UTC in ISO 8601 with milliseconds; `status` is the registry's word, such as READY;
    `stage` is empty where none was given.
    """

    name: str
    version: int
    status: str
    source: str
    run: str | None
    logged_model: str | None
    created: str
    stage: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Alias:
    """A movable name of one version of a registered model."""

    name: str
    alias: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetFacts:
    """Data that a run used. `digest` is what its author gave; `context` says what for, such as training."""

    name: str
    digest: str
    context: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedModelFacts:
    """A logged model: the registry may call a version READY while this is pending or failed."""

    id: str
    status: str
    location: str
    run: str | None
    metrics: Mapping[str, float] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """The training run behind a version."""

    id: str
    name: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    datasets: tuple[DatasetFacts, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMissing:
    """The version names a run that the tracking server does not have (any more)."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionDetails:
    """All that the registry and the tracking server know of one version.

    `location` is where its files lie, as the registry gives it; still `runs:/…` where it cannot be resolved.
    """

    facts: VersionFacts
    location: str
    logged_model: LoggedModelFacts | None
    run: RunFacts | RunMissing | None


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class RemoteFile:
    """A file under a location: path relative to it, bytes, and the store's own checksum if it says one."""

    path: str
    bytes: int
    checksum: str | None = None


class RegistryReader(Protocol):
    """Reads a registry. Every call ends within the client's budget of time or raises RegistryUnreachable.

    All may raise RegistryRefused; those that name one thing raise NotFound when it does not exist.
    """

    @property
    def server(self) -> str:
        """The registry's address as messages name it, without credentials."""

    def find_versions(self, names: tuple[str, ...]) -> tuple[VersionFacts, ...]:
        """All versions of these registered models, sorted by name and version; one search for any number."""

    def aliases(self, names: tuple[str, ...]) -> tuple[Alias, ...]:
        """All aliases of these registered models, sorted; one search for any number."""

    def logged_model(self, model_id: str) -> LoggedModelFacts:
        """One logged model."""

    def describe(self, name: str, version: int) -> VersionDetails:
        """One version with its location, logged model and run."""

    def list_files(self, location: str) -> tuple[RemoteFile, ...]:
        """All files under a location, sorted by path. An empty tuple where there are none."""

    def download(self, location: str, file: RemoteFile, target: Path, progress: Progress) -> None:
        """Write a file to `target`, replacing it only when all bytes are here; goes on with a part left by an
        earlier try where the store can."""
