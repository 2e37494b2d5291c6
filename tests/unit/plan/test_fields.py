"""Finding fields by the paths that people read."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.plan.diff import diff
from reconciler.plan.fields import find_field

BODY: dict[str, Any] = {
    "metadata": {"labels": {"modelsync.dev/model": "wines", "app": "x"}},
    "spec": {
        "predictors": [{"name": "v3", "traffic": 90}, {"name": "v5", "traffic": None}],
        "args": ["a", "b"],
    },
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec.predictors[v3].traffic", 90),
        ("spec.predictors[v5].traffic", None),
        ("spec.predictors[1].name", "v5"),
        ("metadata.labels[modelsync.dev/model]", "wines"),
        ("metadata.labels.app", "x"),
        ("spec.args[1]", "b"),
    ],
)
def test_what_is_there(path: str, value: object) -> None:
    assert find_field(BODY, path) == (True, value)


@pytest.mark.parametrize(
    "path",
    [
        "spec.predictors[v4].traffic",
        "spec.predictors[v3].replicas",
        "spec.args[2]",
        "spec.args[x]",
        "metadata.labels.app.deeper",
        "spec.args[0].deeper",
        "status",
    ],
)
def test_what_is_not(path: str) -> None:
    assert find_field(BODY, path) == (False, None)


def test_paths_of_differences_lead_to_the_old_values() -> None:
    new = {"metadata": {"labels": {"app": "y"}}, "spec": {"predictors": [{"name": "v3", "traffic": 1}]}}
    changes = [change for change in diff(BODY, new) if change.sign != "+"]
    assert len(changes) == 5
    assert [find_field(BODY, change.path) for change in changes] == [(True, it.old) for it in changes]
