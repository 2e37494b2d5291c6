"""Which deployments may take a version that was just pinned, and from when. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from reconciler.policy.context import Context
from reconciler.policy.placed import PlacedDeployment
from reconciler.policy.policies.soak import POLICY as SOAK
from reconciler.policy.served import list_upstream, say_time
from reconciler.policy.soak import WORDS, read_times
from reconciler.policy.wording import join_words
from reconciler.state.repository import Repository


def tell_first(repository: Repository, model: str, now: datetime) -> str:
    """From when each deployment of a model may serve a version that none has served; empty without one.

    Times are those of rule soak, as if the version were merged upstream now.
    """
    served = Context(repository=repository).served
    places = [place for place in served if place.entry.declaration.model == model]
    firsts = {place.environment.name for place in places if not list_upstream(place)}
    said = [f"{place.id} now" for place in places if not list_upstream(place)]
    later = [place for place in places if list_upstream(place)]
    timed = [place for place in later if firsts.issuperset(list_upstream(place))]
    said += [f"{place.id} {', '.join(_tell_times(place, now))}" for place in timed]
    said += [f"{place.id} after {join_words(list_upstream(place))}" for place in later if place not in timed]
    merged = sorted({name for place in timed for name in list_upstream(place)})
    terms = f" (rule soak, if {join_words(merged)} takes it now)" if merged else ""
    return f"{'; '.join(said)}{terms}"


def _tell_times(place: PlacedDeployment, now: datetime) -> Iterator[str]:
    for role, needed in read_times(SOAK.value_in(place.environment)).items():
        yield f"{WORDS[role]} {f'from {say_time(now + needed)}' if needed > timedelta() else 'at once'}"
