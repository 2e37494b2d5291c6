from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from reconciler.clients.registry.convert import find_last_values, find_logged_model, format_time, to_version

MODEL_ID = "m-" + "0123456789abcdef" * 2


def an_entity(**changes: Any) -> SimpleNamespace:
    values: dict[str, Any] = {
        "name": "wines",
        "version": "5",
        "status": "READY",
        "source": f"models:/{MODEL_ID}",
        "run_id": "",
        "model_id": None,
        "creation_timestamp": 1795430657202,
        "current_stage": "None",
        "tags": {},
    }
    return SimpleNamespace(**{**values, **changes})


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (f"models:/{MODEL_ID}", MODEL_ID),
        ("models:/wines/3", None),
        ("runs:/8c1f/model", None),
        (f"s3://bucket/models:/{MODEL_ID}", None),
    ],
)
def test_the_logged_model_is_read_from_the_source(source: str, found: str | None) -> None:
    assert find_logged_model(source) == found
    assert to_version(an_entity(source=source)).logged_model == found


def test_a_server_that_says_the_logged_model_is_believed() -> None:
    assert to_version(an_entity(source="x", model_id="m-1")).logged_model == "m-1"


def test_words_for_nothing_become_nothing() -> None:
    facts = to_version(an_entity())
    assert (facts.version, facts.run, facts.stage) == (5, None, "")
    assert to_version(an_entity(current_stage="Production")).stage == "Production"


def test_times_keep_their_milliseconds() -> None:
    assert format_time(1795430657202) == "2026-11-23T10:44:17.202Z"
    assert format_time(1795430657000) == "2026-11-23T10:44:17.000Z"


def test_of_a_metric_the_last_step_counts_then_the_last_time() -> None:
    def metric(key: str, step: int, timestamp: int, value: float) -> SimpleNamespace:
        return SimpleNamespace(key=key, step=step, timestamp=timestamp, value=value)

    metrics = [metric("a", 2, 10, 0.2), metric("a", 1, 99, 0.1), metric("b", 0, 1, 1), metric("b", 0, 2, 2)]
    assert find_last_values(metrics) == find_last_values(reversed(metrics)) == {"a": 0.2, "b": 2.0}
