"""In a protected environment live Pods change only under a new name.

What it checks
    A variant that answers requests before and after a change keeps the settings that its Pods are made from,
    in environments with `protected: true`: image, files, resources, environment, scheduling. Numbers of Pods
    may change. With a new `rollout` number, or another `name` where it has one, the predictor has a new name,
    and with it Pods of its own.

Why
    New Pods under the old name take the place of those that work. If they do not become ready, nothing is
    left to go back to; and where template and traffic of one predictor change together, requests can reach
    Pods that were never looked at.

Example
    # environments/production/deployments/wines.yaml, where v5 served without these limits before
    variants:
      - {version: 5, traffic: 100, serving: {resources: {limits: {memory: 2Gi}}}}

Fix
    Count `rollout` up beside the version: `{version: 5, rollout: 2, traffic: 100}`. The Pods of v5-r2 come up
    beside the old ones, which serve until the new ones are ready. A variant with a `name`, as each graph has,
    gets another one.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.context import Context
from reconciler.policy.engine import Need, Policy
from reconciler.policy.pods import list_edits, list_kept, list_pairs, list_unread, say_unread
from reconciler.state.declarations import Variant
from reconciler.state.findings import Finding, Undecided
from reconciler.state.repository import EnvironmentEntry

_SHOWN = 3


def check(context: Context) -> Iterator[Finding | Undecided]:
    base = {} if context.base is None else context.base.environments
    for deployment, file in list_unread(context):
        environment = deployment.environment
        if _is_protected(environment) or _is_protected(base.get(environment.name)):
            yield POLICY.undecided(say_unread(file))
    for before, after in list_pairs(context):
        if not (_is_protected(before.environment) or _is_protected(after.environment)):
            continue
        for old, new in list_kept(before, after):
            edits = list_edits(before, old, after, new)
            if not edits:
                continue
            more = f" and {len(edits) - _SHOWN} more" if len(edits) > _SHOWN else ""
            expected, way = _find_way(new.variant)
            yield POLICY.finding(
                after.variant_at(new),
                f"{after.id}: the Pods of {new.name} would be replaced under the name {new.predictor} while "
                f"it answers requests: {', '.join(edits[:_SHOWN])}{more}; expected {expected}.",
                f"{way}: its Pods get names of their own, and the old ones serve until these are ready.",
                subject=after.id,
            )


def _find_way(variant: Variant) -> tuple[str, str]:
    """What would have been expected, and how to get there: one with a name takes no `rollout`."""
    if variant.name is not None:
        return "another name", "Give the variant another name"
    rollout = (variant.rollout or 1) + 1
    return f"rollout: {rollout}", f"Add rollout: {rollout} to it"


def _is_protected(entry: EnvironmentEntry | None) -> bool:
    declared = None if entry is None else entry.environment
    return declared is not None and declared.declaration.protected


POLICY = Policy(
    id="in-place-change",
    documentation=__doc__,
    check=check,
    needs=(Need.DECLARATIONS, Need.BASE),
)
