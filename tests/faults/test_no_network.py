"""Checking a change where there is no network at all: not even a loopback interface is up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.places import find_place
from tests.support.shop import Ended, Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path / "shop")
    shop.add_environment("production", "wines")
    shop.declare("production/wines", {1: 90, 2: 10})
    shop.commit("Start")
    return shop


def run_alone(shop: Shop, *arguments: str, **variables: str) -> Ended:
    """The command in a network of its own, with no credentials of any kind."""
    done = subprocess.run(
        [*find_place(), "unshare", "--net", sys.executable, "-m", "reconciler", *arguments],
        cwd=shop.folder,
        env={**shop.environment(None), **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return Ended(code=done.returncode, out=done.stdout, err=done.stderr)


@pytest.mark.covers("B36")
def test_a_change_is_checked_planned_and_rendered(shop: Shop) -> None:
    base = shop.git("rev-parse", "HEAD").strip()
    shop.declare("production/wines", {1: 50, 2: 50})
    shop.commit("Move")

    assert run_alone(shop, "validate").code == 0
    planned = run_alone(shop, "plan", "production", "--base", base, "-o", "markdown")
    assert planned.code == 0, planned.err
    assert "50" in planned.out
    assert run_alone(shop, "render", "production").code == 0


@pytest.mark.covers("B36")
def test_what_the_registry_would_have_to_say_is_undecided_and_no_pass(shop: Shop) -> None:
    ended = run_alone(shop, "validate", "--registry", MLFLOW_TRACKING_URI="http://127.0.0.1:5000")

    assert ended.code == 3, ended.out + ended.err
    assert "127.0.0.1:5000" in ended.out + ended.err
