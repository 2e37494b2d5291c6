"""Tensors of both protocols, under one hood: named, with nested lists of values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scripts.local_cluster.executor.components.serving import Refused

Change = Callable[[Any], Any]
"""What is done with each value."""


def is_v2(body: Any) -> bool:
    """Whether a request is one of protocol v2, rather than a SeldonMessage."""
    return isinstance(body, dict) and ("inputs" in body or "outputs" in body)


def v2_tensors(body: Any) -> list[dict[str, Any]]:
    """The tensors of a request, or of an answer. Raises Refused when they are no objects with names."""
    tensors = body["inputs"] if "inputs" in body else body["outputs"]
    if not isinstance(tensors, list) or not all(
        isinstance(each, dict) and "name" in each for each in tensors
    ):
        raise Refused("expected a list of tensors with names")
    return tensors


def first_tensor(body: Any) -> dict[str, Any]:
    """The first one. Raises Refused when there is none."""
    tensors = v2_tensors(body)
    if not tensors:
        raise Refused("no inputs")
    return tensors[0]


def change_values(body: Any, change: Change, names: Mapping[str, str]) -> Any:
    """The answer with the request's tensors, all values changed, and some renamed. Raises Refused."""
    if is_v2(body):
        tensors = [_change_tensor(each, change, names) for each in v2_tensors(body)]
        kept = {key: body[key] for key in ("id", "model_name", "parameters") if key in body}
        return {**kept, "outputs": tensors}
    data = _seldon_data(body)
    changed = dict(data)
    if "ndarray" in data:
        changed["ndarray"] = apply(change, data["ndarray"])
    else:
        changed["tensor"] = {**data["tensor"], "values": apply(change, data["tensor"]["values"])}
    if "names" in data:
        changed["names"] = [names.get(name, name) for name in data["names"]]
    return {**body, "data": changed}


def first_value(body: Any) -> Any:
    """The first value of the first tensor. Raises Refused."""
    if is_v2(body):
        value = first_tensor(body).get("data")
    else:
        data = _seldon_data(body)
        value = data["ndarray"] if "ndarray" in data else data["tensor"]["values"]
    while isinstance(value, list) and value:
        value = value[0]
    return value


def average(bodies: Sequence[Any]) -> Any:
    """The answer whose values are the means of several answers of one shape. Raises Refused."""
    if not bodies:
        raise Refused("nothing to combine")
    first = bodies[0]
    if is_v2(first):
        if any(not is_v2(body) or len(v2_tensors(body)) != len(v2_tensors(first)) for body in bodies):
            raise Refused("answers with different numbers of outputs cannot be averaged")
        pairs = zip(*map(v2_tensors, bodies), strict=True)
        tensors = [
            {**same[0], "datatype": "FP64", "data": mean([each.get("data") for each in same])}
            for same in pairs
        ]
        return {"outputs": tensors}
    values = [_seldon_data(body) for body in bodies]
    if any(set(each) & {"ndarray", "tensor"} != set(values[0]) & {"ndarray", "tensor"} for each in values):
        raise Refused("answers of different forms cannot be averaged")
    if "ndarray" in values[0]:
        return {"data": {**values[0], "ndarray": mean([each["ndarray"] for each in values])}}
    tensor = {**values[0]["tensor"], "values": mean([each["tensor"]["values"] for each in values])}
    return {"data": {**values[0], "tensor": tensor}}


def apply(change: Change, value: Any) -> Any:
    """The nested list with each value changed."""
    return [apply(change, each) for each in value] if isinstance(value, list) else change(value)


def mean(values: Sequence[Any]) -> Any:
    """The mean of numbers, or of nested lists of one shape. Raises Refused."""
    if all(isinstance(value, list) for value in values):
        if len({len(value) for value in values}) > 1:
            raise Refused("answers of different shapes cannot be averaged")
        return [mean(same) for same in zip(*values, strict=True)]
    if not all(isinstance(value, (int, float)) for value in values):
        raise Refused("answers that are no numbers cannot be averaged")
    return sum(values) / len(values)


def read_names(text: str) -> Mapping[str, str]:
    """Read a parameter `old=new,other=another`."""
    return dict(pair.split("=", 1) for pair in text.split(",") if "=" in pair)


def _change_tensor(tensor: Mapping[str, Any], change: Change, names: Mapping[str, str]) -> dict[str, Any]:
    if "data" not in tensor:
        raise Refused(f"input {tensor.get('name')}: binary data is not read here")
    return {
        **tensor,
        "name": names.get(tensor["name"], tensor["name"]),
        "data": apply(change, tensor["data"]),
    }


def _seldon_data(body: Any) -> Mapping[str, Any]:
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict) or not {"ndarray", "tensor"} & set(data):
        raise Refused("neither inputs of protocol v2 nor a SeldonMessage with ndarray or tensor")
    return data
