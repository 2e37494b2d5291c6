"""Where a setting comes from, and what becomes of it: layers, rendered fields, live fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as default
from datetime import datetime
from typing import Any

from reconciler.state.documents import Location, PathKey
from reconciler.state.objects import ObjectKey
from reconciler.state.outcomes import Outcome
from reconciler.state.plans import ForeignEdit


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one layer says of a field, and where. `field` is as people write it: serving.replicas.

    `path` leads to the value in its document.
    """

    field: str
    layer: str
    location: Location
    path: tuple[PathKey, ...]
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A field that some layer sets, for the variants (or nodes: `v5/scaler`) for which the same ones do.

    `said` is in the order of the layers: the last one wins.
    """

    field: str
    subjects: tuple[str, ...]
    said: tuple[Said, ...]

    @property
    def winner(self) -> Said:
        return self.said[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The commit that last wrote a line, by its full name and commit date; nothing of it where none did yet.

    `cut`: the clone is cut short at that commit, so an earlier one may have been it.
    """

    commit: str = ""
    author: str = ""
    email: str = ""
    moment: datetime | None = None
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedField:
    """A field of a manifest that follows from a setting; `path` is as `plan.diff` names it."""

    key: ObjectKey
    path: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveField:
    """The same field in the cluster: `found` tells whether it is there, `holders` are its field managers."""

    rendered: RenderedField
    found: bool
    value: Any = None
    holders: tuple[ForeignEdit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedSetting:
    """A setting and the fields that follow from it; `live` is in their order, empty where nobody looked."""

    setting: Setting
    rendered: tuple[RenderedField, ...] = ()
    live: tuple[LiveField, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Default:
    """What holds of a field for variants (or nodes) for which no layer says it, and who gives it that.

    Without a value it is whatever `origin` has; with neither there is none.
    """

    field: str
    subjects: tuple[str, ...]
    value: str | int | None = None
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What is known of one deployment's settings. `field` is empty where all of them were asked for.

    `defaults` are what holds of the field where no layer says it. `writers` are the commits that last wrote
    the places of `said`, empty where that is not known. `notes` are for people; `unseen` says why the
    cluster's side is missing though it was asked for.
    """

    name: str
    field: str
    settings: tuple[ExplainedSetting, ...]
    defaults: tuple[Default, ...] = ()
    writers: Mapping[Location, Written] = default(default_factory=dict)
    looked: bool = False
    notes: tuple[str, ...] = ()
    unseen: str = ""
    outcome: Outcome = Outcome.DONE
