"""What a person should know of a plan beside its changes: which of them waits for what. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.plan.wording import choose, join_words, name_variant
from reconciler.state.objects import ObjectKey
from reconciler.state.observations import Health, HealthWord
from reconciler.state.plans import Change, Op, Plan


def advise_changes(plan: Plan, health: tuple[Health, ...]) -> tuple[str, ...]:
    """Sentences about changes of deployments that are not ready now, as `health` saw them.

    The operator routes shares only when every variant is ready: weight 0 does nothing for one that is not,
    and taking it out does.
    """
    by_key = {item.key: item for item in health}
    return tuple(sentence for change in plan.select(Op.UPDATE) for sentence in _advise(plan, change, by_key))


def _advise(plan: Plan, change: Change, health: dict[ObjectKey, Health]) -> Iterator[str]:
    if change.key not in health:
        return
    unready = {
        item.predictor: item for item in health[change.key].variants if item.word is not HealthWord.CURRENT
    }
    name = f"{plan.target.environment}/{change.deployment}"
    gone = [name_variant(it) for it in change.variants if it.new is None and it.predictor in unready]
    kept = [it for it in change.variants if it.new is not None and it.predictor in unready]
    zeroed = [name_variant(it) for it in kept if it.new == 0 and it.old != 0]
    moves = any(it.old != it.new for it in change.variants)
    if gone:
        yield (
            f"{name}: {join_words(gone)} {choose(gone, 'is not ready and goes', 'are not ready and go')}"
            + ("." if kept else "; the shares of the others are routed as soon as the operator saw it.")
        )
    if zeroed:
        yield (
            f"{name}: {join_words(zeroed)} {choose(zeroed, 'is', 'are')} not ready, and traffic 0 changes "
            f"nothing of what is routed until {choose(zeroed, 'it is', 'they are')}. "
            f"To go back, take {choose(zeroed, 'it', 'them')} out of the file instead."
        )
    elif kept and moves:
        names = [name_variant(it) for it in kept]
        yield (
            f"{name}: {join_words(names)} {choose(names, 'is', 'are')} not ready now; "
            f"no share moves before {choose(names, 'it is', 'they are')}."
        )
