"""An environment asks for no more than its budget.

What it checks
    Where an environment has `rules.budget-kept`, the sum of what its deployments request stays within it,
    in each cluster: of every container, orchestrator and explainer, times the most Pods that the variant
    may have (`replicas`, or `scaling.max`), shadows included. A limit stands for a request that is not
    given. What a roll-out needs for a while beside that is not counted.

Why
    A second variant or a shadow doubles what a deployment takes. That is found out by the Pods of somebody
    else's model, which stay Pending once the nodes are full.

Example
    # environments/production/environment.yaml, where the deployments request 46 cores
    rules: {budget-kept: {cpu: 40, memory: 80Gi}}

Fix
    Ask for less (`serving.resources`, `replicas`), end a shadow or variant that has done its work, or have
    the owners of the environment raise the budget.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from reconciler.policy.context import Context
from reconciler.policy.engine import Parameter, Policy
from reconciler.policy.spending import KINDS, Amounts, add_amounts, sum_deployment
from reconciler.state.findings import Finding, Grade
from reconciler.state.quantities import read_quantity, show_quantity

_MOST_NAMED = 3


def check(context: Context) -> Iterator[Finding]:
    for name, environment in context.environments():
        budget = POLICY.value_in(context.repository.environments[name])
        placed = [one for one in context.served if one.environment.name == name]
        if not budget or not placed:
            continue
        spent = {one.name: sum_deployment(one) for one in placed}
        total = add_amounts(spent.values())
        added = _find_added(context, name, total)
        for kind in KINDS:
            if kind not in budget or total[kind] <= read_quantity(budget[kind]):
                continue
            limit, over = read_quantity(budget[kind]), total[kind] - read_quantity(budget[kind])
            change = f" ({show_quantity(added[kind], kind)} more than before)" if added[kind] > 0 else ""
            yield POLICY.finding(
                environment.document.at("rules", POLICY.id, kind),
                f"{name}: its deployments request {show_quantity(total[kind], kind)} of {kind}{change}, "
                f"{show_quantity(over, kind)} more than its budget of {show_quantity(limit, kind)}; most "
                f"by {_name_largest(spent, kind)}.",
                "Ask for less, end a shadow or variant that has done its work, or raise the budget.",
                subject=name,
            )


def _find_added(context: Context, environment: str, total: Amounts) -> Amounts:
    """What this change adds; nothing where it is not known what was before."""
    if context.base is None:
        return {kind: Fraction(0) for kind in KINDS}
    before = (sum_deployment(one) for one in context.before if one.environment.name == environment)
    earlier = add_amounts(before)
    return {kind: total[kind] - earlier[kind] for kind in KINDS}


def _name_largest(spent: Mapping[str, Amounts], kind: str) -> str:
    order = sorted(spent, key=lambda name: (-spent[name][kind], name))
    said = [f"{name} ({show_quantity(spent[name][kind], kind)})" for name in order[:_MOST_NAMED]]
    return ", ".join(said)


def _measure(value: Any) -> Mapping[str, float]:
    if not isinstance(value, Mapping) or not value or not set(value) <= set(KINDS):
        raise ValueError
    if any(
        isinstance(amount, (bool, float)) or not isinstance(amount, (int, str)) for amount in value.values()
    ):
        raise ValueError
    # read_quantity raises ValueError too.
    return {kind: float(read_quantity(amount)) for kind, amount in value.items()}


POLICY = Policy(
    id="budget-kept",
    documentation=__doc__,
    check=check,
    grade=Grade.SOFT,
    parameter=Parameter(form="a block such as {cpu: 40, memory: 80Gi}", default={}, measure=_measure),
)
