"""What is done with a record after the registry was read. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from reconciler.pin.comparison import Moved, compare
from reconciler.state.declarations import VersionRecord


class Mode(str, Enum):
    """What the caller wants: write records, compare them, or take over moved evidence."""

    PIN = "pin"
    CHECK = "check"
    REFRESH = "refresh"


class Verdict(str, Enum):
    """How one version ended."""

    WROTE = "wrote"
    UNCHANGED = "unchanged"
    REFRESHED = "refreshed"
    ADVICE = "advice"
    MOVED = "moved"
    REFUSED = "refused"

    @property
    def is_error(self) -> bool:
        return self in (Verdict.MOVED, Verdict.REFUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`record` is the one that is in force now, None where there is none; it is to be written if `write`.

    `moved` are the facts that differ from the record as it was; `reason` says why a version is refused.
    """

    verdict: Verdict
    record: VersionRecord | None = None
    write: bool = False
    moved: tuple[Moved, ...] = ()
    reason: str = ""


def decide(mode: Mode, recorded: VersionRecord | None, found: VersionRecord) -> Decision:
    """Compare a record (None: there is none yet) with what was found.

    A version whose identity or loader moved is another version: its record is never overwritten.
    """
    if recorded is None:
        if mode is Mode.PIN:
            return Decision(verdict=Verdict.WROTE, record=found, write=True)
        return Decision(verdict=Verdict.REFUSED, reason="there is no record to compare with; pin it first.")
    moved = compare(recorded, found)
    if not moved:
        return Decision(verdict=Verdict.UNCHANGED, record=recorded)
    if any(fact.is_error for fact in moved):
        return Decision(verdict=Verdict.MOVED, record=recorded, moved=moved)
    if mode is Mode.REFRESH:
        return Decision(verdict=Verdict.REFRESHED, record=found, write=True, moved=moved)
    return Decision(verdict=Verdict.ADVICE, record=recorded, moved=moved)
