"""Experiments that are over are decided and taken out.

What it checks
    No `experiment` has ended. Whether one gets enough rewards to be decided by then is no question of this
    rule: no file tells it, and `modelsync status DEPLOYMENT` shows the requests that its variants get.

Why
    What goes on after its end costs Pods and keeps part of the requests from the better version, and nobody
    looks at it any more.

Example
    experiment:
      baseline: v3
      challengers: [v5]
      reward: {name: rating, range: [0, 1]}
      attribution: predictor
      minSamples: 5000
      until: 2026-11-20                     # and today is 2026-11-23

Fix
    Give the better version the requests and take the block out, or write a later end, reviewed like the first
    one.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.context import Context
from reconciler.policy.engine import Need, Policy
from reconciler.policy.experiments import list_experiments
from reconciler.policy.wording import show_value
from reconciler.state.findings import Finding, Grade
from reconciler.state.moments import find_end


def check(context: Context) -> Iterator[Finding]:
    for deployment, experiment in list_experiments(context.served):
        end = find_end(experiment.until)
        if end is not None and context.now is not None and end <= context.now:
            yield POLICY.finding(
                deployment.at("experiment", "until"),
                f"{deployment.id}: the experiment with reward {show_value(experiment.reward.name)} ended "
                f"{experiment.until}; expected an end that is to come.",
                "Give the better version the requests and remove the block, or write a later end.",
            )


POLICY = Policy(
    id="experiment-current",
    documentation=__doc__,
    check=check,
    needs=(Need.DECLARATIONS, Need.TIME),
    grade=Grade.ADVISORY,
)
