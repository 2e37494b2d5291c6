"""`example/router`: picks the child that predicts.

The request decides when it says so: `parameters.route` in protocol v2, `meta.tags.route` in a SeldonMessage.
Else the parameter `threshold` (FLOAT): child 1 when the first value reaches it, child 0 below. Else `child`
(INT, 0). -1 means all children, -2 none.
"""

from __future__ import annotations

from typing import Any

from scripts.local_cluster.executor.components.serving import Parameters, Refused, serve
from scripts.local_cluster.executor.components.tensors import first_value, is_v2


def choose(body: Any, parameters: Parameters) -> int:
    """The child for a request. Raises Refused."""
    asked = _asked_for(body)
    if asked is not None:
        return asked
    if "threshold" in parameters:
        value = first_value(body)
        if not isinstance(value, (int, float)):
            raise Refused(f"first value {value!r}: expected a number to compare with the threshold")
        return int(value >= parameters["threshold"])
    return int(parameters.get("child", 0))


def route(body: Any, parameters: Parameters) -> Any:
    """The answer to the executor: in protocol v2 a plain list, since no other form is read there."""
    child = choose(body, parameters)
    return [child] if is_v2(body) else {"data": {"ndarray": [child]}}


def _asked_for(body: Any) -> int | None:
    if not isinstance(body, dict):
        raise Refused(f"a {type(body).__name__} where an object was expected")
    if is_v2(body):
        asked = (body.get("parameters") or {}).get("route")
    else:
        asked = ((body.get("meta") or {}).get("tags") or {}).get("route")
    if asked is not None and not isinstance(asked, int):
        raise Refused(f"route {asked!r}: expected the number of a child")
    return asked


if __name__ == "__main__":
    serve({"route": route})
