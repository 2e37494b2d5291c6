"""How edits are written, committed and refused, on real git, whichever command makes them."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from reconciler.cli.app import app, run
from reconciler.state.outcomes import Outcome
from tests.support.shop import Shop
from tests.unit.cli.desk import WINES, Desk


class TestWriting:
    def test_without_a_terminal_nothing_is_written_unless_told(self, desk: Desk) -> None:
        outcome, _, err = desk.run("traffic", "staging/wines", "v1=70", "v2=30")
        assert outcome is Outcome.CONFIGURATION
        assert "nobody can be asked here" in err
        assert desk.status() == ""

    def test_a_dry_run_shows_the_changed_lines_alone(self, desk: Desk) -> None:
        outcome, out, err = desk.run("traffic", "staging/wines", "v1=70", "v2=30", "--dry-run")
        assert outcome is Outcome.DONE
        assert err == ""
        assert out.startswith(f"--- a/{WINES}\n+++ b/{WINES}\n@@ ")
        changed = [line for line in out.splitlines()[2:] if line[0] in "+-"]
        assert changed == ["-    traffic: 90", "+    traffic: 70", "-    traffic: 10", "+    traffic: 30"]
        assert desk.status() == ""

    def test_a_commit_leaves_the_work_tree_and_says_what_speaks_for_it(self, desk: Desk) -> None:
        (desk.shop.folder / "models/wines/versions/3.yaml").rename(desk.shop.folder / "3.yaml")
        desk.shop.commit("Not pinned yet")
        (desk.shop.folder / "3.yaml").rename(desk.shop.folder / "models/wines/versions/3.yaml")
        (desk.shop.folder / "models/notes.md").write_text("mine")
        before = desk.status()
        outcome, out, err = desk.run("release", "staging/wines", "v3", "--commit", "--yes")
        assert outcome is Outcome.DONE, out + err
        branch = "modelsync/release-staging.wines-v3"
        assert f"on {branch}: {WINES}, models/wines/versions/3.yaml\n" in out
        assert "note: the checks saw uncommitted files that the commit lacks: models/notes.md\n" in err
        assert desk.status() == before
        assert desk.shop.git("branch", "--show-current") == "main\n"
        shown = desk.shop.git("show", "--format=%an <%ae>%n%B", "--name-only", branch)
        assert shown.startswith(
            "Ann <ann@example.com>\n"
            "staging/wines: v3 joins at 10 %, taken from v1 90 → 80 %\n\nwines v3: run 0000"
        )
        assert "  digest    sha256:" in shown
        assert shown.endswith(f"\n{WINES}\nmodels/wines/versions/3.yaml\n")
        assert desk.shop.git("rev-parse", f"{branch}^") == desk.shop.git("rev-parse", "main")
        outcome, _, err = desk.run("release", "staging/wines", "v3", "--commit", "--yes")
        assert outcome is Outcome.CONFIGURATION
        assert f"{branch}: there is such a branch already. Name another with --branch" in err

    def test_a_commit_of_a_file_with_windows_line_ends_changes_no_other_line(self, desk: Desk) -> None:
        desk.shop.write(".gitattributes", "*.yaml text eol=crlf\n")
        desk.shop.commit("Line ends are those of Windows in work trees")
        (desk.shop.folder / WINES).unlink()
        desk.shop.git("checkout", "--", WINES)
        assert b"model: wines\r\n" in (desk.shop.folder / WINES).read_bytes()
        desk.run("traffic", "staging/wines", "v1=70", "v2=30", "--commit", "--branch", "steps", "--yes")
        assert desk.shop.git("diff", "--numstat", "main", "steps").split() == ["2", "2", WINES]

    def test_uncommitted_changes_are_in_the_way_unless_told(self, desk: Desk) -> None:
        mine = desk.read() + "# mine\n"
        desk.shop.write(WINES, mine)
        outcome, _, err = desk.run("traffic", "staging/wines", "v1=70", "v2=30", "--yes")
        assert outcome is Outcome.REFUSED
        assert f"{WINES} has uncommitted changes, so nothing was changed." in err
        assert desk.read() == mine
        assert (
            desk.run("traffic", "staging/wines", "v1=70", "v2=30", "--yes", "--allow-dirty")[0]
            is Outcome.DONE
        )
        assert desk.read() == mine.replace("90", "70").replace("10\n", "30\n")

    def test_a_merge_under_way_is_in_the_way(self, desk: Desk) -> None:
        desk.shop.git("switch", "--quiet", "--create", "other", "HEAD^")
        desk.shop.declare("staging/wines", {3: 100})
        desk.shop.commit("Other")
        with pytest.raises(subprocess.CalledProcessError):
            desk.shop.git("merge", "main")
        desk.shop.declare("staging/wines", {1: 90, 2: 10})
        outcome, _, err = desk.run("traffic", "staging/wines", "v1=70", "v2=30", "--yes", "--allow-dirty")
        assert outcome is Outcome.REFUSED
        assert "a merge is under way in this work tree" in err

    def test_a_faulty_file_is_named_with_its_faults(self, desk: Desk) -> None:
        desk.shop.write(WINES, "model: wines\nvariants:\n  - {version: 1, trafic: 100}\n")
        desk.shop.commit("Slip")
        outcome, _, err = desk.run("traffic", "staging/wines", "v1=100", "--yes")
        assert outcome is Outcome.CONFIGURATION
        assert "staging/wines: its file is faulty; correct that first (modelsync validate)." in err
        assert f"{WINES}:3:18: known-keys" in err

    def test_an_anchor_is_refused_with_its_place(self, desk: Desk) -> None:
        text = (
            "model: wines\nvariants:\n  - {version: 1, traffic: &half 50}\n  - {version: 2, traffic: *half}\n"
        )
        desk.shop.write(WINES, text)
        desk.shop.commit("Halves")
        outcome, _, err = desk.run("traffic", "staging/wines", "v1=70", "v2=30", "--yes")
        assert outcome is Outcome.FINDINGS
        assert err.startswith(f"error: {WINES}:3:27: the value marked &half is repeated by *half")

    def test_without_git_files_are_edited_and_nothing_is_committed(self, desk: Desk) -> None:
        (desk.shop.folder / ".git").rename(desk.shop.folder.parent / "git")
        outcome, _, err = desk.run("traffic", "staging/wines", "v1=70", "v2=30", "--commit", "--yes")
        assert (outcome, "--commit needs a git work tree" in err) == (Outcome.CONFIGURATION, True)
        outcome, _, err = desk.run("traffic", "staging/wines", "v1=70", "v2=30", "--pull-request", "--yes")
        assert (outcome, "--pull-request needs a git work tree" in err) == (Outcome.CONFIGURATION, True)
        outcome, _, err = desk.run("traffic", "staging/wines", "v1=70", "v2=30", "--yes")
        assert outcome is Outcome.DONE
        assert "traffic: 70" in desk.read()
        assert "soak, promotion-order and rollback-served (no commit says what served here)\n" in err

    def test_each_rule_that_is_not_decided_is_told_with_its_own_reason(self, desk: Desk) -> None:
        (desk.shop.folder / ".git").rename(desk.shop.folder.parent / "git")
        gates = "rules: {metric-gates: {rmse: {max: 9, worseBy: 2%}}}"
        desk.shop.add_environment("staging", "wines-staging", gates)
        _, out, err = desk.run("traffic", "staging/wines", "v1=85", "v2=15", "--dry-run")
        lines = err.splitlines()
        (told,) = (line for line in lines if line.startswith("not decided: metric-gates ("))
        assert "rmse" in told
        (others,) = (line for line in lines if line.endswith("(no commit says what served here)"))
        assert "metric-gates" not in others
        assert out.startswith("--- a/")

    def test_a_link_is_not_written_through(self, desk: Desk) -> None:
        file = desk.shop.folder / WINES
        file.rename(file.with_name("real.yaml"))
        file.symlink_to("real.yaml")
        desk.shop.commit("Link")
        outcome, _, err = desk.run("traffic", "staging/wines", "v1=70", "v2=30", "--yes")
        assert outcome is Outcome.CONFIGURATION
        assert f"{WINES} is a symbolic link" in err


class TestTerminal:
    """On a terminal a person is asked."""

    @pytest.mark.parametrize(
        ("answer", "written"), [("y\n", "traffic: 70"), ("n\n", "traffic: 90"), ("\n", "traffic: 90")]
    )
    def test_only_a_yes_writes(self, desk: Desk, answer: str, written: str) -> None:
        own, terminal = pty.openpty()
        os.write(own, answer.encode())
        words = ("traffic", "staging/wines", "v1=70", "v2=30", "-C", str(desk.shop.folder))
        done = subprocess.run(
            [sys.executable, "-m", "reconciler", *words],
            stdin=terminal,
            capture_output=True,
            text=True,
            timeout=60,
        )
        os.close(own)
        os.close(terminal)
        assert done.returncode == 0, done.stderr
        assert "Write? [y/N]: " in done.stderr
        assert written in desk.read()
        assert (("nothing was changed." in done.stdout), ("wrote" in done.stdout)) == (
            answer != "y\n",
            answer == "y\n",
        )


@pytest.mark.parametrize(
    ("typed", "begun", "offered"),
    [
        (["release"], "st", ["staging/wines"]),
        (["rollback"], "", ["production/prices", "staging/wines"]),
        (["retire"], "staging", ["staging", "staging/wines"]),
        (["freeze"], "p", ["production"]),
        (["waive", "soak", "staging/wines"], "prod", ["production", "production/prices"]),
    ],
)
def test_shells_complete_what_the_repository_declares(
    desk: Desk, typed: list[str], begun: str, offered: list[str]
) -> None:
    desk.shop.add_environment("production", "wines-production")
    desk.shop.declare("production/prices", {1: 100})
    shell = ShellComplete(app, {}, "modelsync", "_MODELSYNC_COMPLETE")
    found = shell.get_completions([*typed[:1], "-C", str(desk.shop.folder), *typed[1:]], begun)
    assert sorted(item.value for item in found) == offered


def test_a_repository_without_a_commit_can_be_edited(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = Shop(tmp_path)
    shop.add_environment("staging", "wines-staging")
    shop.declare("staging/wines", {1: 90, 2: 10})
    words = ("traffic", "staging/wines", "v1=70", "v2=30", "--yes", "--allow-dirty", "-C", str(tmp_path))
    assert run([*words]) is Outcome.DONE, capsys.readouterr()


def test_a_branch_needs_a_first_commit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop = Shop(tmp_path)
    words = ("add", "model", "reds", "--owner", "@shop", "--commit", "-C", str(shop.folder))
    assert run([*words]) is Outcome.CONFIGURATION
    assert capsys.readouterr().err.endswith(
        "there is no commit yet to begin a branch at. Make the first one: git add . && git commit\n"
    )
