"""What freezes and steps never stop: the way back to a set that served here, and taking variants out."""

from __future__ import annotations

from collections import Counter

from reconciler.policy.changes import Pin, list_live, list_pins
from reconciler.policy.placed import PlacedDeployment, PlacedVariant
from reconciler.policy.pods import list_edits
from reconciler.state.history import History, ServedSpan, list_sets


def restores(history: History | None, deployment: PlacedDeployment) -> bool:
    """Whether the deployment declares exactly the versions and shares that it had at some time before."""
    if history is None:
        return False
    wanted = [(pin, pin.share, False) for pin in list_live(list_pins(deployment))]
    wanted += [
        (pin, pin.variant.variant.shadow or 0, True)
        for pin in list_pins(deployment)
        if pin.variant.variant.shadow is not None
    ]
    spans = history.list_spans(deployment.environment.name, deployment.name)
    pinned = [span for span in spans if span.version is not None and span.share > 0]
    return any(_is_set(wanted, served) for _, served in list_sets(pinned))


def brings_back(history: History | None, before: PlacedDeployment, after: PlacedDeployment) -> bool:
    """Whether a change goes back to an earlier set from another one; to stay as it is restores nothing."""
    return _list_set(before) != _list_set(after) and restores(history, after)


def all_served(history: History | None, deployment: PlacedDeployment) -> bool:
    """Whether each live version answered requests of this environment before."""
    if history is None:
        return False
    lives = list_live(list_pins(deployment))
    return bool(lives) and all(
        any(
            not span.shadow
            for span in history.find_version(deployment.environment.name, pin.model, pin.version, pin.digest)
        )
        for pin in lives
    )


def only_withdraws(before: PlacedDeployment, after: PlacedDeployment) -> bool:
    """Whether variants go (the baseline, too) or challengers and shadows are lowered, and nothing else.

    Those that stay keep their order, which says who is the baseline. What is taken goes to the baseline (the
    first live one), or to those that stay, but then no more than what the removed ones had: what sync holds
    to be a withdrawal, too.
    """
    return withdraws_shares(before, after) and _is_same_but_for_shares(before, after)


def withdraws_shares(before: PlacedDeployment, after: PlacedDeployment) -> bool:
    """The same by variants, versions, roles and shares alone, whatever else differs."""
    old = {placed.predictor: placed for placed in before.variants}
    stay = [placed.predictor for placed in after.variants]
    if stay != [predictor for predictor in old if predictor in stay]:
        return False
    # One predictor can be a shadow before and live after: a variant with a name keeps it in both roles.
    if any(_is_shadow(placed) is not _is_shadow(old[placed.predictor]) for placed in after.variants):
        return False
    if not _list_versions(after) <= _list_versions(before):
        return False
    rises = {placed.predictor: _share(placed) - _share(old[placed.predictor]) for placed in after.variants}
    if any(rises[placed.predictor] > 0 for placed in after.shadows):
        return False
    freed = sum(_share(placed) for placed in before.live if placed.predictor not in rises)
    baseline = _find_baseline(after)
    if baseline == _find_baseline(before):
        rises.pop(baseline, None)
    return sum(rise for rise in rises.values() if rise > 0) <= freed


def _is_same_but_for_shares(before: PlacedDeployment, after: PlacedDeployment) -> bool:
    """Whether what stays is served as it was, the number of Pods included.

    An experiment is served by nothing, and names the challenger that goes.
    """
    beside = {"variants": (), "experiment": None}
    was, now = (side.entry.declaration.model_copy(update=beside) for side in (before, after))
    old = {placed.predictor: placed for placed in before.variants}
    return was == now and all(
        old[placed.predictor].serving.serving == placed.serving.serving
        and not list_edits(before, old[placed.predictor], after, placed)
        for placed in after.variants
    )


def _list_set(deployment: PlacedDeployment) -> Counter[tuple[str, int, str, bool, int]]:
    """What it serves as the history knows it: versions by model, their records, roles and shares."""
    return Counter(
        (pin.model, pin.version, pin.digest, _is_shadow(pin.variant), _share(pin.variant))
        for pin in list_pins(deployment)
    )


def _is_set(wanted: list[tuple[Pin, int, bool]], spans: tuple[ServedSpan, ...]) -> bool:
    left = list(spans)
    for pin, share, shadow in wanted:
        found = [span for span in left if span.share == share and span.shadow is shadow and pin.was(span)]
        if not found:
            return False
        left.remove(found[0])
    return not left and bool(wanted)


def _find_baseline(deployment: PlacedDeployment) -> str:
    return next((placed.predictor for placed in deployment.live), "")


def _list_versions(deployment: PlacedDeployment) -> frozenset[tuple[object, ...]]:
    pins = list_pins(deployment)
    return frozenset(
        (pin.variant.predictor, pin.container.name, pin.model, pin.version, pin.digest) for pin in pins
    )


def _is_shadow(placed: PlacedVariant) -> bool:
    return placed.variant.shadow is not None


def _share(placed: PlacedVariant) -> int:
    return (placed.variant.traffic if placed.variant.shadow is None else placed.variant.shadow) or 0
