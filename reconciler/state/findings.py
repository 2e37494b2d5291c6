"""What a rule says about a declaration."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from reconciler.state.documents import Location


class Grade(str, Enum):
    """How much a finding weighs: advice passes, soft findings may be waived, hard ones never."""

    ADVISORY = "advisory"
    SOFT = "soft"
    HARD = "hard"

    @property
    def word(self) -> str:
        """The word that people read: `advice` or `error`."""
        return "advice" if self is Grade.ADVISORY else "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule's result at one place.

    `location` lies in the file of whatever is faulty: a fault that two deployments share is reported
    once in the file of each. `message` says the object first, then what is wrong and what was
    expected; `advice` says what to do, empty where the message says it all.
    """

    rule: str
    grade: Grade
    location: Location
    message: str
    advice: str = ""

    @property
    def is_error(self) -> bool:
        return self.grade is not Grade.ADVISORY


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """A rule that could not be decided, and why; `blocking` where a change must not pass without it."""

    rule: str
    reason: str
    blocking: bool = False


def sort_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Order findings by file, line, column, rule and message, dropping exact repeats."""
    return tuple(sorted(set(findings), key=lambda f: (f.location, f.rule, f.message)))
