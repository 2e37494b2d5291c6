"""The workflows of a fresh repository are this repository's own, and what installs modelsync there works."""

from __future__ import annotations

import difflib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.files import write_new
from reconciler.scaffold.layout import WORKFLOWS, lay_out_repository
from reconciler.scaffold.origin import Origin
from scripts.tools.actionlint import check_workflows

REPOSITORY = Path(__file__).resolve().parents[2]
OWN = REPOSITORY / ".github/workflows"
KEPT = REPOSITORY / "reconciler/scaffold/templates/repository/github/workflows"
TOOLS = Path(sys.executable).parent

each_workflow = pytest.mark.parametrize("name", WORKFLOWS)


@pytest.fixture
def laid_out(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    write_new(folder, lay_out_repository({}, branch="trunk"))
    return folder


def run(*command: object, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@each_workflow
def test_what_is_laid_out_is_kept_as_our_own_workflow(name: str) -> None:
    """Change one, and copy it over the other."""
    assert (KEPT / f"{name}.yaml").read_bytes() == (OWN / f"{name}.yaml").read_bytes()


def test_all_that_is_kept_is_laid_out() -> None:
    assert {file.stem for file in KEPT.iterdir()} == set(WORKFLOWS)


@each_workflow
def test_only_the_installation_and_the_branch_are_others(laid_out: Path, name: str) -> None:
    own, there = (
        (folder / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
        for folder in (OWN, laid_out / ".github/workflows")
    )
    changes = [line for line in difflib.ndiff(own, there) if line[0] in "+-"]
    expected = ["-         run: scripts/bootstrap", "+         run: .modelsync/bootstrap"]
    if name == "validate":
        expected = ["-     branches: [main]", "+     branches: [trunk]", *expected]
    assert changes == expected


def test_actionlint_and_zizmor_have_no_findings(laid_out: Path) -> None:
    assert check_workflows(*(laid_out / ".github/workflows").iterdir()) == ()
    audit = run(TOOLS / "zizmor", "--offline", "--no-progress", "--persona", "pedantic", laid_out / ".github")
    assert audit.returncode == 0, audit.stdout + audit.stderr


class TestBootstrap:
    def test_packages_are_those_that_the_tests_run_with(self) -> None:
        def read(lock: str) -> set[str]:
            text = (REPOSITORY / f"requirements/{lock}.txt").read_text(encoding="utf-8")
            return set(re.findall(r"^[\w.-]+==\S+", text, re.MULTILINE))

        assert read("runtime") < read("client") < read("dev")

    def test_shellcheck_has_no_findings(self, laid_out: Path) -> None:
        checked = run(TOOLS / "shellcheck", laid_out / ".modelsync/bootstrap")
        assert checked.returncode == 0, checked.stdout

    def test_without_a_commit_it_says_what_to_write(self, laid_out: Path) -> None:
        ended = run(laid_out / ".modelsync/bootstrap")
        assert ended.returncode == 2
        assert "names no modelsync to install" in ended.stderr
        assert "commit=…" in ended.stderr

    @pytest.mark.parametrize(
        ("interpreter", "code"), [(sys.executable, 0), ("/nowhere/python", 2)], ids=["there", "gone"]
    )
    def test_an_environment_whose_python_is_gone_is_made_again(
        self, tmp_path: Path, interpreter: str, code: int
    ) -> None:
        commit = "4be2a91c0d6e8f1a2b3c4d5e6f708192a3b4c5d6"
        origin = Origin(repository="https://git.example.com/ml/modelsync.git", commit=commit)
        write_new(tmp_path, lay_out_repository({}, origin=origin))
        programs = tmp_path / ".venv/bin"
        programs.mkdir(parents=True)
        (programs / "python").symlink_to(interpreter)
        (programs / "modelsync").touch(mode=0o755)
        (tmp_path / ".venv/.modelsync-commit").write_text(f"{commit}\n", encoding="utf-8")
        ended = run(tmp_path / ".modelsync/bootstrap", PYTHON="/nowhere/python")
        # Up to date, or begun again, which needs a Python that works.
        assert ended.returncode == code, ended.stderr
        assert ("is not a working Python" in ended.stderr) is (code != 0)

    def test_it_installs_this_commit_and_then_is_done(self, tmp_path: Path) -> None:
        commit = run("git", "-C", REPOSITORY, "rev-parse", "HEAD").stdout.strip()
        origin = Origin(repository=f"file://{REPOSITORY}", commit=commit)
        folder = tmp_path / "shop"
        write_new(folder, lay_out_repository({}, origin=origin))

        first = run(folder / ".modelsync/bootstrap", PYTHON=sys.executable)
        assert (first.returncode, first.stderr) == (0, "")
        program = folder / ".venv/bin/modelsync"
        # From the wheel: it brings along all that it lays out.
        fresh = run(program, "init", tmp_path / "fresh")
        assert fresh.returncode == 0, fresh.stderr
        validated = run(program, "validate", "-C", tmp_path / "fresh")
        assert validated.returncode == 0, validated.stdout + validated.stderr
        assert run(folder / ".venv/bin/python", "-c", "import mlflow").returncode == 0

        made = program.stat().st_mtime_ns
        again = run(folder / ".modelsync/bootstrap", PYTHON="/nowhere/python")
        assert (again.returncode, program.stat().st_mtime_ns) == (0, made)
