"""How a command or a target's run ends, as numbers that scripts can read."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class Outcome(IntEnum):
    """Exit codes; part of the interface, so never renumbered."""

    DONE = 0
    FINDINGS = 1
    CONFIGURATION = 2
    UNDECIDED = 3
    PENDING = 4
    REFUSED = 5
    UNHEALTHY = 6
    DEFECT = 70
    INTERRUPTED = 130

    @property
    def meaning(self) -> str:
        """One line for the help text and the README."""
        return MEANINGS[self]


MEANINGS: dict[Outcome, str] = {
    Outcome.DONE: "done; nothing wrong (there may be advice, or a roll-out in progress within its deadline)",
    Outcome.FINDINGS: "findings, or a target that could not be made equal",
    Outcome.CONFIGURATION: "usage or configuration",
    Outcome.UNDECIDED: "undecided: something needed could not be reached; never read as pass",
    Outcome.PENDING: "changes pending (plan --detailed-exitcode only)",
    Outcome.REFUSED: "refused by a guard; the message says how to allow it",
    Outcome.UNHEALTHY: "applied, but something is unhealthy past its deadline",
    Outcome.DEFECT: "a defect of modelsync itself",
    Outcome.INTERRUPTED: "interrupted",
}

_WORST_FIRST = (
    Outcome.INTERRUPTED,
    Outcome.DEFECT,
    Outcome.CONFIGURATION,
    Outcome.REFUSED,
    Outcome.FINDINGS,
    Outcome.UNHEALTHY,
    Outcome.UNDECIDED,
    Outcome.PENDING,
    Outcome.DONE,
)


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The one outcome that several targets leave together; DONE if there are none."""
    found = set(outcomes)
    return next((outcome for outcome in _WORST_FIRST if outcome in found), Outcome.DONE)
