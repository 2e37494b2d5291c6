"""What the exceptions of an environment say now: what is left alone, what waits, and until when. Pure.

An end that is no date that exists is told by validate; here what forbids changes goes on as if it had no end,
since a slip of the pen must not let loose what somebody wanted to be left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from reconciler.plan.wording import join_words
from reconciler.state.exceptions import Exceptions, Suspension, Waiver, Weekly, Window
from reconciler.state.figures import ExceptionInForce, ExceptionKind
from reconciler.state.freezing import find_freeze, find_span, goes_on, list_known, read_moment

ALL = "all"
"""The name by which a suspension means every deployment of its environment."""


def find_suspension(exceptions: Exceptions, deployment: str, now: datetime) -> Suspension | None:
    """The suspension that keeps sync away from a deployment; the one for it alone before one for all.

    One that names it with its environment is told by validate, and means it all the same.
    """
    found = [item for item in exceptions.suspensions if goes_on(item.until, now)]
    own = [item for item in found if item.deployment.rpartition("/")[2] == deployment]
    return next(iter((*own, *(item for item in found if item.deployment == ALL))), None)


def describe_suspension(suspension: Suspension) -> str:
    """`is suspended until 2026-11-30 (the team moves), so sync leaves it alone`."""
    return f"is suspended until {suspension.until} ({suspension.reason}), so sync leaves it alone"


def find_wait(exceptions: Exceptions, now: datetime) -> str:
    """Why changes wait now; empty where they need not. A freeze wins over a window that is open."""
    for freeze in exceptions.freezes:
        if (found := find_freeze(freeze, now)) is not None:
            return f"waits: changes are frozen until {found.said} ({freeze.reason})"
    windows = [window for window in exceptions.windows if goes_on(window.until, now)]
    if not windows or any(find_span(window.weekly, now, strict=False) for window in windows):
        return ""
    said = join_words([_describe_weekly(window.weekly) for window in windows])
    return f"waits for a window: changes are made {said} only ({windows[0].reason}){_say_next(windows, now)}"


def list_in_force(exceptions: Exceptions | None, environment: str, now: datetime) -> tuple[str, ...]:
    """A sentence for each waiver, suspension, freeze and window that holds now, in this order.

    None stands for a file that is there and cannot be read.
    """
    if exceptions is None:
        return (f"{describe_unreadable(environment)}; nothing changes here before it can",)
    return tuple(_list_in_force(exceptions, environment, now))


def describe_unreadable(environment: str) -> str:
    """That the file of exceptions is of no use, and how to find out why."""
    return f"environments/{environment}/exceptions.yaml cannot be read (modelsync validate)"


def list_holding(exceptions: Exceptions, now: datetime) -> tuple[ExceptionInForce, ...]:
    """What keeps sync from changing something now; a window that is closed counts as a freeze without end."""
    found = [
        ExceptionInForce(
            kind=ExceptionKind.SUSPENSION,
            deployment=item.deployment,
            reason=item.reason,
            until=next(iter(read_moment(item.until, end=True)), None),
        )
        for item in exceptions.suspensions
        if goes_on(item.until, now)
    ]
    frozen = [(item.reason, find_freeze(item, now)) for item in exceptions.freezes]
    found += [
        ExceptionInForce(kind=ExceptionKind.FREEZE, deployment=ALL, reason=reason, until=freezing.until)
        for reason, freezing in frozen
        if freezing is not None
    ]
    windows = [window for window in exceptions.windows if goes_on(window.until, now)]
    if windows and not any(find_span(window.weekly, now, strict=False) for window in windows):
        found.append(ExceptionInForce(kind=ExceptionKind.FREEZE, deployment=ALL, reason=windows[0].reason))
    return tuple(found)


def find_next_change(exceptions: Exceptions, now: datetime) -> datetime | None:
    """The next moment at which an exception begins or ends, but of holds; None if none does any more.

    Until then two looks at the same objects and the same commit decide alike.
    """
    return min((moment for moment in _list_moments(exceptions, now) if moment > now), default=None)


def _list_in_force(exceptions: Exceptions, environment: str, now: datetime) -> Iterator[str]:
    for waiver in exceptions.waivers:
        if waiver.holds(now):
            yield f"waiver of {waiver.rule} for {join_words(waiver.objects)} {_say_end(waiver)}"
    for suspension in exceptions.suspensions:
        if goes_on(suspension.until, now):
            everything = suspension.deployment == ALL
            name = environment if everything else f"{environment}/{suspension.deployment}"
            yield f"{name} is suspended {_say_end(suspension)}"
    for freeze in exceptions.freezes:
        if (found := find_freeze(freeze, now)) is not None:
            yield f"{environment}: changes are frozen until {found.said} ({freeze.reason})"
    for window in exceptions.windows:
        if goes_on(window.until, now):
            yield f"{environment}: changes are made {_describe_weekly(window.weekly)} only {_say_end(window)}"


def _list_moments(exceptions: Exceptions, now: datetime) -> Iterator[datetime]:
    # Weeks are looked at anew at least this often.
    horizon = now + timedelta(days=7)
    ends = [item.until for item in exceptions.waivers]
    ends += [item.until for item in exceptions.suspensions]
    ends += [item.until for item in exceptions.freezes]
    ends += [item.until for item in exceptions.windows]
    for until in ends:
        yield from read_moment(until, end=True)
    for freeze in exceptions.freezes:
        if freeze.from_ is not None:
            yield from read_moment(freeze.from_, end=False)
        if freeze.weekly is not None:
            yield from _list_edges(freeze.weekly, now, strict=True)
            yield horizon
    for window in exceptions.windows:
        yield from _list_edges(window.weekly, now, strict=False)
        yield horizon


def _list_edges(weekly: Weekly, now: datetime, *, strict: bool) -> Iterator[datetime]:
    for span in list_known(weekly, now, strict=strict):
        yield span.start
        yield span.end


def _say_next(windows: list[Window], now: datetime) -> str:
    starts = [
        span.start
        for window in windows
        for span in list_known(window.weekly, now, strict=False)
        if span.start > now
    ]
    return f"; the next begins {min(starts):%Y-%m-%d %H:%M} UTC" if starts else ""


def _describe_weekly(weekly: Weekly) -> str:
    """`on mon and tue from 09:00 to 16:00 (Europe/Berlin)`."""
    return f"on {join_words(weekly.days)} from {weekly.from_} to {weekly.to} ({weekly.zone})"


def _say_end(dated: Waiver | Suspension | Window) -> str:
    return f"until {dated.until} ({dated.reason})"
