"""`example/transformer`: scales numbers and renames tensors before a model.

Parameters: `factor` (FLOAT, 1), `rename` (STRING, `old=new,…`).
"""

from __future__ import annotations

from typing import Any

from scripts.local_cluster.executor.components.serving import Parameters, serve
from scripts.local_cluster.executor.components.tensors import change_values, read_names


def transform(body: Any, parameters: Parameters) -> Any:
    """The request with its numbers multiplied; texts stay."""
    factor = parameters.get("factor", 1)

    def scale(value: Any) -> Any:
        return value * factor if isinstance(value, (int, float)) and not isinstance(value, bool) else value

    return change_values(body, scale, read_names(parameters.get("rename", "")))


if __name__ == "__main__":
    serve({"transform-input": transform})
