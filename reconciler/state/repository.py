"""A repository as it was parsed: every declaration beside the document it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from reconciler.state.declarations import Defaults, Deployment, Environment, Model, VersionRecord
from reconciler.state.documents import Document
from reconciler.state.exceptions import Exceptions
from reconciler.state.extras import ExtraTemplate

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Generic[T]):
    """A declaration and the document that it was parsed from."""

    document: Document
    declaration: T


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """A folder under `models/`. `model` is None where model.yaml is missing or faulty.

    `faulty_records` names the versions whose record exists but could not be parsed.
    """

    name: str
    model: Entry[Model] | None = None
    records: Mapping[int, Entry[VersionRecord]] = field(default_factory=dict)
    faulty_records: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentEntry:
    """A folder under `environments/`. `environment` is None where environment.yaml is missing or faulty.

    `faulty_deployments` names the deployments whose file exists but could not be parsed;
    `has_faulty_exceptions` tells that exceptions.yaml exists and could not be. `extras` are its organisation
    manifests, sorted by name, `faulty_extras` the names of those whose text could not be read.
    """

    name: str
    environment: Entry[Environment] | None = None
    deployments: Mapping[str, Entry[Deployment]] = field(default_factory=dict)
    exceptions: Entry[Exceptions] | None = None
    faulty_deployments: frozenset[str] = frozenset()
    has_faulty_exceptions: bool = False
    extras: tuple[ExtraTemplate, ...] = ()
    faulty_extras: frozenset[str] = frozenset()

    @property
    def known_exceptions(self) -> Exceptions | None:
        """What exceptions.yaml says, or that there are none; None where it could not be parsed."""
        if self.has_faulty_exceptions:
            return None
        return self.exceptions.declaration if self.exceptions is not None else Exceptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """All declarations of one revision. What could not be parsed is named, not guessed."""

    defaults: Entry[Defaults] | None = None
    models: Mapping[str, ModelEntry] = field(default_factory=dict)
    environments: Mapping[str, EnvironmentEntry] = field(default_factory=dict)
    has_faulty_defaults: bool = False
