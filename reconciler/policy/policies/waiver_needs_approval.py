"""Waivers that come with a change are approved by an owner of the rules.

What it checks
    Compared with the base, the change adds no waiver to `exceptions.yaml`, makes none longer and adds no
    object to one, without an owner of the environment's rules to approve it: one of `owners` in its
    environment.yaml as the base has it. That is advice, and names who has to approve; where the base
    names no owner nobody can approve, and it is an error.

Why
    Whoever needs a waiver must not be the one who grants it. Owners who come with the same change could be
    anybody.

Example
    waivers:
      - rule: variant-order                 # comes with the change that reorders
        objects: [production/wines]
        reason: the list is sorted once
        until: 2026-11-30

Fix
    Have the change approved by one of the owners that are named, who is not its author. Where there are
    none, add `owners:` to environment.yaml in a change of its own, and run `modelsync codeowners --write`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reconciler.policy.context import Context
from reconciler.policy.engine import Judgement, Need, Policy
from reconciler.policy.exceptions import PlacedWaiver, list_waivers
from reconciler.policy.wording import join_words
from reconciler.state.exceptions import Waiver
from reconciler.state.findings import Approval, Finding, Grade
from reconciler.state.repository import Repository


def check(context: Context) -> Iterator[Finding]:
    for placed, name in _list_added(context):
        owners = _list_owners(context.base, placed.environment.name)
        if owners:
            yield POLICY.finding(
                placed.location,
                f"{_tell(placed, name)}; it needs the approval of {join_words(owners, 'or')}.",
                "One of them, who is not the author, approves the change.",
                subject=name,
            )
        else:
            found = POLICY.finding(
                placed.location,
                f"{_tell(placed, name)}, and nobody owns the rules of {placed.environment.name} there "
                "who could approve it.",
                "First merge owners: in environment.yaml, then modelsync codeowners --write.",
                subject=name,
            )
            yield replace(found, grade=Grade.HARD)


def review(context: Context, _: Judgement) -> Iterator[Approval]:
    for placed, name in _list_added(context):
        yield Approval(
            rule=placed.waiver.rule,
            subject=name,
            reason=f"{placed.environment.name}: the waiver of {placed.waiver.rule} for {name} until "
            f'{placed.waiver.until} (reason "{placed.waiver.reason}") comes with this change.',
            owners=_list_owners(context.base, placed.environment.name),
            location=placed.location,
        )


def _tell(placed: PlacedWaiver, name: str) -> str:
    here = placed.environment.name
    return f"{here}: the waiver of {placed.waiver.rule} for {name} comes with this change"


def _list_added(context: Context) -> Iterator[tuple[PlacedWaiver, str]]:
    """Each object that the base has no waiver for, or not for as long."""
    if context.base is None:
        return
    before = [placed.waiver for placed in list_waivers(context.base)]
    for placed in list_waivers(context.repository):
        for name in placed.waiver.objects:
            if not any(_covers(old, placed.waiver, name) for old in before):
                yield placed, name


def _covers(old: Waiver, new: Waiver, name: str) -> bool:
    if old.rule != new.rule or name not in old.objects:
        return False
    end, wanted = old.end, new.end
    return end is not None and (wanted is None or wanted <= end)


def _list_owners(base: Repository | None, environment: str) -> tuple[str, ...]:
    entry = base.environments.get(environment) if base is not None else None
    if entry is None or entry.environment is None:
        return ()
    return entry.environment.declaration.owners


POLICY = Policy(
    id="waiver-needs-approval",
    documentation=__doc__,
    check=check,
    needs=(Need.DECLARATIONS, Need.BASE),
    grade=Grade.ADVISORY,
    review=review,
)
