"""The truths about traffic laid side by side: declared, applied, routed, served; what differs, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.plan.binomial import judge_share
from reconciler.plan.wording import choose, join_words, name_variant
from reconciler.state.observations import Health, HealthWord, VariantHealth
from reconciler.state.routes import DeploymentRoutes, RoutedShare, ServedDifference
from reconciler.state.shares import Share

# In each half of a window by itself, so that chance alone is named once in a million deployments.
_CHANCE = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficView:
    """What is known of one deployment's traffic; None stands for a side that is not there or not known.

    `id` is its name for people, `places` leads from a predictor to where it is declared (`file:line`).
    """

    id: str
    declared: tuple[Share, ...] | None
    applied: tuple[Share, ...] | None
    routed: DeploymentRoutes | None
    health: Health
    places: Mapping[str, str] = field(default_factory=dict)


def show_percent(percent: float) -> str:
    """`10 %`, `12.5 %`."""
    return f"{percent:.4g} %"


def describe_routed(routed: DeploymentRoutes, known: tuple[Share, ...]) -> str:
    """`v3 90 %, v5 10 %`, named as in `known` where that has the predictor; `nothing` without a route."""
    names = {share.predictor: name_variant(share) for share in known}
    said = (
        f"{names.get(share.predictor, share.predictor)} {show_percent(share.percent)}"
        + (" mirrored" if share.shadow else "")
        for share in routed.shares
    )
    return ", ".join(said) or "nothing"


def are_routed(applied: tuple[Share, ...], routed: DeploymentRoutes) -> bool:
    """Whether the ingress was told exactly the shares that are applied; a share of zero needs no route."""
    wanted = {(item.predictor, item.shadow): float(item.percent) for item in applied if item.percent}
    told = {(item.predictor, item.shadow): item.percent for item in routed.shares if item.percent}
    return wanted == told


def explain_traffic(view: TrafficView) -> tuple[str, ...]:
    """Sentences for a person: what is not routed as it is applied, since when, why, and what to do."""
    if view.applied is None or view.health.word is HealthWord.TERMINATING:
        return ()
    unready = {item.predictor: item for item in view.health.variants if item.word is not HealthWord.CURRENT}
    waiting = tuple(share for share in view.applied if share.predictor in unready)
    moved = view.routed is not None and not are_routed(view.applied, view.routed)
    said = list(_explain_waiting(view, view.routed, waiting, unready)) if moved and view.routed else []
    # Something that is ready must remain when the rest goes.
    if waiting and len(waiting) < len(view.applied):
        said += _advise_removal(view, waiting, unready, moved=moved)
    return tuple(said)


def _advise_removal(
    view: TrafficView,
    waiting: tuple[Share, ...],
    unready: Mapping[str, VariantHealth],
    *,
    moved: bool,
) -> Iterator[str]:
    failed = tuple(share for share in waiting if unready[share.predictor].word is HealthWord.FAILED)
    idle = tuple(share for share in waiting if not share.percent)
    if moved:
        sick = failed or waiting
        unready_text = choose(sick, "it is not", "they are not")
        yield (
            f"{view.id}: if {_name(sick)} must go, {_take_out(view, sick)} "
            f"(traffic 0 would change nothing while {unready_text} ready)."
        )
    elif idle:
        takes = choose(idle, "takes no share but is", "take no share but are")
        yield (
            f"{view.id}: {_name(idle)} {takes} not ready, and until {choose(idle, 'it is', 'they are')}, "
            f"no change of shares is routed; wait for {choose(idle, 'it', 'them')}, or "
            f"{_take_out(view, idle)}."
        )


def _name(shares: tuple[Share, ...]) -> str:
    return join_words([name_variant(share) for share in shares])


def _take_out(view: TrafficView, shares: tuple[Share, ...]) -> str:
    places = [view.places[share.predictor] for share in shares if share.predictor in view.places]
    return (
        f"take {choose(shares, 'it', 'them')} out of {join_words(places) or 'its deployment file'} and sync"
    )


def _explain_waiting(
    view: TrafficView,
    routed: DeploymentRoutes,
    waiting: tuple[Share, ...],
    unready: Mapping[str, VariantHealth],
) -> Iterator[str]:
    said = f"{view.id}: {_list_differences(view, routed)}"
    if waiting:
        since = _say_since([unready[share.predictor].since for share in waiting])
        yield (
            f"{said}: waiting for {_name(waiting)} to be ready{since}; "
            "the operator moves all shares at once, when all are ready."
        )
    elif view.health.word is HealthWord.CURRENT:
        yield f"{said}, though all are ready; the operator has not written the route. Is it running?"
    else:
        yield f"{said}: the operator moves all shares at once, when all are ready."


def _list_differences(view: TrafficView, routed: DeploymentRoutes) -> str:
    """`v3 declared 90, routed 100; v5 declared 10, routed 0`."""
    told = {(share.predictor, share.shadow): share.percent for share in routed.shares}
    applied = {(share.predictor, share.shadow): share for share in view.applied or ()}
    names = {key: name_variant(share) for key, share in applied.items()}
    side = "declared" if frozenset(view.declared or ()) == frozenset(view.applied or ()) else "applied"
    said = []
    for key in (*applied, *(key for key in told if key not in applied)):
        wanted, found = float(applied[key].percent) if key in applied else 0.0, told.get(key, 0.0)
        if wanted != found:
            said.append(f"{names.get(key, key[0])} {side} {wanted:.4g}, routed {found:.4g}")
    return "; ".join(said)


def _say_since(times: list[datetime | None]) -> str:
    known = [time for time in times if time is not None]
    return f" since {min(known):%Y-%m-%d %H:%M} UTC" if known else ""


def find_served_differences(
    routed: tuple[RoutedShare, ...], earlier: Mapping[str, int], later: Mapping[str, int]
) -> tuple[ServedDifference, ...]:
    """The predictors whose part of the answered requests is not the routed one, beyond sampling noise.

    `earlier` and `later` count requests by predictor in the two halves of a window in which the routes
    did not change. Both halves must differ in the same direction, since the Pods are not scraped at one
    moment: a burst of requests at the window's edge is seen of one and not yet of the other. Mirrored
    requests may be lost on the way by design, so of a shadow only its silence is told.
    """
    return tuple(_compare(routed, earlier, later))


def _compare(
    routed: tuple[RoutedShare, ...], earlier: Mapping[str, int], later: Mapping[str, int]
) -> Iterator[ServedDifference]:
    live = {share.predictor: share.percent for share in routed if not share.shadow}
    shadows = {share.predictor: share.percent for share in routed if share.shadow}
    strays = sorted((earlier.keys() | later.keys()) - live.keys() - shadows.keys())
    wanted = {**live, **dict.fromkeys(strays, 0.0)}
    halves = [{name: half.get(name, 0) for name in wanted} for half in (earlier, later)]
    totals = [sum(half.values()) for half in halves]
    chance = _CHANCE / max(1, len(wanted) + len(shadows))
    for name, percent in wanted.items():
        share = percent / 100
        sides = {
            half[name] > total * share if judge_share(half[name], total, share) < chance else None
            for half, total in zip(halves, totals, strict=True)
        }
        if sides in ({True}, {False}):
            yield ServedDifference(
                predictor=name,
                shadow=False,
                percent=percent,
                requests=sum(half[name] for half in halves),
                total=sum(totals),
            )
    for name, percent in shadows.items():
        silent = not earlier.get(name, 0) and not later.get(name, 0)
        if silent and all(judge_share(0, total, percent / 100) < chance for total in totals):
            yield ServedDifference(
                predictor=name, shadow=True, percent=percent, requests=0, total=sum(totals)
            )


def describe_difference(id: str, found: ServedDifference, known: Mapping[str, Share]) -> str:
    """A sentence about a predictor that serves what it is not routed."""
    share = known.get(found.predictor)
    name = name_variant(share) if share is not None else found.predictor
    if found.shadow:
        return (
            f"{id}: {name} received none of {found.total:,} requests, though {show_percent(found.percent)} "
            "are mirrored to it; does the gateway follow its routes?"
        )
    part = show_percent(100 * found.requests / found.total)
    return (
        f"{id}: {name} answered {part} of the requests ({found.requests:,} of {found.total:,}), routed "
        f"{show_percent(found.percent)}: that is beyond chance. Some requests go past the gateway, or it "
        "does not follow its routes."
    )
