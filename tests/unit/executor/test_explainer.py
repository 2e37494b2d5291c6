"""The example explainer: Shapley values of predictors that are known."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.local_cluster.executor.components.explainer import Explainer, read_predictions, read_table
from scripts.local_cluster.executor.components.serving import Refused
from scripts.local_cluster.executor.components.shapley import choose_orders, credit, plan_rows
from tests.unit.executor.harness import Answer, Asked, answer_with, listening

_numbers = st.integers(-50, 50)
_rows = st.integers(1, 12).flatmap(
    lambda width: st.tuples(*[st.lists(_numbers, min_size=width, max_size=width)] * 3)
)


def _explain(
    predict: Callable[[Sequence[float]], float],
    row: Sequence[float],
    baseline: Sequence[float],
    limit: int = 24,
) -> tuple[float, ...]:
    orders = choose_orders(len(row), limit)
    return credit([predict(each) for each in plan_rows(row, baseline, orders)], orders)


@settings(deadline=None, max_examples=50)
@given(_rows)
def test_of_a_linear_model_they_are_each_features_own_part(
    rows: tuple[list[int], list[int], list[int]],
) -> None:
    row, baseline, weights = rows
    values = _explain(lambda each: sum(w * x for w, x in zip(weights, each, strict=True)), row, baseline)
    expected = [w * (x - b) for w, x, b in zip(weights, row, baseline, strict=True)]
    assert values == pytest.approx(expected, abs=1e-6)


@settings(deadline=None, max_examples=50)
@given(_rows)
def test_of_any_model_they_sum_to_the_difference_from_the_baseline(
    rows: tuple[list[int], list[int], list[int]],
) -> None:
    row, baseline, weights = rows

    def curved(each: Sequence[float]) -> float:
        return math.prod(1 + math.tanh(w * x / 100) for w, x in zip(weights, each, strict=True))

    assert sum(_explain(curved, row, baseline)) == pytest.approx(curved(row) - curved(baseline), abs=1e-6)


def test_of_a_product_both_features_get_half() -> None:
    assert _explain(lambda each: each[0] * each[1], [2, 3], [0, 0]) == (3.0, 3.0)


def test_with_few_features_all_orders_are_tried_with_many_a_sample_and_its_reverse() -> None:
    assert len(choose_orders(3, 24)) == 6
    sample = choose_orders(11, 24)
    assert len(sample) == 24
    assert all(sorted(order) == list(range(11)) for order in sample)
    assert sample[1] == sample[0][::-1]
    assert sample == choose_orders(11, 24), "the same request gets the same explanation"


_MATRIX = {"inputs": [{"name": "x", "datatype": "FP64", "shape": [2, 2], "data": [1, 2, 3, 4]}]}
_COLUMNS = {
    "inputs": [
        {"name": "a", "datatype": "FP64", "shape": [2, 1], "data": [[1], [3]]},
        {"name": "b", "datatype": "INT64", "shape": [2, 1], "data": [2, 4]},
    ],
    "parameters": {"content_type": "pd"},
}


@pytest.mark.parametrize(("body", "names"), [(_MATRIX, ("x[0]", "x[1]")), (_COLUMNS, ("a", "b"))])
def test_rows_come_as_a_matrix_or_by_columns(body: Any, names: tuple[str, ...]) -> None:
    table = read_table(body)
    assert (table.names, table.rows) == (names, ((1, 2), (3, 4)))
    asked = table.request([(5, 6), (7, 8), (9, 10)])
    assert read_table(asked).rows == ((5, 6), (7, 8), (9, 10))
    assert asked.get("parameters") == body.get("parameters")
    assert [tensor["shape"][0] for tensor in asked["inputs"]] == [3] * len(body["inputs"])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ([], "expected a request of protocol v2"),
        ({"inputs": []}, "no inputs"),
        ({"inputs": [{"name": "x", "shape": [1], "data": ["a"]}]}, "expected numbers"),
        ({"inputs": [{"name": "x", "shape": [2, 2], "data": [1]}]}, "does not fit 1 values"),
        ({"inputs": [{"name": "x", "data": [1]}, {"name": "y", "data": [1, 2]}]}, "different lengths"),
    ],
)
def test_what_is_no_table_is_refused(body: Any, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        read_table(body)


def test_a_prediction_is_the_first_number_of_its_row() -> None:
    assert read_predictions({"outputs": [{"name": "p", "data": [1, 2, 3, 4]}]}, 2) == [1, 3]
    with pytest.raises(Refused, match="3 predictions for 2 rows"):
        read_predictions({"outputs": [{"name": "p", "data": [1, 2, 3]}]}, 2)


def _ask(reply: Callable[[Asked], Answer], body: bytes, **more: Any) -> tuple[int, Any]:
    async def ask(port: int) -> tuple[int, Any]:
        async with aiohttp.ClientSession() as session:
            url = f"http://127.0.0.1:{port}/v2/models/m/infer"
            explainer = Explainer(name="m-explainer", url=url, session=session, **more)
            return await explainer.answer("POST", "/v2/models/m-explainer/infer", body)

    with listening(reply) as predictor:
        return asyncio.run(ask(predictor.port))


def _sum_rows(asked: Asked) -> Answer:
    rows = read_table(asked.json).rows
    return answer_with({"outputs": [{"name": "y", "data": [10 * a + b for a, b in rows]}]})


def test_an_explanation_names_features_prediction_and_baseline() -> None:
    status, body = _ask(_sum_rows, json.dumps({**_COLUMNS, "id": "7"}).encode(), baseline=[1, 1])
    assert (status, body["model_name"], body["id"]) == (200, "m-explainer", "7")
    (output,) = body["outputs"]
    assert (output["name"], output["datatype"], output["shape"]) == ("explanation", "BYTES", [2, 1])
    first, second = (json.loads(text)["data"] for text in output["data"])
    assert first == {
        "feature_names": ["a", "b"],
        "instance": [1, 2],
        "baseline": [1, 1],
        "expected_value": 11,
        "prediction": 12,
        "shap_values": [0, 1],
    }
    assert (second["prediction"], second["shap_values"]) == (34, [20, 3])


@pytest.mark.parametrize(
    ("reply", "body", "more", "status", "reason"),
    [
        (Answer(), b"no JSON", {}, 400, "not JSON"),
        (Answer(), json.dumps(_MATRIX).encode(), {"baseline": [1]}, 400, "has 2 features"),
        (Answer(status=500, body=b"no"), json.dumps(_MATRIX).encode(), {}, 400, "500: no"),
        (Answer(body=b"{}"), json.dumps(_MATRIX).encode(), {}, 400, "has no outputs"),
        (Answer(body=b"no JSON"), json.dumps(_MATRIX).encode(), {}, 502, "infer: "),
    ],
)
def test_what_cannot_be_explained_says_why(
    reply: Answer, body: bytes, more: dict[str, Any], status: int, reason: str
) -> None:
    answered, said = _ask(lambda asked: reply, body, **more)
    assert answered == status
    assert reason in said["error"]
