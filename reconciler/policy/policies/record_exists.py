"""Each version that is used has a record.

What it checks
    For each version in a deployment, of a variant, a graph's node or an explainer, there is
    `models/<model>/versions/<version>.yaml`.

Why
    Name and version number do not say which model it is: a registered model that was made again starts at
    1, and artifacts can be overwritten in place. The record says which files were reviewed, and the
    program renders from records alone, so that a registry that is down stops nothing.

Example
    variants:
      - version: 7       # models/wines/versions/7.yaml is not there
        traffic: 100

Fix
    Pin the version: `modelsync pin wines 7` writes its record. Commit it in the same change.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.context import Context
from reconciler.policy.engine import Need, Policy
from reconciler.state.findings import Finding


def check(context: Context) -> Iterator[Finding]:
    for deployment in context.served:
        for use in deployment.model_uses():
            model, version = use.model, use.version
            if model is None or version is None:
                continue
            if version in model.records or version in model.faulty_records:
                continue
            yield POLICY.finding(
                use.version_at,
                f"{deployment.id}: {model.name} v{version} has no record "
                f"(models/{model.name}/versions/{version}.yaml); {_list_records(tuple(model.records))}.",
                f"Pin it: modelsync pin {model.name} {version}",
            )


def _list_records(versions: tuple[int, ...]) -> str:
    if not versions:
        return "no version of it is pinned"
    newest = sorted(versions, reverse=True)
    names = ", ".join(f"v{version}" for version in sorted(newest[:5]))
    more = f" and {len(newest) - 5} older" if len(newest) > 5 else ""
    return f"pinned are {names}{more}" if len(newest) > 1 else f"pinned is {names}"


POLICY = Policy(
    id="record-exists", documentation=__doc__, check=check, needs=(Need.DECLARATIONS, Need.RECORDS)
)
