"""The workflows of this repository, as data: sound, least rights, nothing that moves beneath us."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.tools.actionlint import check_workflows

REPOSITORY = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yaml"))
PINNED = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")

each_workflow = pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.name)


def read(workflow: Path) -> dict[Any, Any]:
    content = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def test_there_is_a_workflow_for_changes() -> None:
    assert "validate.yaml" in [workflow.name for workflow in WORKFLOWS]


@each_workflow
def test_actionlint_has_no_findings(workflow: Path) -> None:
    assert check_workflows(workflow) == ()


def test_actionlint_finds_what_is_wrong(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(
        "on: push\njobs:\n  one:\n    runs-on: ubuntu-24.04\n"
        "    steps: [{run: 'echo ${{ nothing.here }}'}]\n",
        encoding="utf-8",
    )
    assert 'undefined variable "nothing"' in "\n".join(check_workflows(wrong))


def test_zizmor_has_no_findings() -> None:
    zizmor = Path(sys.executable).with_name("zizmor")
    audit = subprocess.run(
        [zizmor, "--offline", "--no-progress", "--persona", "pedantic", ".github"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert audit.returncode == 0, audit.stdout + audit.stderr


@each_workflow
def test_actions_are_pinned_by_commit_and_say_their_version(workflow: Path) -> None:
    uses = [line.strip(" -") for line in workflow.read_text(encoding="utf-8").splitlines() if "uses:" in line]
    assert uses
    assert [line for line in uses if not PINNED.match(line)] == []


@pytest.mark.covers("B36")
@each_workflow
def test_no_rights_by_default_and_none_to_write(workflow: Path) -> None:
    content = read(workflow)
    assert content["permissions"] == {}
    for name, job in content["jobs"].items():
        assert set(job["permissions"].values()) <= {"read"}, name


@each_workflow
def test_every_job_ends_by_itself(workflow: Path) -> None:
    assert [name for name, job in read(workflow)["jobs"].items() if "timeout-minutes" not in job] == []


def test_tests_run_on_every_python_that_the_package_allows() -> None:
    matrix = read(REPOSITORY / ".github/workflows/validate.yaml")["jobs"]["tests"]["strategy"]["matrix"]
    text = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    bounds = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', text)
    assert bounds is not None
    assert matrix["python"] == [f"3.{minor}" for minor in range(int(bounds[1]), int(bounds[2]))]


def test_ci_runs_what_make_test_runs_and_hides_nothing() -> None:
    script = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")
    commands = [line for line in script.splitlines() if line and not line.startswith("#")]
    assert commands == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "make test", "exec make test-faults"]
