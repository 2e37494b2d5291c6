"""How a run of the registry bot ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from reconciler.state.findings import Finding
from reconciler.state.outcomes import Outcome


class Word(str, Enum):
    """What became of a deployment, or would without --dry-run."""

    OPENED = "opened"
    UPDATED = "updated"
    OPEN = "open"
    CLOSED = "closed"
    DECLINED = "declined"
    LEFT = "left alone"
    NOTHING = "nothing new"
    WELL = "well"
    UNDECIDED = "undecided"
    FAULTY = "faulty"


@dataclass(frozen=True, slots=True, kw_only=True)
class BotResult:
    """How the run ended for one deployment. `address` is that of its pull request, where there is one.

    `findings` are what the rules say of what is proposed now; only a hard one keeps it from being proposed.
    """

    id: str
    word: Word
    text: str
    outcome: Outcome = Outcome.DONE
    address: str = ""
    findings: tuple[Finding, ...] = ()
