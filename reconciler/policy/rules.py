"""All rules that `rules:` may name: the policies, and the guards over plans."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from reconciler.policy.grading import Rule
from reconciler.policy.parameters import Parameter, find_value
from reconciler.state.declarations import Environment
from reconciler.state.exceptions import Exceptions, Waiver
from reconciler.state.findings import Grade

_PERCENTAGE = re.compile(r"(100|[1-9]?[0-9])%")


def _measure_prune(value: Any) -> Mapping[str, float]:
    # A share of what there is and a number of objects cannot be compared: each only with its own kind.
    if isinstance(value, str) and _PERCENTAGE.fullmatch(value):
        return {"%": int(value.removesuffix("%"))}
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return {"": value}
    raise ValueError


_MAX_PRUNE = Parameter(
    form="a percentage such as 20%, or a whole number of objects from 0",
    default="20%",
    measure=_measure_prune,
)

GUARDS: tuple[Rule, ...] = (
    Rule(
        id="namespace-label",
        title="A namespace is labelled for the environment that is synced into it",
        grade=Grade.HARD,
        lowest=Grade.HARD,
    ),
    Rule(
        id="history-continues",
        title="A revision continues the one that was applied before",
        grade=Grade.SOFT,
        lowest=Grade.SOFT,
    ),
    Rule(
        id="empty-environment",
        title="An environment that served does not become empty without retire: true",
        grade=Grade.HARD,
        lowest=Grade.HARD,
    ),
    Rule(
        id="max-prune",
        title="A run prunes no more than the limit, and nothing that takes traffic",
        grade=Grade.SOFT,
        parameter=_MAX_PRUNE,
        lowest=Grade.SOFT,
    ),
    Rule(
        id="keep-a-running-variant",
        title="One of the running variants stays when others are replaced",
        grade=Grade.SOFT,
        lowest=Grade.SOFT,
    ),
    Rule(
        id="fits-quota",
        title="What starts fits into the namespace's quotas beside what serves",
        grade=Grade.SOFT,
        lowest=Grade.SOFT,
    ),
)
"""The guards as `rules:` and waivers name them. Plans are always judged by them: their grades only rise."""


@cache
def list_rules() -> Mapping[str, Rule]:
    """All policies, then all guards, by their id."""
    # Those of these policies that tell of unknown rules ask for this list themselves.
    from reconciler.policy.policies import POLICIES

    policies = {policy.id: policy.rule for policy in POLICIES}
    return {**policies, **{guard.id: guard for guard in GUARDS}}


def find_max_prune(declared: Environment) -> str | int | None:
    """What an environment says that a run may prune; None where it says nothing."""
    if declared.rules.get("max-prune").value is None:
        return None
    value: str | int = find_value("max-prune", _MAX_PRUNE, declared)
    return value


def list_heeded(declared: Environment, exceptions: Exceptions | None) -> tuple[Waiver, ...]:
    """The waivers that guards heed: none of those that the environment made hard."""
    hard = {guard.id for guard in GUARDS if declared.rules.get(guard.id).grade is Grade.HARD}
    return tuple(waiver for waiver in (exceptions or Exceptions()).waivers if waiver.rule not in hard)
