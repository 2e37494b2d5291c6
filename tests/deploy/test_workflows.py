"""The workflows of this repository, as data: sound, least rights, nothing that moves beneath us."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from reconciler.cli.app import app
from reconciler.pipeline.review.comment import COMMENT, NUMBER
from scripts.tools.actionlint import check_workflows

REPOSITORY = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yaml"))
PINNED = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")

# A right to write is a decision: each stands here.
WRITES = {
    "bot/bot": {"contents", "pull-requests"},
    "code-scanning/declarations": {"security-events"},
    "comment/comment": {"pull-requests", "statuses"},
    "pin/pin": {"contents", "pull-requests"},
    "records/records": {"statuses"},
}
# The forge fills it in from the repository's settings, whoever started the workflow.
DEFAULT_BRANCH = "${{ github.event.repository.default_branch }}"
STARTED_BY_OTHERS = {"workflow_run", "issue_comment", "pull_request_review", "issues", "discussion"}

each_workflow = pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.name)


def read(workflow: Path) -> dict[Any, Any]:
    content = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def list_steps(workflow: Path) -> list[dict[str, Any]]:
    return [step for job in read(workflow)["jobs"].values() for step in job["steps"]]


def find_steps(workflow: str, action: str) -> list[dict[str, Any]]:
    steps = list_steps(REPOSITORY / ".github" / "workflows" / f"{workflow}.yaml")
    return [step for step in steps if step.get("uses", "").startswith(action)]


def list_command_lines(workflow: Path) -> Iterator[tuple[str, ...]]:
    """The words after `modelsync`, as far as they are its own, with a value for each variable."""
    for step in list_steps(workflow):
        for line in step.get("run", "").splitlines():
            if "bin/modelsync " in line:
                words = shlex.split(re.sub(r"\$\w+", "value", line.partition("bin/modelsync ")[2]))
                yield tuple(takewhile(lambda word: word not in (">", "||", "&&", "|"), words))


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
    lines = [line.strip(" -") for line in workflow.read_text(encoding="utf-8").splitlines()]
    uses = [line for line in lines if line.startswith("uses:")]
    assert uses
    assert [line for line in uses if not PINNED.match(line)] == []


@each_workflow
def test_no_rights_by_default_and_only_those_that_are_needed(workflow: Path) -> None:
    content = read(workflow)
    assert content["permissions"] == {}
    for name, job in content["jobs"].items():
        may_write = {right for right, level in job["permissions"].items() if level != "read"}
        assert may_write == WRITES.get(f"{workflow.stem}/{name}", frozenset()), name


@pytest.mark.covers("B36")
def test_what_runs_for_a_pull_request_has_no_secret_and_writes_nothing() -> None:
    untrusted = [workflow for workflow in WORKFLOWS if "pull_request" in read(workflow)[True]]
    assert {workflow.stem for workflow in untrusted} >= {"validate", "tests"}
    for workflow in untrusted:
        text = workflow.read_text(encoding="utf-8")
        assert "secrets" not in text, workflow.name
        assert "github.token" not in text, workflow.name
        for job in read(workflow)["jobs"].values():
            assert job["permissions"] == {"contents": "read"}


def test_no_workflow_has_rights_and_the_code_of_a_pull_request() -> None:
    assert [file.name for file in WORKFLOWS if "pull_request_target" in file.read_text("utf-8")] == []


@each_workflow
def test_what_has_rights_or_secrets_runs_the_main_branch(workflow: Path) -> None:
    text = workflow.read_text(encoding="utf-8")
    triggers = set(read(workflow)[True])
    if not (triggers & STARTED_BY_OTHERS or "secrets." in text):
        return
    assert "pull_request" not in triggers
    checkouts = [step for step in list_steps(workflow) if "actions/checkout@" in step.get("uses", "")]
    assert checkouts
    for step in checkouts:
        assert step["with"]["ref"] == DEFAULT_BRANCH
        assert not {"repository", "path"} & set(step["with"])
    for step in list_steps(workflow):
        # Commits of others are fetched as objects; nothing puts them into the work tree.
        assert not re.search(
            r"\bgit\b.*\b(checkout|switch|merge|pull|worktree|restore)\b", step.get("run", "")
        )
        assert not re.search(r"\bgh pr\b", step.get("run", ""))


@each_workflow
def test_the_default_branch_is_named_by_the_forge_alone(workflow: Path) -> None:
    content = read(workflow)
    triggers = content[True]
    if "push" in triggers:  # GitHub takes no expression there
        assert triggers["push"] == {"branches": ["main"]}
    for step in list_steps(workflow):
        assert not re.search(r"\bmain\b", step.get("run", ""))
        assert step.get("env", {}).get("BASE", DEFAULT_BRANCH) == DEFAULT_BRANCH


@each_workflow
def test_secrets_are_those_of_an_environment(workflow: Path) -> None:
    """Its settings keep them from a workflow that somebody pushes to another branch."""
    for job in read(workflow)["jobs"].values():
        assert job.get("environment") == ("modelsync" if "secrets." in str(job) else None)


def test_a_job_that_pull_requests_are_asked_for_is_never_skipped() -> None:
    """GitHub takes a skipped job for one that passed."""
    for workflow in WORKFLOWS:
        if "pull_request" in read(workflow)[True]:
            assert [job for job in read(workflow)["jobs"].values() if "if" in job] == [], workflow.name


def test_a_commit_is_judged_against_the_main_branch_whatever_its_pull_request_is_into() -> None:
    """A check belongs to a commit: a second pull request of it would cover what the first one's found."""
    content = read(REPOSITORY / ".github/workflows/validate.yaml")
    assert content[True]["pull_request"] is None  # on any branch
    for job in content["jobs"].values():
        assert job["env"]["BASE"] == (
            "${{ github.event.merge_group.base_sha || "
            "format('origin/{0}', github.event.repository.default_branch) }}"
        )
    text = (REPOSITORY / ".github/workflows/validate.yaml").read_text(encoding="utf-8")
    assert not re.search(r"base_ref|pull_request\.base", text)


