"""`example/output-transformer`: rounds a model's numbers and renames its outputs.

Parameters: `decimals` (INT, 2), `rename` (STRING, `old=new,…`).
"""

from __future__ import annotations

from typing import Any

from scripts.local_cluster.executor.components.serving import Parameters, serve
from scripts.local_cluster.executor.components.tensors import change_values, read_names


def transform(body: Any, parameters: Parameters) -> Any:
    """The answer with its fractions rounded; other values stay."""
    decimals = parameters.get("decimals", 2)

    def shorten(value: Any) -> Any:
        return round(value, decimals) if isinstance(value, float) else value

    return change_values(body, shorten, read_names(parameters.get("rename", "")))


if __name__ == "__main__":
    serve({"transform-output": transform})
