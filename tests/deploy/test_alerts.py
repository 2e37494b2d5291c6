"""The alerts: promtool takes them, they fire when they must, and they look at metrics that there are."""

from __future__ import annotations

import re
import shutil
from datetime import datetime, timezone
from pathlib import Path

import pytest
import yaml

from reconciler.report.exporter import TargetCollector, Times
from reconciler.report.prometheus import NAMES
from reconciler.state.readings import Readings
from tests.deploy.kustomize import DEPLOY
from tests.support.promtool import run_promtool

# The first to ask for promtool builds it, which takes minutes.
pytestmark = pytest.mark.timeout(900)

RULES = DEPLOY / "alerts/modelsync.rules.yaml"
TESTS = Path(__file__).resolve().parent / "alerts/modelsync.test.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Rules and their tests beside each other, as the latter name the former."""
    for file in (RULES, TESTS):
        shutil.copy(file, tmp_path)
    return tmp_path


def test_promtool_takes_the_rules(folder: Path) -> None:
    verdict = run_promtool("check", "rules", RULES.name, folder=folder)
    assert verdict.clean, verdict.said


@pytest.mark.covers("B37")
def test_they_fire_when_they_must_and_are_silent_else(folder: Path) -> None:
    verdict = run_promtool("test", "rules", TESTS.name, folder=folder)
    assert verdict.clean, verdict.said


def test_their_tests_fail_where_a_rule_is_another(folder: Path) -> None:
    file = folder / RULES.name
    file.write_text(file.read_text(encoding="utf-8").replace("> 25 * 60", "> 5 * 60"), encoding="utf-8")
    verdict = run_promtool("test", "rules", TESTS.name, folder=folder)
    assert not verdict.clean
    assert "ModelsyncNoSuccess" in verdict.said


def test_every_alert_is_tested() -> None:
    alerts = {
        rule["alert"] for rule in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"][0]["rules"]
    }
    tested = yaml.safe_load(TESTS.read_text(encoding="utf-8"))["tests"]
    fired = {case["alertname"] for test in tested for case in test["alert_rule_test"] if case["exp_alerts"]}
    assert fired == alerts


def test_they_look_at_metrics_that_there_are() -> None:
    used = set(re.findall(r"\bmodelsync_\w+", RULES.read_text(encoding="utf-8")))
    times = Times(now=lambda: datetime(2026, 11, 23, tzinfo=timezone.utc), monotonic=lambda: 0.0)
    own = TargetCollector(Readings, times, keep=15, tell=print).collect()
    assert used <= NAMES | {metric.name for metric in own}
