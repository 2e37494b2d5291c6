"""`example/combiner`: the means of its children's answers, value by value. No parameters."""

from __future__ import annotations

from typing import Any

from scripts.local_cluster.executor.components.serving import Parameters, Refused, serve
from scripts.local_cluster.executor.components.tensors import average


def combine(body: Any, _parameters: Parameters) -> Any:
    """One answer of several. Raises Refused when they are not of one shape."""
    if not isinstance(body, list):
        raise Refused("expected the children's answers as a list")
    return average(body)


if __name__ == "__main__":
    serve({"aggregate": combine})
