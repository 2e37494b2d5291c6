"""What loosens an environment's rules is seen, and approved by their owners.

What it checks
    Compared with the base, environment.yaml does not take `protected: true` away, give a rule a lower grade
    or a parameter that lets more through, leave out an `upstream` that versions had to come through, allow
    more under `allow`, or name other `owners`. It is advice and says whose approval the change needs: that of
    the owners whom the base names. A protected environment whose base names none is not loosened at all.

Why
    Such a change is a line among others in a pull request, and everything that comes after it is judged by
    less.

Example
    rules:
      max-prune: 50%              # and the base has 20%

Fix
    Take it back; or have it approved by one of the owners that are named, who is not the author. Where there
    are none, name them first, in a change of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler.policy.context import Context
from reconciler.policy.engine import Judgement, Need, Policy
from reconciler.policy.grading import Rule, find_grade, is_lower
from reconciler.policy.parameters import Parameter, find_value
from reconciler.policy.rules import list_rules
from reconciler.policy.wording import join_words, show_value
from reconciler.state.declarations import Allow, Environment
from reconciler.state.documents import Location
from reconciler.state.findings import Approval, Finding, Grade
from reconciler.state.repository import Entry, EnvironmentEntry


def check(context: Context) -> Iterator[Finding]:
    for before, entry, location, said in context.once(_find_loosened):
        declared = before.environment.declaration if before.environment is not None else None
        owners = declared.owners if declared is not None else ()
        found = POLICY.finding(
            location,
            f"{before.name}: {said}.",
            f"One of {join_words(owners, 'or')}, who is not the author, approves the change."
            if owners
            else f"Nobody owns the rules of {before.name} in the base: first merge owners: in "
            f"{entry.document.file}.",
            subject=before.name,
        )
        # Where nobody can approve it, advice would hold nobody back.
        is_open = declared is not None and declared.protected and not owners
        yield replace(found, grade=Grade.HARD) if is_open else found


def review(context: Context, _: Judgement) -> Iterator[Approval]:
    for before, _entry, location, said in context.once(_find_loosened):
        yield Approval(
            rule=POLICY.id,
            subject=before.name,
            reason=f"{before.name}: {said}.",
            owners=before.environment.declaration.owners if before.environment is not None else (),
            location=location,
        )


_Loosened = tuple[EnvironmentEntry, Entry[Environment], Location, str]
"""What is looser than in the base: the environment as the base has it, its file now, where, and what."""


def _find_loosened(context: Context) -> tuple[_Loosened, ...]:
    return tuple(_list_loosened(context))


def _list_loosened(context: Context) -> Iterator[_Loosened]:
    for name, entry in context.environments():
        before = context.base.environments.get(name) if context.base is not None else None
        if before is None or before.environment is None:
            continue
        old, now = before.environment.declaration, entry.declaration
        if old is now:
            # The same bytes on both sides (see load): most environments of most changes.
            continue
        if old.protected and not now.protected:
            yield before, entry, entry.document.at("protected"), "it is not protected any more"
        if set(old.owners) != set(now.owners) and old.owners:
            said = (
                f"its owners become {join_words(now.owners) or 'nobody'}; they were {join_words(old.owners)}"
            )
            yield before, entry, entry.document.at("owners"), said
        if gone := [one for one in old.upstream if one not in now.upstream]:
            said = f"versions need not come through {join_words(gone)} any more (upstream)"
            yield before, entry, entry.document.at("upstream"), said
        for field, said in _list_allowed(old.allow, now.allow):
            yield before, entry, entry.document.at("allow", field), said
        after = context.repository.environments[name]
        for rule in list_rules().values():
            for said in _compare(rule, before, after):
                yield before, entry, entry.document.at("rules", rule.id), said


def _list_allowed(old: Allow, now: Allow) -> Iterator[tuple[str, str]]:
    """Each field of `allow` that lets more through, and what."""
    for field in Allow.model_fields:
        was, will = getattr(old, field), getattr(now, field)
        name = field.replace("_", "-")
        if will is None:
            # Anything, as only places of models can be.
            if was is not None:
                yield name, f"allow.{name} becomes anything; it was {join_words([str(one) for one in was])}"
        elif was is not None and (more := [str(one) for one in will if one not in was]):
            had = join_words([str(one) for one in was]) or "nothing"
            yield name, f"allow.{name} lets {join_words(more)} through, too; it was {had}"


def _compare(rule: Rule, before: EnvironmentEntry, after: EnvironmentEntry) -> Iterator[str]:
    old, new = find_grade(rule, before), find_grade(rule, after)
    if is_lower(new, old):
        yield f"the grade of {rule.id} becomes {new.value}; it was {old.value}"
    if rule.parameter is None:
        return
    was, will = (_find_value(rule, rule.parameter, each) for each in (before, after))
    sizes, new_sizes = _measure(rule.parameter, was), _measure(rule.parameter, will)
    if any(part not in new_sizes or new_sizes[part] > size for part, size in sizes.items()):
        shown = "nothing" if will in (None, {}) else show_value(will)
        yield f"{rule.id} becomes {shown}, which lets more through than {show_value(was)}"


def _find_value(rule: Rule, parameter: Parameter, entry: EnvironmentEntry) -> Any:
    declared = entry.environment.declaration if entry.environment is not None else None
    return find_value(rule.id, parameter, declared)


def _measure(parameter: Parameter, value: Any) -> Mapping[str, float]:
    return {} if value in (None, {}) else parameter.measure(value)


POLICY = Policy(
    id="rules-loosened",
    documentation=__doc__,
    check=check,
    needs=(Need.DECLARATIONS, Need.BASE),
    grade=Grade.ADVISORY,
    review=review,
)