@pytest.mark.parametrize(
    ("workflow", "names"),
    [
        # A run that waits is cancelled by the next of its group: none may come from somebody else's doing.
        ("pin", {"github.event.comment.id"}),
        ("validate", {"github.workflow", "github.event_name == 'push' && github.sha || github.ref"}),
        ("tests", {"github.workflow", "github.event_name == 'push' && github.sha || github.ref"}),
        ("records", {"github.event.workflow_run.event", "github.event.workflow_run.head_sha"}),
        ("comment", {"github.event.workflow_run.id"}),
    ],
)
def test_nobody_can_take_the_place_of_anothers_run(workflow: str, names: set[str]) -> None:
    group = read(REPOSITORY / f".github/workflows/{workflow}.yaml")["concurrency"]["group"]
    assert set(re.findall(r"\$\{\{\s*(.+?)\s*\}\}", group)) == names


def test_a_cancelled_run_gives_no_comment() -> None:
    """It has uploaded nothing; the run that cancelled it will."""
    condition = read(REPOSITORY / ".github/workflows/comment.yaml")["jobs"]["comment"]["if"]
    assert condition == (
        "github.event.workflow_run.event == 'pull_request' && "
        "github.event.workflow_run.conclusion != 'cancelled'"
    )


@each_workflow
def test_credentials_of_a_checkout_are_not_left_behind(workflow: Path) -> None:
    for step in list_steps(workflow):
        if "actions/checkout@" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False


@each_workflow
def test_no_expression_becomes_part_of_a_script(workflow: Path) -> None:
    """Titles, branches and comments reach scripts as variables, which a shell never reads as commands."""
    assert [step["run"] for step in list_steps(workflow) if "${{" in step.get("run", "")] == []


@each_workflow
def test_every_command_line_is_one_that_the_program_takes(workflow: Path) -> None:
    # With the program's own settings: click remembers with a command how its help is asked for.
    program = click.Context(app, info_name="modelsync", **app.context_settings)
    for words in list_command_lines(workflow):
        command = app.get_command(program, words[0])
        assert command is not None, words
        command.make_context(words[0], list(words[1:]), parent=program)


def test_the_command_lines_are_found_where_they_are() -> None:
    found = {words[0] for workflow in WORKFLOWS for words in list_command_lines(workflow)}
    assert found >= {"validate", "plan", "comment", "pin", "answer"}


@pytest.mark.parametrize(
    ("forge", "sent"), [("https://forge.example.com", True), ("https://other.example.com", False)]
)
def test_the_bot_pushes_with_its_token_and_to_its_forge_alone(tmp_path: Path, forge: str, sent: bool) -> None:
    bot = REPOSITORY / ".github/workflows/bot.yaml"
    (step,) = (step for step in list_steps(bot) if "modelsync bot" in step.get("run", ""))
    told, _ = step["run"].splitlines()
    asked = subprocess.run(
        ["bash", "-c", f"{told}; git credential fill"],
        input="protocol=https\nhost=forge.example.com\n\n",
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "GIT_TERMINAL_PROMPT": "0",
            "HELPER": step["env"]["HELPER"],
            "GITHUB_SERVER_URL": forge,
            "GITHUB_TOKEN": "t0ken",
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ("username=x-access-token\npassword=t0ken\n" in asked.stdout) is sent


def test_a_merge_queue_is_served() -> None:
    for name in ("validate", "tests"):
        assert "merge_group" in read(REPOSITORY / f".github/workflows/{name}.yaml")[True]
    records = (REPOSITORY / ".github/workflows/records.yaml").read_text(encoding="utf-8")
    assert '["pull_request", "merge_group"]' in records


def test_the_comment_is_made_of_what_the_untrusted_job_uploads() -> None:
    (upload,) = find_steps("validate", "actions/upload-artifact@")
    (download,) = find_steps("comment", "actions/download-artifact@")
    assert (upload["with"]["name"], upload["with"]["path"]) == (
        download["with"]["name"],
        download["with"]["path"],
    )
    (plan,) = (
        step
        for step in list_steps(REPOSITORY / ".github/workflows/validate.yaml")
        if "plan" in step.get("run", "")
    )
    for file in (COMMENT, NUMBER):
        assert f"$RUNNER_TEMP/review/{file}" in plan["run"]


@each_workflow
def test_every_job_ends_by_itself(workflow: Path) -> None:
    assert [name for name, job in read(workflow)["jobs"].items() if "timeout-minutes" not in job] == []


def test_tests_run_on_every_python_that_the_package_allows() -> None:
    matrix = read(REPOSITORY / ".github/workflows/tests.yaml")["jobs"]["tests"]["strategy"]["matrix"]
    text = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    bounds = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', text)
    assert bounds is not None
    assert matrix["python"] == [f"3.{minor}" for minor in range(int(bounds[1]), int(bounds[2]))]


def test_ci_runs_what_make_test_runs_and_hides_nothing() -> None:
    script = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")
    commands = [line for line in script.splitlines() if line and not line.startswith("#")]
    assert commands == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "make test", "exec make test-faults"]
