"""Guards: rules over a plan. A refusal means that nothing of the target is changed at all, or, where it is
about single deployments, that these are left as they are while the others go on.

Each guard says how to allow what it refuses: by `retire: true` in the declaration, or by a waiver in
`exceptions.yaml` that names the rule, the objects, a reason and an end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from reconciler.plan.capacity import find_additions, find_shortages
from reconciler.plan.describe import sort_changes
from reconciler.plan.freezes import is_restored
from reconciler.plan.judging import WAIVABLE_GUARDS as WAIVABLE_GUARDS
from reconciler.plan.judging import Ancestry as Ancestry
from reconciler.plan.judging import GuardInput as GuardInput
from reconciler.plan.judging import is_waived, list_removals, name_deployment
from reconciler.plan.pruning import check_prune
from reconciler.plan.replacement import keeps_one, restores
from reconciler.plan.shares import read_live_shares
from reconciler.plan.waivers import write_waiver
from reconciler.plan.wording import count, join_words
from reconciler.state.objects import ENVIRONMENT_LABEL
from reconciler.state.plans import Cause, Op, Plan, Refusal
from reconciler.state.shares import Share


def judge(given: GuardInput) -> tuple[Refusal, ...]:
    """The refusals of all guards, waived ones left out."""
    refusals: list[Refusal] = []
    for guard in GUARDS.values():
        found = [refusal for refusal in guard(given) if not _is_waived(refusal, given)]
        refusals += (_tell_ended(refusal, given) for refusal in found)
        # What one guard holds back needs no room and no answer any more.
        given = replace(given, plan=hold_refused(given.plan, tuple(found)))
    return tuple(refusals)


def hold_refused(plan: Plan, refusals: tuple[Refusal, ...]) -> Plan:
    """The plan without the changes of deployments that partial refusals name: those are skipped."""
    rules = {name: refusal.rule for refusal in refusals if refusal.partial for name in refusal.objects}
    if not rules:
        return plan
    changes = [
        replace(change, op=Op.SKIP, reason=f"refused by {rules[name_deployment(plan, change)]}")
        if change.op is not Op.SKIP and name_deployment(plan, change) in rules
        else change
        for change in plan.changes
    ]
    return replace(plan, changes=sort_changes(changes))


def _check_namespace(given: GuardInput) -> Iterator[Refusal]:
    target = given.plan.target
    if given.namespace is None:
        return
    found = given.namespace.labels.get(ENVIRONMENT_LABEL)
    if found == target.environment:
        return
    says = (
        f"carries {ENVIRONMENT_LABEL}={found}" if found else f"does not carry the label {ENVIRONMENT_LABEL}"
    )
    yield Refusal(
        rule="namespace-label",
        message=(
            f"namespace {target.namespace} {says}; "
            f"{target} may only be synced into a namespace labelled for it."
        ),
        advice=(
            "The usual cause is the wrong cluster or context. "
            "If it is the right one, its owner labels it once: "
            f"kubectl label namespace {target.namespace} {ENVIRONMENT_LABEL}={target.environment}"
        ),
        objects=(target.environment,),
    )


def _check_ancestry(given: GuardInput) -> Iterator[Refusal]:
    target = given.plan.target
    accept = write_waiver(target.environment, "history-continues", (target.environment,), given.now)
    if given.ancestry is Ancestry.REWRITTEN:
        yield Refusal(
            rule="history-continues",
            message=(
                f"{given.plan.revision} does not continue {given.applied}, "
                f"which {target} was last synced to; the history was rewritten or another branch was given."
            ),
            advice=(
                "Push the history that contains the applied commit, "
                "or accept the new one by a reviewed waiver:\n" + accept
            ),
            objects=(target.environment,),
        )
    elif given.ancestry is Ancestry.UNKNOWN:
        yield Refusal(
            rule="history-continues",
            message=(
                f"the history at hand is cut short, so whether {given.plan.revision} "
                f"continues {given.applied}, which {target} was last synced to, cannot be told."
            ),
            advice="Give the whole history (git fetch --unshallow), or accept by a reviewed waiver:\n"
            + accept,
            objects=(target.environment,),
        )


def _check_emptiness(given: GuardInput) -> Iterator[Refusal]:
    removals = list_removals(given.plan)
    if given.declared or not removals or given.plan.faults:
        return
    target = given.plan.target
    folder = f"environments/{target.environment}"
    yield Refusal(
        rule="empty-environment",
        message=(
            f"{target} declares no deployment any more, "
            f"but {count(len(removals), 'object')} of it would be deleted."
        ),
        advice=(
            f"The usual cause is a moved folder or a broken checkout of {folder}/deployments. "
            f"To end the environment, say retire: true in {folder}/environment.yaml; "
            "to end single deployments, say it in their files."
        ),
        objects=tuple(name_deployment(given.plan, change) for change in removals),
    )


def _check_replacement(given: GuardInput) -> Iterator[Refusal]:
    for change in given.plan.select(Op.UPDATE):
        # A healed object returns to what git already declared and review already saw.
        if change.live is None or change.manifest is None or change.cause is not Cause.REVISION:
            continue
        running = read_live_shares(change.live.body)
        wanted = read_live_shares(change.manifest.body)
        if not running or keeps_one(change.live.body, running, change.manifest.body, wanted):
            continue
        if restores(given.good, change, wanted) or is_restored(change, given.good):
            continue
        name = name_deployment(given.plan, change)
        keep = max(running, key=lambda share: share.percent)
        yield Refusal(
            rule="keep-a-running-variant",
            message=(
                f"{name}: none of the running variants ({_share_text(running)}) remains beside "
                f"{_share_text(wanted) or 'nothing'}; a bad model would take all requests at once."
            ),
            advice=(
                f"Keep {keep.version} with a share for one more change and move the traffic in steps, "
                "or waive it:\n"
                + write_waiver(given.plan.target.environment, "keep-a-running-variant", (name,), given.now)
            ),
            objects=(name,),
            partial=True,
        )


def _check_capacity(given: GuardInput) -> Iterator[Refusal]:
    if not given.quotas:
        return
    environment = given.plan.target.environment
    additions = [
        addition
        for addition in find_additions(given.plan, given.workloads)
        if not is_waived(given, "fits-quota", f"{environment}/{addition.deployment}")
    ]
    shortages = find_shortages(additions, given.quotas)
    if not shortages:
        return
    names = tuple(f"{environment}/{addition.deployment}" for addition in additions)
    pods = sum(int(addition.amounts["pods"]) for addition in additions)
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    first = (
        f"{join_words(names[:5])}{more} would start {count(pods, 'Pod')} beside those that serve now, "
        f"and namespace {given.plan.target.namespace} has no room for both:"
    )
    lines = [first, *(f"  {shortage}" for shortage in shortages)]
    yield Refusal(
        rule="fits-quota",
        message="\n".join(lines),
        advice=(
            "Lower replicas or requests, take something away in a change of its own first, or ask the "
            "namespace's owner for more. Where Pods may wait for room, waive it:\n"
            + write_waiver(environment, "fits-quota", names, given.now)
        ),
        objects=names,
        partial=True,
    )


GUARDS: Mapping[str, Callable[[GuardInput], Iterable[Refusal]]] = {
    "namespace-label": _check_namespace,
    "history-continues": _check_ancestry,
    "empty-environment": _check_emptiness,
    "max-prune": check_prune,
    "keep-a-running-variant": _check_replacement,
    "fits-quota": _check_capacity,
}


def _is_waived(refusal: Refusal, given: GuardInput) -> bool:
    return bool(refusal.objects) and all(is_waived(given, refusal.rule, name) for name in refusal.objects)


def _tell_ended(refusal: Refusal, given: GuardInput) -> Refusal:
    """The refusal with a word on waivers that would have allowed it if they had not ended."""
    ended = sorted(
        {
            waiver.until
            for waiver in given.waivers
            if waiver.rule == refusal.rule
            and not waiver.holds(given.now)
            and not set(refusal.objects).isdisjoint(waiver.objects)
        }
    )
    if not ended:
        return refusal
    said = (
        f"The waiver of {refusal.rule} that named it ended {join_words(ended)} and allows nothing any more."
    )
    return replace(refusal, advice=f"{refusal.advice}\n{said}")


def _share_text(shares: tuple[Share, ...]) -> str:
    return ", ".join(f"{share.version} {share.percent} %" for share in shares)
