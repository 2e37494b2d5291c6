"""All variants of a deployment take the same inputs.

What it checks
    For each variant that is one model version, the inputs of its signature against those of the baseline,
    the first live variant: it must not need a column that the baseline does not have, nor another type of
    one (MLflow takes whole numbers for fractions, not fractions for whole numbers), nor other tensors.
    Columns that it leaves out are dropped, so they do no harm. Graphs are not compared. Where only one of
    two has a signature this rule is not decided.

Why
    Callers do not know which variant answers them: their requests are made for the baseline. What it takes
    and the challenger does not would come back as error 500 for the challenger's share of the traffic.

Example
    # v3 has eleven columns; v5 was trained with one more
    variants: [{version: 3, traffic: 90}, {version: 5, traffic: 10}]

Fix
    Compute the new column in the model itself, or make it optional in the signature; or deploy the version
    beside this one under a name of its own, for callers that send the column.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.context import Context, PlacedDeployment, PlacedVariant
from reconciler.policy.engine import Need, Policy
from reconciler.policy.signatures import Inputs, list_differences, read_inputs
from reconciler.policy.wording import join_words
from reconciler.state.declarations import Loader
from reconciler.state.findings import Finding, Grade, Undecided


def check(context: Context) -> Iterator[Finding | Undecided]:
    for deployment in context.served:
        baseline = next(iter(deployment.live), None)
        loader = None if baseline is None else _find_loader(baseline)
        if baseline is None or loader is None:
            continue
        for variant in deployment.variants:
            other = _find_loader(variant)
            if variant is not baseline and other is not None:
                yield from _compare(deployment, (baseline, loader), (variant, other))


def _compare(
    deployment: PlacedDeployment,
    baseline: tuple[PlacedVariant, Loader],
    other: tuple[PlacedVariant, Loader],
) -> Iterator[Finding | Undecided]:
    inputs: list[Inputs | None] = [read_inputs(loader) for _, loader in (baseline, other)]
    mine, theirs = inputs
    if mine is None or theirs is None:
        if mine is not theirs:
            bare = baseline[0] if mine is None else other[0]
            yield POLICY.undecided(
                f"{deployment.id}: {bare.name} has no signature to compare; log it with one"
            )
        return
    differences = list_differences(mine, theirs)
    if differences:
        yield POLICY.finding(
            deployment.variant_at(other[0], "version"),
            f"{deployment.id}: {other[0].name} {join_words(differences)}, unlike the baseline "
            f"{baseline[0].name}; callers would get errors from it.",
            f"Let {other[0].name} take what {baseline[0].name} takes, or serve it as another deployment.",
            subject=deployment.id,
        )


def _find_loader(variant: PlacedVariant) -> Loader | None:
    """What the record of a variant's only model says; None of a graph, and where nothing is recorded."""
    if variant.variant.graph is not None:
        return None
    (container,) = variant.containers
    if container.model is None or container.version is None:
        return None
    record = container.model.records.get(container.version)
    return record.declaration.loader if record is not None and record.declaration.loader.flavours else None


POLICY = Policy(
    id="inputs-compatible",
    documentation=__doc__,
    check=check,
    needs=(Need.DECLARATIONS, Need.RECORDS),
    grade=Grade.SOFT,
)
