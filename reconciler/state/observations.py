"""What was seen in a cluster at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from reconciler.state.inventory import TargetRecord
from reconciler.state.objects import LiveObject, ObjectKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """A namespace as the API server holds it."""

    name: str
    labels: Mapping[str, str]
    deleting: bool
    uid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Everything that a plan is decided on.

    `objects` are all objects of our kinds in the target's namespace, ours or not, from complete lists
    (a list that could not be finished is an error, never a shorter tuple); `workloads` are its
    Deployments, for health.
    """

    record: TargetRecord
    objects: tuple[LiveObject, ...]
    workloads: tuple[LiveObject, ...]


class HealthWord(str, Enum):
    """kstatus' words."""

    IN_PROGRESS = "InProgress"
    CURRENT = "Current"
    FAILED = "Failed"
    TERMINATING = "Terminating"
    NOT_FOUND = "NotFound"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantHealth:
    """One predictor's health; `since` is when it came to this, as far as the cluster says."""

    predictor: str
    word: HealthWord
    reason: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One object's health; `reason` says what a person needs to know, empty when Current.

    `variants` tell it predictor by predictor, in the object's order, where that can be told apart. `notes`
    say what does not change the word but should be known. `since` is when it came to this, None where the
    cluster does not tell.
    """

    key: ObjectKey
    word: HealthWord
    reason: str = ""
    variants: tuple[VariantHealth, ...] = ()
    notes: tuple[str, ...] = ()
    since: datetime | None = None
