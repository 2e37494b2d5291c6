"""A run of a target in one line each, for its history and while it goes. Pure."""

from __future__ import annotations

from reconciler.clients.cluster.interface import ClusterError
from reconciler.plan.wording import count, describe_shares, name_change
from reconciler.state.inventory import ObjectResult
from reconciler.state.plans import Action, Op, Plan


def summarise(plan: Plan, results: tuple[ObjectResult, ...], stopped: ClusterError | None) -> str:
    """What the history says of the run, in one line."""
    if stopped is not None:
        return f"stopped early: {stopped}"
    if plan.refused:
        return f"refused by {', '.join(refusal.rule for refusal in plan.refusals)}"
    said = [
        f"{name_change('', change)}: {describe_shares(change.variants) or change.op.value}"
        for change in plan.select(Op.CREATE, Op.UPDATE, Op.DELETE)
    ]
    bad = [result for result in results if result.action in (Action.SKIPPED, Action.FAILED)]
    said += [f"{result.key} {result.action.value}: {result.message}" for result in bad]
    said += [f"{fault.deployment} faulty" for fault in plan.faults]
    if len(said) > 5:
        return f"{'; '.join(said[:5])}; {count(len(said) - 5, 'more', 'more')}"
    return "; ".join(said) or "nothing to do"


def describe_result(plan: Plan, result: ObjectResult) -> str:
    """What became of one object, for whoever watches the run."""
    return f"  {plan.target}: {result.key} {result.action.value} {result.message}".rstrip()
