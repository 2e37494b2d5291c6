"""What a model takes, by the signature in its record, and whether another one takes the same.

A signature's inputs are columns by name (`{name: alcohol, type: double, required: true}`) or tensors
(`{type: tensor, tensor-spec: {dtype: float64, shape: [-1, 11]}}`); MLflow's documentation, "Model
Signatures". Only what can be told for certain is called different.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.policy.wording import join_words
from reconciler.state.declarations import Loader

# MLflow enforces a signature by safe conversions alone: what it takes for each type of column.
_TAKES: Mapping[str, frozenset[str]] = {
    "long": frozenset({"integer"}),
    "float": frozenset({"integer"}),
    "double": frozenset({"integer", "float"}),
}

Inputs = tuple[Mapping[str, Any], ...]


def read_inputs(loader: Loader) -> Inputs | None:
    """The inputs of a signature; None where there is none, or it is not of a form that is known."""
    inputs = (loader.signature or {}).get("inputs")
    if not isinstance(inputs, (list, tuple)) or not all(isinstance(one, Mapping) for one in inputs):
        return None
    return tuple(inputs)


def list_differences(baseline: Inputs, other: Inputs) -> tuple[str, ...]:
    """Why calls that the baseline takes fail at the other one, as clauses about that; none if they do not.

    A column that the other one does not have is dropped by it, and one that is not required may be missing.
    """
    return tuple(_compare(baseline, other))


def _compare(baseline: Inputs, other: Inputs) -> Iterator[str]:
    mine, theirs = _by_name(baseline), _by_name(other)
    if mine is None or theirs is None:
        yield from _compare_tensors(baseline, other)
        return
    missing = [name for name, column in theirs.items() if name not in mine and _is_required(column)]
    if missing:
        noun = "column" if len(missing) == 1 else "columns"
        yield f"needs {noun} {_quote(missing)}"
    optional = [
        name
        for name, column in theirs.items()
        if name in mine and _is_required(column) and not _is_required(mine[name])
    ]
    if optional:
        yield f"always needs {_quote(optional)}"
    for name, column in theirs.items():
        if name in mine and not _takes(column, mine[name]):
            yield f'takes "{name}" as {_type(column)}, not as {_type(mine[name])}'


def _compare_tensors(baseline: Inputs, other: Inputs) -> Iterator[str]:
    mine, theirs = [_describe(one) for one in baseline], [_describe(one) for one in other]
    if mine != theirs:
        yield f"takes {join_words(theirs)}, not {join_words(mine)}"


def _by_name(inputs: Inputs) -> Mapping[str, Mapping[str, Any]] | None:
    named = {str(one["name"]): one for one in inputs if "name" in one}
    return named if len(named) == len(inputs) else None


def _takes(column: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    wanted, found = _type(column), _type(given)
    return wanted == found or found in _TAKES.get(wanted, frozenset())


def _is_required(column: Mapping[str, Any]) -> bool:
    # Signatures of before MLflow 2.3 do not say it; there all columns are required.
    return column.get("required", True) is not False and column.get("optional") is not True


def _type(column: Mapping[str, Any]) -> str:
    return (
        _describe(column).partition(" named ")[0] if column.get("type") == "tensor" else str(column["type"])
    )


def _describe(one: Mapping[str, Any]) -> str:
    spec = one.get("tensor-spec")
    name = f' named "{one["name"]}"' if "name" in one else ""
    if not isinstance(spec, Mapping):
        return f"{one.get('type')}{name}"
    return f"a tensor of {spec.get('dtype')} {list(spec.get('shape', ()))}{name}"


def _quote(names: list[str]) -> str:
    return join_words([f'"{name}"' for name in names])
