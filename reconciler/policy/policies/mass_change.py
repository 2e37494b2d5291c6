"""One change touches few of the deployments of an environment.

What it checks
    The deployments of an environment that a change removes, or whose versions, shares or Pods it changes, are
    no more than `mass-change` allows (10 where nothing is said). What is new does not count.

Why
    A moved folder, a wrong search and replace or a slip in a shared file look like one small change, and
    reach everything at once.

Example
    # environments/production/environment.yaml
    rules:
      mass-change: 3
    # and a change removes 12 of the 14 files in environments/production/deployments

Fix
    Split the change. If it is meant as it is, waive it for the environment.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.changes import list_changed
from reconciler.policy.context import Context
from reconciler.policy.engine import Need, Policy
from reconciler.policy.parameters import Parameter, measure_count
from reconciler.policy.pods import list_edits, list_kept, list_pairs, list_unread, say_unread
from reconciler.state.documents import Location
from reconciler.state.findings import Finding, Grade, Undecided
from reconciler.state.repository import EnvironmentEntry

_LIMIT = 10


def check(context: Context) -> Iterator[Finding | Undecided]:
    removed: dict[str, set[str]] = {}
    touched: dict[str, set[str]] = {}
    for changed in list_changed(context):
        if changed.before is not None:
            found = removed if changed.after is None else touched
            found.setdefault(changed.before.environment.name, set()).add(changed.before.name)
    for before, after in list_pairs(context):
        if any(list_edits(before, old, after, new) for old, new in list_kept(before, after)):
            touched.setdefault(after.environment.name, set()).add(after.name)
    unread: dict[str, dict[str, str]] = {}
    for deployment, file in list_unread(context):
        if deployment.name not in touched.get(deployment.environment.name, ()):
            unread.setdefault(deployment.environment.name, {})[deployment.name] = file
    for name in sorted({*removed, *touched, *unread}):
        entry = context.repository.environments.get(name)
        gone, edited = len(removed.get(name, ())), len(touched.get(name, ()))
        limit = _LIMIT if entry is None else POLICY.value_in(entry)
        unknown = unread.get(name, {})
        if gone + edited <= limit < gone + edited + len(unknown):
            yield from (POLICY.undecided(say_unread(file)) for file in unknown.values())
        if gone + edited > limit:
            total = sum(1 for placed in context.before if placed.environment.name == name)
            yield POLICY.finding(
                _place(name, entry),
                f"{name}: this change {_describe(gone, edited)} of {total} deployments; "
                f"at most {limit} per change (rule mass-change).",
                f"Split it. If it is meant: modelsync waive mass-change {name} --reason … --until …",
                subject=name,
            )


def _describe(gone: int, edited: int) -> str:
    parts = [f"removes {gone}"] if gone else []
    parts += [f"changes {edited}"] if edited else []
    return " and ".join(parts)


def _place(name: str, entry: EnvironmentEntry | None) -> Location:
    file = f"environments/{name}/environment.yaml"
    if entry is None or entry.environment is None:
        return Location(file=file)
    return entry.environment.document.at("rules", "mass-change")


POLICY = Policy(
    id="mass-change",
    documentation=__doc__,
    check=check,
    needs=(Need.DECLARATIONS, Need.BASE),
    grade=Grade.SOFT,
    parameter=Parameter(form="a number of deployments", default=_LIMIT, measure=measure_count),
)
