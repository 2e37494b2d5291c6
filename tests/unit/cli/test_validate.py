"""`modelsync validate` as people call it: what is waived is told, what is undecided counts if asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from git import Repo

from reconciler.cli.app import run
from reconciler.state.outcomes import Outcome
from tests.unit.policy.building import DEPLOYMENT, ENVIRONMENT, EXCEPTIONS, SOUND, record

OWNED: Mapping[str, str] = {**SOUND, ENVIRONMENT: f'{SOUND[ENVIRONMENT]}owners: ["@shop/ml-platform"]\n'}
REORDERED = "model: wines\nvariants:\n  - {version: 5, traffic: 10}\n  - {version: 3, traffic: 90}\n"


def write(directory: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text, encoding="utf-8")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A repository whose main branch is sound, with a change that reorders variants in the work tree."""
    repository = Repo.init(tmp_path, initial_branch="main")
    write(tmp_path, OWNED)
    repository.git.add(all=True)
    author = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    repository.git.execute(["git", *author, "commit", "--quiet", "-m", "Wines"])
    write(tmp_path, {DEPLOYMENT: REORDERED})
    return tmp_path


def validate(shop: Path, *arguments: str) -> Outcome:
    return run(["validate", "-C", str(shop), "--base", "main", *arguments])


def waive(shop: Path, until: str) -> None:
    waiver = f"{{rule: variant-order, objects: [production/wines], reason: sorted once, until: {until}}}"
    write(shop, {EXCEPTIONS: f"waivers:\n  - {waiver}\n"})


def test_a_soft_finding_fails(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert validate(shop) is Outcome.FINDINGS
    assert f"{DEPLOYMENT}:3:5: error variant-order" in capsys.readouterr().out


def test_an_environment_may_make_it_advice(shop: Path) -> None:
    write(shop, {ENVIRONMENT: f"{OWNED[ENVIRONMENT]}rules: {{variant-order: {{grade: advisory}}}}\n"})
    assert validate(shop) is Outcome.DONE


def test_a_waived_finding_passes_and_is_told_with_whose_approval_it_needs(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    waive(shop, _in_days(20))
    assert validate(shop) is Outcome.DONE
    said = capsys.readouterr().out
    assert f"{DEPLOYMENT}:3:5: waived variant-order" in said
    assert "@shop/ml-platform" in said
    assert validate(shop, "-o", "json") is Outcome.DONE
    shown = json.loads(capsys.readouterr().out)
    assert [item["rule"] for item in shown["waived"]] == ["variant-order"]
    assert [item["owners"] for item in shown["approvals"]] == [["@shop/ml-platform"]]


def test_a_waiver_that_is_too_long_fails(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    waive(shop, _in_days(40))
    assert validate(shop) is Outcome.FINDINGS
    assert ": error waiver-too-long" in capsys.readouterr().out


def test_what_is_not_decided_counts_where_it_must(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(shop, {DEPLOYMENT: OWNED[DEPLOYMENT]})
    assert validate(shop) is Outcome.DONE
    capsys.readouterr()
    assert run(["validate", "-C", str(shop), "--strict"]) is Outcome.UNDECIDED
    said = capsys.readouterr().err.splitlines()
    assert "undecided: variant-order: no base: use --base" in said


def test_the_registry_is_not_missed_where_no_record_changed(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(shop, {DEPLOYMENT: OWNED[DEPLOYMENT]})
    assert validate(shop, "--strict") is Outcome.DONE
    assert "not decided" not in capsys.readouterr().out
    write(shop, {"models/wines/versions/6.yaml": record(6)})
    assert validate(shop, "--strict") is Outcome.UNDECIDED
    assert "3 not decided (no registry: use --registry)" in capsys.readouterr().out


def _in_days(count: int) -> str:
    """A day so many days from now: the command asks the clock itself."""
    return (datetime.now(timezone.utc) + timedelta(days=count)).date().isoformat()
