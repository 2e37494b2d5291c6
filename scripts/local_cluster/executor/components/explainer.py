"""`example/explainer`: explains a predictor's answers by Shapley values, in protocol v2.

It stands where Seldon's explainer image would, as the image of an explainer of any type, and reads what the
operator gives that one: its port, its name, and in MLSERVER_MODEL_EXTRA the predictor's URL (`infer_uri`) and
`init_parameters`:

- `baseline`: the values to compare with, in the order of the features (0 for each)
- `orders`: how many orders of the features are tried, at most (24)

It is sent what the predictor is sent, at `/v2/models/<name>/infer`, and answers for each row with a JSON text
in the output `explanation`.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from scripts.local_cluster.executor.components.serving import HEALTH, Refused, serve_json
from scripts.local_cluster.executor.components.shapley import choose_orders, credit, plan_rows
from scripts.local_cluster.executor.components.tensors import first_tensor, v2_tensors
from scripts.local_cluster.executor.names import Resolver

_INFER = re.compile(r"/v2/models/[^/]+/(infer|explain)")
_METADATA = re.compile(r"/v2/models/[^/]+")
_PATIENCE = aiohttp.ClientTimeout(total=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explainer:
    """What an explainer is made with."""

    name: str
    url: str
    session: aiohttp.ClientSession
    baseline: Sequence[float] = field(default_factory=tuple)
    orders: int = 24

    async def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        """Status and JSON of the answer to a request."""
        if method == "GET" and HEALTH.fullmatch(path):
            return 200, {}
        if method == "GET" and _METADATA.fullmatch(path):
            return 200, {"name": self.name, "platform": "example", "inputs": [], "outputs": []}
        if method != "POST" or not _INFER.fullmatch(path):
            return 404, {"error": f"{path}: not served by this explainer"}
        try:
            request = json.loads(body)
        except ValueError as error:
            return 400, {"error": f"not JSON: {error}"}
        try:
            return 200, await self._explain(request)
        except Refused as refusal:
            return 400, {"error": str(refusal)}
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError, ValueError) as error:
            return 502, {"error": f"{self.url}: {error}"}

    async def _explain(self, body: Any) -> Any:
        table = read_table(body)
        texts = [json.dumps(await self._explain_row(table, row)) for row in table.rows]
        output = {
            "name": "explanation",
            "datatype": "BYTES",
            "shape": [len(texts), 1],
            "parameters": {"content_type": "str"},
            "data": texts,
        }
        return {"model_name": self.name, **({"id": body["id"]} if "id" in body else {}), "outputs": [output]}

    async def _explain_row(self, table: Table, row: Sequence[float]) -> Mapping[str, Any]:
        # An input of whole numbers takes no others.
        baseline = self.baseline or [type(value)(0) for value in row]
        if len(baseline) != len(row):
            raise Refused(f"baseline of {len(baseline)} values: the request has {len(row)} features")
        orders = choose_orders(len(row), self.orders)
        predictions = await self._predict(table, plan_rows(row, baseline, orders))
        return {
            "meta": {"name": "Shapley", "explanations": ["local"], "orders": len(orders)},
            "data": {
                "feature_names": list(table.names),
                "instance": list(row),
                "baseline": list(baseline),
                "expected_value": predictions[0],
                "prediction": predictions[1],
                "shap_values": list(credit(predictions, orders)),
            },
        }

    async def _predict(self, table: Table, rows: Sequence[Sequence[float]]) -> list[float]:
        async with self.session.post(self.url, json=table.request(rows), timeout=_PATIENCE) as answer:
            said = await answer.text()
        if answer.status != 200:
            raise Refused(f"{self.url}: {answer.status}: {said}")
        return read_predictions(json.loads(said), len(rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A request's rows, and the form that they came in: one tensor of two dimensions, or one a column."""

    names: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]
    template: Mapping[str, Any]

    def request(self, rows: Sequence[Sequence[float]]) -> dict[str, Any]:
        """A request of the same form with other rows."""
        tensors = self.template["inputs"]
        parameters = {"parameters": self.template["parameters"]} if "parameters" in self.template else {}
        if len(tensors) == 1:
            flat = [value for row in rows for value in row]
            shape = [len(rows), len(self.names)]
            return {"inputs": [{**tensors[0], "shape": shape, "data": flat}], **parameters}
        columns = []
        for index, tensor in enumerate(tensors):
            shape = [len(rows), *tensor["shape"][1:]]
            columns.append({**tensor, "shape": shape, "data": [row[index] for row in rows]})
        return {"inputs": columns, **parameters}


def read_table(body: Any) -> Table:
    """The rows of a request of protocol v2. Raises Refused when it holds no table of numbers."""
    if not isinstance(body, dict) or "inputs" not in body:
        raise Refused("expected a request of protocol v2")
    tensors = v2_tensors(body)
    if len(tensors) > 1:
        columns = [_flatten(tensor) for tensor in tensors]
        if len({len(column) for column in columns}) > 1:
            raise Refused("columns of different lengths")
        names = tuple(str(tensor["name"]) for tensor in tensors)
        return Table(names=names, rows=tuple(zip(*columns, strict=True)), template=body)
    tensor = first_tensor(body)
    values, shape = _flatten(tensor), tensor.get("shape") or []
    width = shape[1] if len(shape) == 2 else len(values)
    if not isinstance(width, int) or width < 1 or not values or len(values) % width:
        raise Refused(f"shape {shape} does not fit {len(values)} values")
    rows = tuple(tuple(values[start : start + width]) for start in range(0, len(values), width))
    return Table(
        names=tuple(f"{tensor['name']}[{index}]" for index in range(width)), rows=rows, template=body
    )


def read_predictions(body: Any, rows: int) -> list[float]:
    """The first number of each row of the first output. Raises Refused when there are not so many rows."""
    if not isinstance(body, dict) or "outputs" not in body:
        raise Refused("the predictor's answer has no outputs")
    values = _flatten(first_tensor(body))
    if not values or len(values) % rows:
        raise Refused(f"{len(values)} predictions for {rows} rows")
    return [float(value) for value in values[:: len(values) // rows]]


def _flatten(tensor: Mapping[str, Any]) -> list[float]:
    values: list[float] = []
    pending = [tensor.get("data")]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending.extend(reversed(value))
        elif isinstance(value, (int, float)):
            values.append(value)
        else:
            raise Refused(f"{tensor['name']}: expected numbers")
    return values


async def _main() -> None:
    environment = os.environ
    extra = json.loads(environment["MLSERVER_MODEL_EXTRA"])
    given = extra.get("init_parameters") or {}
    resolver = Resolver(environment.get("MODELSYNC_NAMES", ""))
    connector = aiohttp.TCPConnector(resolver=resolver, ttl_dns_cache=2, keepalive_timeout=4)
    async with aiohttp.ClientSession(connector=connector) as session:
        explainer = Explainer(
            name=environment.get("MLSERVER_MODEL_NAME", "explainer"),
            url=extra["infer_uri"],
            session=session,
            baseline=given.get("baseline") or (),
            orders=int(given.get("orders") or 24),
        )
        await serve_json(explainer.answer, int(environment.get("MLSERVER_HTTP_PORT") or 9000))
    await resolver.close()


if __name__ == "__main__":
    asyncio.run(_main())
