"""What is read of targets for those who only look: records, and the shares in the cluster now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from reconciler.state.inventory import TargetRecord
from reconciler.state.routes import Routes
from reconciler.state.shares import Share
from reconciler.state.targets import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetReading:
    """One target: its record, and what is applied and routed by deployment.

    `applied` is None where it could not be read.
    """

    target: Target
    record: TargetRecord
    applied: Mapping[str, tuple[Share, ...]] | None = None
    routes: Routes = field(default_factory=Routes)


class ReadProblem(str, Enum):
    """Why something could not be read."""

    UNREACHABLE = "unreachable"
    RIGHT_MISSING = "right-missing"
    RECORD_MISSING = "record-missing"
    RECORD_UNREADABLE = "record-unreadable"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFailure:
    """Something that could not be read, and a sentence about it."""

    problem: ReadProblem
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """All targets that could be read, and what could not be."""

    targets: tuple[TargetReading, ...] = ()
    failures: tuple[ReadFailure, ...] = ()
