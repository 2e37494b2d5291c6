"""A version has been upstream for long enough before it takes a share here.

What it checks
    Before a version takes a share that it did not have, it was declared in each upstream environment for the
    time that `rules.soak` asks for: as a shadow, with up to 10 % of the live requests, or above. Times are
    those of the commits on the main branch. A way back to a version that answered here before is free.

Why
    Faults that need time show where they harm nobody: leaks, a nightly batch of odd requests, a slow drift.

Example
    # environments/production/environment.yaml
    upstream: [staging]
    rules:
      soak: {shadow: 0h, upTo10: 2h, above: 24h}
    # environments/production/deployments/wines.yaml, three hours after v5 came to staging
    variants:
      - {version: 5, traffic: 100}

Fix
    Wait until the time that is told, or begin with a share that is free now; what cannot wait is waived.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from reconciler.policy.changes import Pin, Role, list_changed, list_new, place_of
from reconciler.policy.context import Context
from reconciler.policy.engine import Need, Policy
from reconciler.policy.parameters import Parameter
from reconciler.policy.placed import PlacedDeployment
from reconciler.policy.served import WAY_OUT, is_return, list_upstream, say_length, say_time
from reconciler.policy.soak import WORDS, Soaked, find_soaked, measure_times, read_times
from reconciler.state.findings import Finding, Grade, Undecided
from reconciler.state.history import History


def check(context: Context) -> Iterator[Finding | Undecided]:
    if context.history is None or context.now is None:
        return
    for changed in list_changed(context):
        deployment = changed.after
        if deployment is None:
            continue
        times = read_times(POLICY.value_in(deployment.environment))
        for pin in list_new(changed):
            if times[pin.role] and not is_return(
                context, deployment.environment.name, pin, changed.pins_before
            ):
                yield from _judge(deployment, pin, times[pin.role], context.history, context.now)


def _judge(
    deployment: PlacedDeployment,
    pin: Pin,
    needed: timedelta,
    history: History,
    now: datetime,
) -> Iterator[Finding | Undecided]:
    soaked_here = (find_soaked(history, name, pin, now) for name in list_upstream(deployment))
    short = [soaked for soaked in soaked_here if soaked.length < needed]
    if not short:
        return
    if not history.complete:
        told = " and ".join(soaked.describe() for soaked in short)
        yield POLICY.undecided(
            f"{deployment.id}: {pin.name} {told} as far as the history at hand goes back, "
            f"and needs {say_length(needed)}, as {WAY_OUT}"
        )
        return
    for soaked in short:
        free = soaked.find_free(needed, now)
        when = f" (free from {say_time(free)})" if free is not None else ""
        yield POLICY.finding(
            place_of(deployment, pin),
            f"{deployment.id}: {pin.name} {soaked.describe()}; "
            f"{WORDS[pin.role]} it needs {say_length(needed)} there{when}.",
            _advise(deployment, pin, soaked, free, now),
            subject=deployment.id,
        )


def _advise(
    deployment: PlacedDeployment, pin: Pin, soaked: Soaked, free: datetime | None, now: datetime
) -> str:
    times = read_times(POLICY.value_in(deployment.environment))
    smaller = [
        f"{WORDS[role]} {'now' if moment == now else f'from {say_time(moment)}'}"
        for role in Role
        if Role.NONE < role < pin.role and (moment := soaked.find_free(times[role], now)) is not None
    ]
    wait = "Wait until then" if free is not None else f"Serve it in {soaked.environment} first"
    # What was never upstream is not let in as anything: another rule holds it back.
    before = f"; meanwhile it may serve {', '.join(smaller)}" if smaller and soaked.length else ""
    waive = f"modelsync waive soak {deployment.id} --reason … --until …"
    return f"{wait}{before}. What cannot wait is waived: {waive}"


POLICY = Policy(
    id="soak",
    documentation=__doc__,
    check=check,
    needs=(Need.BASE, Need.HISTORY, Need.TIME),
    grade=Grade.SOFT,
    parameter=Parameter(
        form="times such as {shadow: 0h, upTo10: 2h, above: 24h}", default={}, measure=measure_times
    ),
)
