"""What `validate` prints where: data on stdout, the table of a step in the file that GitHub names."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import xmlschema

from reconciler.cli.app import run
from reconciler.report.step_summary import LIMIT
from reconciler.state.outcomes import Outcome

REPOSITORY = Path(__file__).resolve().parents[2] / "golden/reports/validate/repository"


@pytest.fixture
def repository(tmp_path: Path) -> str:
    return str(shutil.copytree(REPOSITORY, tmp_path / "models"))


@pytest.mark.parametrize("output", ["text", "json", "sarif", "junit", "github"])
def test_every_format_goes_to_stdout_and_ends_the_same(
    output: str, repository: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["validate", "-C", repository, "-o", output]) is Outcome.FINDINGS
    out, err = capsys.readouterr()
    assert "production/prices: live traffic sums to 95" in out
    assert err == ""


def test_what_programs_read_is_whole(repository: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(["validate", "-C", repository, "-o", "sarif"])
    assert json.loads(capsys.readouterr().out)["version"] == "2.1.0"
    run(["validate", "-C", repository, "-o", "junit"])
    assert xmlschema.XMLResource(capsys.readouterr().out.strip()).root.tag == "testsuites"


def test_the_table_is_added_to_the_summary(
    repository: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n", encoding="utf-8")
    run(["validate", "-C", repository, "-o", "github", "--summary", str(summary)])
    assert summary.read_text(encoding="utf-8").startswith("before\n### modelsync validate\n")
    assert "| hard | traffic-sums-to-100 |" in summary.read_text(encoding="utf-8")
    assert "###" not in capsys.readouterr().out


def test_other_formats_leave_the_summary_alone(repository: str, tmp_path: Path) -> None:
    run(["validate", "-C", repository, "-o", "json", "--summary", str(tmp_path / "summary.md")])
    assert not (tmp_path / "summary.md").exists()


def test_a_step_that_has_written_much_keeps_within_the_limit(repository: str, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_bytes(b"x" * (LIMIT - 1000))
    run(["validate", "-C", repository, "-o", "github", "--summary", str(summary)])
    assert LIMIT - 1000 < summary.stat().st_size <= LIMIT


def test_a_summary_that_cannot_be_written_changes_no_verdict(
    repository: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "nowhere/summary.md"
    assert run(["validate", "-C", repository, "-o", "github", "--summary", str(file)]) is Outcome.FINDINGS
    assert capsys.readouterr().err == f"{file}: the summary could not be written: No such file or directory\n"
