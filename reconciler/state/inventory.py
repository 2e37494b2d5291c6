"""The record that a target keeps in its ConfigMap: what we own, what we did, and how it went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from reconciler.state.objects import ObjectKey
from reconciler.state.plans import Action
from reconciler.state.shares import Share

if TYPE_CHECKING:
    # It names words of health, whose module tells of records.
    from reconciler.state.figures import RunFailure, RunFigures, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryEntry:
    """An object that we own or are about to own.

    `uid`, `generation` and `digest` are those after our last apply, empty or 0 before it: while all
    three still hold, the object is as we left it. `policy` is what was declared last of its end (keep or
    orphan, empty for prune), for the time when its declaration is gone.
    """

    key: ObjectKey
    deployment: str
    uid: str = ""
    generation: int = 0
    digest: str = ""
    adopted: bool = False
    policy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectResult:
    """What the last run that wrote or failed did to one object."""

    key: ObjectKey
    action: Action
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """One line of the history: a run that wrote or failed. `outcome` is the exit code of section 6."""

    revision: str
    finished: datetime
    outcome: int
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Something that is true or not of a target: `status` is True, False or Unknown, `since` its change."""

    type: str
    status: str
    reason: str
    message: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodSet:
    """The variants that were all ready and routed as declared the last time that a run looked.

    `revision` is where they first were so; `digest` begins that of their manifest, in DIGEST_LENGTH digits:
    enough to tell sets of one deployment apart, and ten thousand of them still fit a ConfigMap. `body` is the
    manifest as JSON text, so that it can be applied without git; it is kept only where something else is
    applied now or about to be, and may be dropped where the record has no room. `earlier` are the digests of
    the sets that were good before it, the newest first.
    """

    deployment: str
    model: str
    revision: str
    digest: str
    shares: tuple[Share, ...]
    body: str = ""
    earlier: tuple[str, ...] = ()


DIGEST_LENGTH = 12
EARLIER_SETS = 4
"""How many earlier good sets of one deployment are remembered by their digests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackOff:
    """Why nothing of `revision` is tried again before `until`: it failed `failures` times in a row."""

    revision: str
    failures: int
    until: datetime
    reason: str


LONGEST_EMERGENCY = timedelta(hours=4)
"""How long a mark holds at most: an emergency that takes longer belongs into git."""

EARLIEST_EMERGENCY = timedelta(minutes=5)
"""How far ahead of ours the clock may be that a mark was set by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyMark:
    """A deployment that a person took back without git: sync leaves it alone until `until`.

    `by` is the person as the API server knows them, `shares` are what they went back to.
    """

    deployment: str
    by: str
    reason: str
    since: datetime
    until: datetime
    shares: tuple[Share, ...]

    def holds(self, now: datetime) -> bool:
        """Whether its time has begun and is not over: by a clock a year ahead it would hold for a year."""
        return not self.is_early(now) and now < self.until

    def is_early(self, now: datetime) -> bool:
        """Whether it begins later than clocks may disagree."""
        return self.since - now > EARLIEST_EMERGENCY


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """When fields of one object were taken back from one field manager, the newest time last."""

    key: ObjectKey
    manager: str
    times: tuple[datetime, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRecord:
    """All that is kept for one target between runs.

    `attempted` and `applied` are revisions (`main@sha1:…`); `digest` is that of the desired manifests
    last applied in full; `uid` and `resource_version` are those of the ConfigMap (empty: not there yet);
    `forged` says that it cannot be trusted: it does not carry the ApplySet ID computed for this target,
    belongs to another namespace's life, or cannot be read; its entries are empty then. `namespace_uid`
    names the namespace's life and so the cluster; `fence` is the Lease's transition count at the last write.
    `good` holds the last good set of each deployment that had one, `before` the one before it, with its
    body: what to go back to without git where the last good set is what is applied. `backoff` holds a
    revision that failed back; `marks` are what people took back without git; `reversals` tell what was taken
    back from whom.
    `figures` are numbers of the run that wrote it last, `standing` how the target stood then; `failure` is a
    later run that ended before it could decide anything, None once one did.
    `quiet` says under which circumstances all was found well, in words of the run that found it.
    """

    entries: tuple[InventoryEntry, ...] = ()
    attempted: str = ""
    applied: str = ""
    applied_at: datetime | None = None
    digest: str = ""
    results: tuple[ObjectResult, ...] = ()
    history: tuple[RunSummary, ...] = ()
    heartbeat: datetime | None = None
    conditions: tuple[Condition, ...] = ()
    namespace_uid: str = ""
    fence: int = 0
    exists: bool = False
    uid: str = ""
    resource_version: str = ""
    forged: bool = False
    good: tuple[GoodSet, ...] = ()
    before: tuple[GoodSet, ...] = ()
    backoff: BackOff | None = None
    marks: tuple[EmergencyMark, ...] = ()
    reversals: tuple[Reversal, ...] = ()
    quiet: str = ""
    figures: RunFigures | None = None
    standing: Standing | None = None
    failure: RunFailure | None = None
