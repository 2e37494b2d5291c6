"""What an experiment compares stays the same while it runs.

What it checks
    While an experiment of the base has not ended and goes on, its baseline serves the version that it served,
    no version becomes a challenger that was none, and `reward`, `attribution` and `minSamples` say what they
    said. Leaving a challenger out, saying what was left out, another end, and ending the experiment by taking
    its block away are free.

Why
    Rewards of two versions under one name are those of neither, rewards of two scales have no mean, and fewer
    samples than were agreed decide by chance: the experiment begins again without anybody having said so.

Example
    # where v5 was the challenger, until: 2026-12-15
    experiment:
      baseline: v3
      challengers: [v6]

Fix
    Wait for the end; or end the experiment in a change of its own, and declare the next one after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.policy.context import Context
from reconciler.policy.engine import Need, Policy
from reconciler.policy.experiments import Side, find_running, list_sides
from reconciler.policy.wording import join_words, show_value
from reconciler.state.declarations import Experiment
from reconciler.state.documents import Location
from reconciler.state.findings import Finding, Grade


def check(context: Context) -> Iterator[Finding]:
    after = {placed.id: placed for placed in context.served}
    for before, experiment in find_running(context):
        deployment = after.get(before.id)
        still = None if deployment is None else deployment.entry.declaration.experiment
        if deployment is None or still is None:
            continue
        was, now = list_sides(before, experiment), list_sides(deployment, still)
        for side in now:
            old = [other for other in was if other.role == side.role]
            if not any(other.is_same(side) for other in old):
                yield _tell_side(side, old, experiment.until)
        terms = _list_terms(still)
        for path, agreed in _list_terms(experiment).items():
            if agreed and terms[path] != agreed:
                yield POLICY.finding(
                    deployment.at("experiment", *path),
                    f"{deployment.id}: {'.'.join(path)} of an experiment that runs until {experiment.until} "
                    f"becomes {terms[path] or 'nothing'}; expected {agreed} till then.",
                    _ADVICE,
                )


def _tell_side(side: Side, old: list[Side], until: str) -> Finding:
    deployment = side.deployment.id
    same = next((other for other in old if _say(other) == _say(side)), None)
    if same is None:
        return POLICY.finding(
            _place(side, old),
            f"{deployment}: {_say(side)} becomes {side.role} of an experiment that runs until {until}; "
            f"expected {join_words([_say(other) for other in old], 'or')} till then.",
            _ADVICE,
        )
    now, was = _say_pins(side), _say_pins(same)
    if now == was:
        now, was = _say_pins(side, digests=True), _say_pins(same, digests=True)
    return POLICY.finding(
        _place(side, old),
        f"{deployment}: {side.role} {_say(side)} of an experiment that runs until {until} serves {now}; "
        f"expected {was} till then.",
        _ADVICE,
    )


def _say(side: Side) -> str:
    return side.said if side.placed is None else side.placed.name


def _say_pins(side: Side, *, digests: bool = False) -> str:
    """`v5`, or of a graph `wines v5 in blend/red`; with the beginning of what their artifacts digest to."""
    words = [
        pin.name
        + (f" in {pin.container.title}" if pin.container.node is not None else "")
        + (f" ({pin.digest[:_DIGEST]}…)" if digests else "")
        for pin in side.pins
    ]
    return join_words(words) or "nothing"


def _place(side: Side, old: list[Side]) -> Location:
    """The version, where a variant of the same name has another one; else where the experiment names it."""
    if side.placed is None or not any(other.said == side.said for other in old):
        return side.location
    if side.placed.variant.graph is not None:
        return side.deployment.variant_at(side.placed, "graph")
    return side.deployment.variant_at(side.placed, "version")


def _list_terms(experiment: Experiment) -> Mapping[tuple[str, ...], str]:
    """What decides an experiment, by its key; empty where it is not said."""
    bounds = experiment.reward.range
    return {
        ("reward", "name"): show_value(experiment.reward.name),
        ("reward", "range"): "" if bounds is None else f"[{bounds[0]:.15g}, {bounds[1]:.15g}]",
        ("attribution",): experiment.attribution or "",
        ("minSamples",): str(experiment.min_samples),
    }


_ADVICE = "Wait for its end, or end it in a change of its own and declare the next one after it."
_DIGEST = len("sha256:") + 12


POLICY = Policy(
    id="experiment-kept",
    documentation=__doc__,
    check=check,
    needs=(Need.DECLARATIONS, Need.BASE, Need.TIME),
    grade=Grade.SOFT,
)
