"""`example/linear`: a model in a custom image: the sum of a row's numbers, times `factor`, plus `bias`.

Parameters: `factor` (FLOAT, 1), `bias` (FLOAT, 0). Rows are those of the first input.
"""

from __future__ import annotations

from typing import Any

from scripts.local_cluster.executor.components.serving import Parameters, Refused, serve
from scripts.local_cluster.executor.components.tensors import first_tensor, is_v2


def predict(body: Any, parameters: Parameters) -> Any:
    """One number for each row. Raises Refused when there are no rows of numbers."""
    v2 = is_v2(body)
    rows = _v2_rows(body) if v2 else _seldon_rows(body)
    if not isinstance(rows, list) or not all(_is_row(row) for row in rows):
        raise Refused("expected rows of numbers: in protocol v2 an input of shape [n, m], else an ndarray")
    factor, bias = parameters.get("factor", 1), parameters.get("bias", 0)
    results = [float(sum(row) * factor + bias) for row in rows]
    if not v2:
        return {"data": {"names": ["y"], "ndarray": [[result] for result in results]}, "meta": {}}
    output = {"name": "y", "datatype": "FP64", "shape": [len(results), 1], "data": results}
    return {"model_name": "linear", **({"id": body["id"]} if "id" in body else {}), "outputs": [output]}


def _seldon_rows(body: Any) -> Any:
    data = body.get("data") if isinstance(body, dict) else None
    return data.get("ndarray") if isinstance(data, dict) else None


def _is_row(row: Any) -> bool:
    return isinstance(row, list) and all(isinstance(value, (int, float)) for value in row)


def _v2_rows(body: Any) -> Any:
    tensor = first_tensor(body)
    data = tensor.get("data")
    if not isinstance(data, list) or not data or isinstance(data[0], list):
        return data
    # Flat data has its rows by the shape.
    shape = tensor.get("shape") or [len(data)]
    width = shape[-1] if len(shape) > 1 else len(data)
    if not isinstance(width, int) or width < 1 or len(data) % width:
        raise Refused(f"shape {shape} does not fit {len(data)} values")
    return [data[start : start + width] for start in range(0, len(data), width)]


if __name__ == "__main__":
    serve({"predict": predict})
