"""What a rule says about a declaration."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from reconciler.state.documents import Location

if TYPE_CHECKING:
    # Findings are told in quiet runs too, which need no declarations.
    from reconciler.state.exceptions import Waiver


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
    expected; `advice` says what to do, empty where the message says it all. `subject` is that object, as
    waivers name it: a deployment (`production/wines`), an environment (`production`) or a model
    (`models/wines`); empty where the fault lies in no object's declaration.
    """

    rule: str
    grade: Grade
    location: Location
    message: str
    advice: str = ""
    subject: str = ""

    @property
    def is_error(self) -> bool:
        return self.grade is not Grade.ADVISORY


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """A rule that could not be decided, and why; `blocking` where a change must not pass without it."""

    rule: str
    reason: str
    blocking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """A finding that does not fail because a waiver names its rule and its object, and where that stands."""

    finding: Finding
    waiver: Waiver
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What a change asks of a person: `subject` may pass once one of `owners` has approved it.

    The author of the change is none of them, whatever `owners` says. `reason` is a sentence; `location` is
    what the approval is for.
    """

    rule: str
    subject: str
    reason: str
    owners: tuple[str, ...]
    location: Location


def sort_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Order findings by file, line, column, rule and message, dropping exact repeats."""
    return tuple(sorted(set(findings), key=lambda f: (f.location, f.rule, f.message)))
