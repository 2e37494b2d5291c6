"""What a person should know of a plan beside its changes: which of them waits for what. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.plan.wording import choose, join_words, name_variant
from reconciler.state.objects import Manifest, ObjectKey
from reconciler.state.observations import Health, HealthWord
from reconciler.state.plans import Change, Op, Plan


def advise_changes(plan: Plan, health: tuple[Health, ...]) -> tuple[str, ...]:
    """Sentences about changes of deployments that are not ready now, as `health` saw them.

    The operator routes shares only when every variant is ready: weight 0 does nothing for one that is not,
    and taking it out does.
    """
    by_key = {item.key: item for item in health}
    return tuple(sentence for change in plan.select(Op.UPDATE) for sentence in _advise(plan, change, by_key))


def advise_entries(plan: Plan, manifests: tuple[Manifest, ...], *, ingress: str) -> tuple[str, ...]:
    """Sentences about variants that join others with a share at once, where `ingress` is Istio.

    Seldon's operator 1.16.0 writes the route before the subset that the route leads to, so that the gateway
    answers 503 to a joining variant's share until it has both: up to 0.3 s under load were seen. A share of
    zero loses nothing, nor does a DestinationRule that is there before (one of `manifests`, from extras/).
    """
    if ingress != "istio":
        return ()
    early = {item.deployment for item in manifests if item.key.kind.name == "DestinationRule"}
    return tuple(
        sentence
        for change in plan.select(Op.UPDATE)
        if change.deployment not in early
        for sentence in _advise_entry(plan, change)
    )


def _advise_entry(plan: Plan, change: Change) -> Iterator[str]:
    live = [it for it in change.variants if not it.shadow]
    joins = [name_variant(it) for it in live if it.old is None and it.new]
    if joins and any(it.old for it in live):
        yield (
            f"{plan.target.environment}/{change.deployment}: {join_words(joins)} "
            f"{choose(joins, 'joins with its share', 'join with their shares')} at once; Istio may "
            "answer 503 to that share for a moment, before it knows where it leads. To lose no request, "
            "join at traffic 0 and give the share in the next change."
        )


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
