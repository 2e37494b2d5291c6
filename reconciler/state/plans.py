"""What will be done, said as data: the plan that a person reads is the object that is applied."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from reconciler.state.objects import LiveObject, Manifest, ObjectKey
from reconciler.state.targets import Fault, Target


class Op(str, Enum):
    """What a plan wants with an object."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    SKIP = "skip"


class Cause(str, Enum):
    """Why a change is planned."""

    REVISION = "revision"
    DRIFT = "drift"
    ADOPTION = "adoption"
    RETIREMENT = "retirement"
    REMOVAL = "removal"


class Action(str, Enum):
    """What became of an object in a run; kubectl's words."""

    CREATED = "created"
    CONFIGURED = "configured"
    UNCHANGED = "unchanged"
    DELETED = "deleted"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field: `+` added, `~` changed, `-` removed; `path` is for people: spec.predictors[v3].traffic."""

    sign: str
    path: str
    old: Any = None
    new: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantChange:
    """What happens to one variant's share, in percent; None where it is absent on that side."""

    predictor: str
    version: str
    shadow: bool
    old: int | None
    new: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignEdit:
    """Fields of ours that another manager holds now: who, when (ISO 8601, empty if unknown), and which."""

    manager: str
    time: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to happen to one object, and why.

    `live` is the object that the decision was taken on (None for create, and in offline plans);
    `edits` names drift; `reason` says why an object is skipped. `held` tells that it is skipped because
    people said so (a suspension, a freeze, an emergency, an object to keep), so that nothing is wrong.
    `orphan` tells that a delete leaves what the operator made of the object.
    """

    op: Op
    cause: Cause
    key: ObjectKey
    deployment: str
    manifest: Manifest | None = None
    live: LiveObject | None = None
    variants: tuple[VariantChange, ...] = ()
    fields: tuple[FieldChange, ...] = ()
    edits: tuple[ForeignEdit, ...] = ()
    reason: str = ""
    held: bool = False
    orphan: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A guard's no: which rule, what was found, which objects, and how to allow it.

    One that is `partial` holds back its objects alone; any other means that nothing of the target changes.
    """

    rule: str
    message: str
    advice: str
    objects: tuple[str, ...] = ()
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All changes of one target, sorted; `digest` is that of its desired manifests.

    `changes` hold creates, updates, deletes and skips, each by name; which of them waits for which when they
    are made says `plan.order`;
    `unchanged` are objects that need nothing; `notes` are what a person should know beside the changes.
    """

    target: Target
    revision: str
    digest: str
    changes: tuple[Change, ...] = ()
    unchanged: tuple[ObjectKey, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    faults: tuple[Fault, ...] = field(default=())
    notes: tuple[str, ...] = ()

    def select(self, *ops: Op) -> tuple[Change, ...]:
        """The changes with one of these ops, in order."""
        return tuple(change for change in self.changes if change.op in ops)

    @property
    def refused(self) -> bool:
        """Whether a guard refuses the plan as a whole."""
        return any(not refusal.partial for refusal in self.refusals)

    @property
    def held(self) -> bool:
        """Whether something of it waits because people said so."""
        return any(change.held for change in self.changes)

    @property
    def writes(self) -> bool:
        """Whether applying this plan would write to the cluster's objects."""
        return bool(self.select(Op.CREATE, Op.UPDATE, Op.DELETE))
