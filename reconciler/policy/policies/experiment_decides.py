"""An experiment is declared so that it can be decided.

What it checks
    Baseline and challengers of an `experiment` are live variants with a share, each named once and each of
    another version. The reward has a `range`, `attribution` says how a reward finds the variant that
    answered, and `until` is a day that there is.

Why
    An unbounded reward has no usable mean. Feedback that goes through the gateway is routed anew and meets
    any variant, so that both sides are credited with the same mixture. A shadow's answers reach nobody who
    could rate them, and what has no share gets no rewards.

Example
    experiment:
      baseline: v3
      challengers: [v5]
      reward: {name: rating}                # without its range
      attribution: predictor
      minSamples: 5000
      until: 2026-12-15

Fix
    Give the reward its bounds, such as `range: [0, 1]`. Say `attribution: predictor` where rewards are sent
    to the Service of the predictor that answered, or `ledger` where they are kept with the request's ID.
    Name live variants by their version or name.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.policy.experiments import Side, list_experiments, list_sides
from reconciler.policy.placed import PlacedDeployment
from reconciler.policy.wording import join_words, show_value
from reconciler.state.declarations import Experiment
from reconciler.state.findings import Finding
from reconciler.state.moments import find_end


def check(context: Context) -> Iterator[Finding]:
    for deployment, experiment in list_experiments(context.served):
        yield from _check_terms(deployment, experiment)
        seen: list[Side] = []
        for side in list_sides(deployment, experiment):
            yield from _check_side(side, seen)
            seen.append(side)


def _check_terms(deployment: PlacedDeployment, experiment: Experiment) -> Iterator[Finding]:
    if experiment.attribution is None:
        yield POLICY.finding(
            deployment.at("experiment"),
            f"{deployment.id}: the experiment says no attribution; expected predictor or ledger, as feedback "
            "through the gateway meets any variant.",
            "Add attribution: predictor where rewards are sent to the predictor that answered, or ledger "
            "where they are kept with the request's ID.",
        )
    bounds = experiment.reward.range
    if bounds is None or bounds[0] >= bounds[1]:
        said = "no range" if bounds is None else f"the range {bounds[0]:g} to {bounds[1]:g}"
        yield POLICY.finding(
            deployment.at("experiment", "reward", "range"),
            f"{deployment.id}: the reward {show_value(experiment.reward.name)} has {said}; expected its "
            "smallest value and a larger one, as an unbounded reward has no usable mean.",
            "Write the bounds that it can have, such as range: [0, 1].",
        )
    if find_end(experiment.until) is None:
        yield POLICY.finding(
            deployment.at("experiment", "until"),
            f"{deployment.id}: the experiment ends {experiment.until}, which is no date; expected one that "
            "there is.",
            "Write a UTC date or time: 2026-11-30 (its end) or 2026-11-30T12:00Z.",
        )


def _check_side(side: Side, seen: list[Side]) -> Iterator[Finding]:
    deployment, placed = side.deployment, side.placed
    what = f"{deployment.id}: the experiment's {side.role}"
    if placed is None:
        shadow = any(side.said in (one.name, one.predictor) for one in deployment.shadows)
        lives = join_words([one.name for one in deployment.live], "or") or "one that takes requests"
        yield POLICY.finding(
            side.location,
            f"{what} {show_value(side.said)} is {'a shadow' if shadow else 'no live variant'}; "
            f"expected {lives}.",
            "Name a variant that takes live requests, or take this one out of the experiment.",
        )
        return
    twin = next((other for other in seen if other.placed is not None and other.is_same(side)), None)
    if twin is not None:
        same = "" if twin.placed is placed else f"the same version as {twin.said}, which is "
        role = "the baseline" if twin.role == "baseline" else "a challenger"
        yield POLICY.finding(
            side.location,
            f"{what} {side.said} is {same}{role} already; expected another version.",
            "Leave it out, or name the variant that was meant.",
        )
    elif not placed.variant.traffic:
        yield POLICY.finding(
            deployment.variant_at(placed, "traffic"),
            f"{what} {side.said} has traffic {placed.variant.traffic}; expected a share above 0, or it gets "
            "no rewards.",
            "Give it a share, or take it out of the experiment.",
        )


POLICY = Policy(id="experiment-decides", documentation=__doc__, check=check)
