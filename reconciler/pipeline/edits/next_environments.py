"""When a version that an edit brings may go on to the environments that come next. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from reconciler.policy.changes import Changed, Pin, Role, list_changed, list_new, list_pins
from reconciler.policy.context import Context, PlacedDeployment
from reconciler.policy.policies.soak import POLICY as SOAK
from reconciler.policy.served import is_return, list_upstream, say_time
from reconciler.policy.soak import WORDS, find_soaked, read_times
from reconciler.policy.wording import join_words
from reconciler.state.history import History


def tell_next(context: Context) -> Iterator[str]:
    """A line for each version that may do more than before, and each deployment that takes it from there.

    Times are those of rule soak, as if the edit were merged now. Nothing where no history is at hand or it is
    cut short, for the way back to what served before, and where the version has come already.
    """
    if context.history is None or not context.history.complete or context.now is None:
        return
    for changed in list_changed(context):
        for pin in list_new(changed):
            if changed.after is None or pin.role is Role.NONE or _is_way_back(context, changed, pin):
                continue
            for later in _list_later(context, changed.after, pin):
                yield _tell(changed.after.environment.name, later, pin, context.history, context.now)


def _is_way_back(context: Context, changed: Changed, pin: Pin) -> bool:
    place = changed.after or changed.before
    return place is not None and is_return(context, place.environment.name, pin, changed.pins_before)


def _list_later(context: Context, place: PlacedDeployment, pin: Pin) -> Iterator[PlacedDeployment]:
    """The deployments of that name downstream whose model it is and that do not serve the version in full."""
    for other in context.served:
        if other.name != place.name or place.environment.name not in list_upstream(other):
            continue
        theirs = [known for known in list_pins(other) if known.is_same(pin)]
        models = {known.model for known in list_pins(other)}
        if pin.model in models and not any(known.role is Role.ABOVE for known in theirs):
            yield other


def _tell(here: str, later: PlacedDeployment, pin: Pin, history: History, now: datetime) -> str:
    has = max((known.role for known in list_pins(later) if known.is_same(pin)), default=Role.NONE)
    needs = read_times(SOAK.value_in(later.environment))
    times = {role: needed for role, needed in needs.items() if role > has}
    soaked = {name: find_soaked(history, name, pin, now) for name in list_upstream(later)}
    slowest = max(times.values())
    missing = [
        name
        for name, known in soaked.items()
        if name != here and (not (known.serving or known.length) or known.find_free(slowest, now) is None)
    ]
    also = f", and once {join_words(missing)} served it, too" if missing else ""
    longest = {
        role: max(
            (needed - known.length for name, known in soaked.items() if name not in missing),
            default=timedelta(),
        )
        for role, needed in times.items()
    }
    said = [
        f"{WORDS[role]} {f'from {say_time(now + left)}' if left > timedelta() else 'at once'}"
        for role, left in longest.items()
    ]
    if all(left <= timedelta() for left in longest.values()):
        more = "" if has is Role.NONE else f" {WORDS[Role.ABOVE]}"
        return f"next: {later.id} may take {pin.name}{more} once this is merged{also}"
    return f"next: {later.id} may take {pin.name} {', '.join(said)}{also} (rule soak, if this is merged now)"
