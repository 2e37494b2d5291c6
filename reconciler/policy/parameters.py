"""Parameters of rules: what `rules:` in environment.yaml may set of them, and which value is wider."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.state.declarations import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What `rules:` in environment.yaml may set of a rule besides its grade.

    `form` says what is expected ("percentage points from 0 to 100"). `default` holds where nothing is set;
    of a block, each key has its own. `measure` gives for every part of a value (of a plain one: the part
    "") how much it lets through, in any unit: more is wider. It raises ValueError, without words, for a
    value that does not have the form.
    """

    form: str
    default: Any
    measure: Callable[[Any], Mapping[str, float]]


def is_measurable(parameter: Parameter, value: Any) -> bool:
    """Whether a value has the form that the parameter asks for."""
    try:
        parameter.measure(value)
    except ValueError:
        return False
    return True


def find_wider(parameter: Parameter, value: Any) -> tuple[str, ...]:
    """The parts of a value that let more through than the rule's own; "" stands for a plain value."""
    if parameter.default in (None, {}):
        # Nothing is asked for where nothing is set: whatever is said is tighter.
        return ()
    own = parameter.measure(parameter.default)
    return tuple(part for part, size in parameter.measure(value).items() if part in own and size > own[part])


def find_value(rule: str, parameter: Parameter, declared: Environment | None) -> Any:
    """The parameter in an environment: what its `rules:` set, over the default.

    What does not have the parameter's form, or is wider where rules may only be tightened, counts for
    nothing: other rules tell of it.
    """
    if declared is None:
        return parameter.default
    said = declared.rules.get(rule).value
    if said is None or not is_measurable(parameter, said):
        return parameter.default
    if declared.protected and find_wider(parameter, said):
        return parameter.default
    return {**parameter.default, **said} if isinstance(parameter.default, Mapping) else said


def measure_count(value: Any) -> Mapping[str, float]:
    """The measure of a number of things, of which more is wider. Raises ValueError for anything else."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError
    return {"": value}
