"""What a plan from declarations alone takes for a change."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from reconciler.load.documents import load
from reconciler.pipeline.review.offline import plan_offline
from reconciler.state.plans import Op
from reconciler.validate.checks import Check, check
from scripts.bench.repository import Size, generate

FILES = generate(Size(environments=1, deployments=1, models=2, versions=2))
DEPLOYMENT = next(path for path in FILES if "/deployments/" in path)
NOW = datetime(2026, 11, 24, tzinfo=timezone.utc)


def declare(serving: str) -> Check:
    files = {**FILES, DEPLOYMENT: f"{FILES[DEPLOYMENT]}serving: {{{serving}}}\n"}
    return check(load({path: text.encode() for path, text in files.items()}))


def list_ops(before: str, after: str) -> list[Op]:
    planned = plan_offline(declare(before), declare(after), (), cluster="", revision="main", now=NOW)
    return [change.op for plan in planned.plans for change in plan.changes]


@pytest.mark.parametrize(("before", "after"), [("1", "true"), ("1", "1.0"), ("0", "false")])
def test_a_value_of_another_type_is_a_change(before: str, after: str) -> None:
    assert list_ops(f"parameters: {{limit: {before}}}", f"parameters: {{limit: {after}}}") == [Op.UPDATE]


def test_what_is_written_differently_and_means_the_same_is_none() -> None:
    assert list_ops("replicas: 2, env: {A: b}", "env: {'A': 'b'}, replicas: 2") == []
