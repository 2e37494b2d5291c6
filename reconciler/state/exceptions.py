"""The dated exceptions that people write: what is waived, held, frozen or suspended, why and until when."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from reconciler.state.moments import find_end
from reconciler.state.written import ClockTime, Declaration, Timestamp, Version, Weekday, WeekTime


class Waiver(Declaration):
    """An exemption of named objects from a rule, until a date."""

    rule: str = Field(description="The rule that is waived.")
    objects: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        description="environment/deployment, or the environment."
    )
    reason: Annotated[str, Field(min_length=1)] = Field(description="Why; read by whoever approves it.")
    until: Timestamp

    @property
    def end(self) -> datetime | None:
        """The moment at which it ends; None where it names a day that does not exist."""
        return find_end(self.until)

    def holds(self, now: datetime | None) -> bool:
        """Whether it has not ended; a date alone ends with its day (UTC). Where no time is given it has not.

        One that names no day that exists allows nothing: a rule tells of it, and a run must not stumble.
        """
        return self.end is not None and (now is None or now < self.end)


class Hold(Declaration):
    """A version that automation must skip."""

    deployment: str = Field(description="The deployment that skips the version.")
    version: Version
    reason: Annotated[str, Field(min_length=1)] = Field(description="Why the version is held.")
    until: Timestamp | None = None


class Weekly(Declaration):
    """Hours that come back every week, by the clock of a place."""

    days: Annotated[tuple[Weekday, ...], Field(min_length=1)] = Field(
        description="Days on which they begin: mon, tue, wed, thu, fri, sat, sun."
    )
    from_: ClockTime = Field(alias="from")
    to: WeekTime
    zone: Annotated[str, Field(min_length=1)] = Field(
        description="Time zone whose clock is meant, by its IANA name: Europe/Berlin, UTC."
    )


class Freeze(Declaration):
    """A time without changes: from a moment to another, or certain hours of every week until a moment."""

    from_: Timestamp | None = Field(default=None, alias="from", description="Its start; absent: at once.")
    until: Timestamp
    weekly: Weekly | None = Field(default=None, description="Only these hours of each week.")
    reason: Annotated[str, Field(min_length=1)] = Field(description="Why nothing may change.")


class Window(Declaration):
    """Hours of the week in which changes are made; where there is one, nothing changes outside of all."""

    weekly: Weekly
    until: Timestamp
    reason: Annotated[str, Field(min_length=1)] = Field(description="Why changes wait for these hours.")


class Suspension(Declaration):
    """A deployment, or all, that sync leaves alone."""

    deployment: str = Field(description="The deployment that is left alone, or all.")
    reason: Annotated[str, Field(min_length=1)] = Field(description="Why it is left alone.")
    until: Timestamp


class Exceptions(Declaration):
    """`environments/<env>/exceptions.yaml`: dated exemptions, each with reason and end."""

    waivers: tuple[Waiver, ...] = Field(default=(), description="Rules that named objects are exempt from.")
    holds: tuple[Hold, ...] = Field(default=(), description="Versions that automation skips.")
    freezes: tuple[Freeze, ...] = Field(
        default=(), description="Times without changes; they win over windows."
    )
    windows: tuple[Window, ...] = Field(default=(), description="Hours outside of which nothing changes.")
    suspensions: tuple[Suspension, ...] = Field(default=(), description="Deployments that sync leaves alone.")
