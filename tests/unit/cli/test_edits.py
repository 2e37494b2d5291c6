"""Commands that edit declarations, on real git: what each shows, writes, commits and refuses."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from reconciler.cli.app import app, run
from reconciler.state.outcomes import Outcome
from tests.support.shop import Shop

WINES = "environments/staging/deployments/wines.yaml"
EXCEPTIONS = "environments/staging/exceptions.yaml"
HEADING = "# yaml-language-server: $schema=../../schemas/exceptions.schema.json\n"


class Desk:
    """A repository with staging/wines at v1 100 %, then v1 90 % and v2 10 %; and the command."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.shop = Shop(folder)
        self._capsys = capsys
        self.shop.add_environment("staging", "wines-staging")
        self.shop.declare("staging/wines", {1: 100})
        self.merge("First", 90)
        self.shop.declare("staging/wines", {1: 90, 2: 10}, "# tried since monday\n")
        self.merge("Try v2", 80)
        for key, value in (("user.name", "Ann"), ("user.email", "ann@example.com")):
            self.shop.git("config", key, value)

    def merge(self, subject: str, hours: int) -> None:
        """Commit everything, so many hours ago."""
        moment = datetime.now(timezone.utc) - timedelta(hours=hours)
        self.shop.commit(subject)
        done = {**os.environ, "GIT_COMMITTER_DATE": moment.isoformat(timespec="seconds")}
        identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
        words = ("git", *identity, "commit", "--quiet", "--amend", "--no-edit", "--allow-empty")
        subprocess.run(words, cwd=self.shop.folder, env=done, check=True)

    def run(self, *arguments: str) -> tuple[Outcome, str, str]:
        outcome = run([*arguments, "--directory", str(self.shop.folder)])
        out, err = self._capsys.readouterr()
        return outcome, out, err

    def read(self, path: str = WINES) -> str:
        return (self.shop.folder / path).read_text(encoding="utf-8")

    def status(self) -> str:
        return self.shop.git("status", "--porcelain")


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path / "shop", capsys)


def in_days(days: int) -> str:
    return (datetime.now(timezone.utc) + timedelta(days=days)).date().isoformat()


class TestRelease:
    def test_says_whose_share_was_taken_and_shows_the_plan(self, desk: Desk) -> None:
        before = desk.read()
        outcome, out, err = desk.run("release", "staging/wines", "v3", "--traffic", "20", "--yes")
        assert outcome is Outcome.DONE
        assert out.startswith("staging/wines: v3 joins at 20 %, taken from v1 90 → 70 %.\n")
        assert "staging/wines: v3 new at 20 %, v1 90 → 70 %, v2 stays at 10 %\n" in out
        assert f"wrote {WINES}" in out
        assert err.startswith("next: ")
        added = "    traffic: 10\n  - version: 3\n    traffic: 20\n"
        assert desk.read() == before.replace("90", "70").replace("    traffic: 10\n", added)

    def test_gives_a_tenth_if_nobody_says_how_much(self, desk: Desk) -> None:
        _, out, _ = desk.run("release", "staging/wines", "3", "--yes")
        assert "v3 joins at 10 %, taken from v1 90 → 80 %." in out

    def test_takes_from_the_next_one_when_the_largest_has_not_enough(self, desk: Desk) -> None:
        _, out, _ = desk.run("release", "staging/wines", "v3", "--traffic", "100", "--yes")
        assert "taken from v1 90 → 0 % and v2 10 → 0 %." in out

    def test_takes_from_whom_it_is_told(self, desk: Desk) -> None:
        _, out, _ = desk.run("release", "staging/wines", "v3", "--traffic", "5", "--from", "v2", "--yes")
        assert "v3 joins at 5 %, taken from v2 10 → 5 %." in out
        outcome, _, err = desk.run("release", "staging/wines", "v3", "--from", "v2", "--allow-dirty", "--yes")
        assert (outcome, "v3 is live already, at 5 %" in err) == (Outcome.CONFIGURATION, True)

    def test_adds_a_shadow(self, desk: Desk) -> None:
        outcome, out, _ = desk.run("release", "staging/wines", "v3", "--shadow", "100", "--yes")
        assert outcome is Outcome.DONE
        assert out.startswith(
            "staging/wines: v3 joins as a shadow of 100 % of requests; its answers are dropped."
        )
        assert "  - version: 3\n    shadow: 100\n" in desk.read()

    def test_writes_nothing_that_breaks_a_rule(self, desk: Desk) -> None:
        outcome, out, err = desk.run("release", "staging/wines", "v9", "--yes")
        assert outcome is Outcome.FINDINGS
        assert "error record-exists" in out
        assert err == "nothing was written: no waiver lifts such a rule.\n"
        assert desk.status() == ""

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (
                ("staging/wines", "v1"),
                "v1 is live already, at 90 %. To give it another share: modelsync traffic",
            ),
            (
                ("staging/wines", "v3", "--traffic", "50", "--from", "v2"),
                "50 % is to be taken, and v2 has 10 %.",
            ),
            (("staging/wines", "v3", "--from", "v7"), "there is no live variant v7; there is v1 and v2."),
            (
                ("staging/wine", "v3"),
                'there is no deployment staging/wine; staging has wines. Did you mean "wines"?',
            ),
            (
                ("stagin/wines", "v3"),
                'there is no environment stagin; there is staging. Did you mean "staging"?',
            ),
            (("wines", "v3"), '"wines" is no deployment; write ENV/DEPLOYMENT'),
            (("staging/wines", "v0"), '"v0" is no version; write a number from 1, such as v5.'),
            (("staging/wines", "v3", "--shadow", "5", "--traffic", "5"), "--shadow takes no share"),
            (
                ("staging/wines", "v3", "--branch", "x"),
                "--branch names the branch of a commit; add --commit, or --pull-request.",
            ),
            (("staging/wines", "v3", "--commit", "--allow-dirty"), "--commit takes what is committed"),
            (("staging/wines", "v3", "--base", "main"), "--remote and --base are about a pull request"),
            (("staging/wines", "v3", "--pull-request"), "there is no remote origin, so no forge to ask."),
        ],
    )
    def test_what_cannot_be_is_a_usage_error(self, desk: Desk, arguments: tuple[str, ...], said: str) -> None:
        outcome, _, err = desk.run("release", *arguments, "--yes")
        assert outcome is Outcome.CONFIGURATION
        assert said in err
        assert desk.status() == ""


class TestTraffic:
    def test_changes_the_numbers_alone(self, desk: Desk) -> None:
        before = desk.read()
        outcome, out, _ = desk.run("traffic", "staging/wines", "v1=70", "v2=30", "--yes")
        assert outcome is Outcome.DONE
        assert out.startswith("staging/wines: v1 90 → 70 % and v2 10 → 30 %.\n")
        assert desk.read() == before.replace("90", "70").replace("10\n", "30\n")

    def test_a_variant_at_0_says_that_this_may_change_nothing(self, desk: Desk) -> None:
        _, out, _ = desk.run("traffic", "staging/wines", "v1=100", "v2=0", "--yes")
        assert "v2=0 changes nothing while v2 is not ready" in out
        assert "modelsync rollback staging/wines" in out

    @pytest.mark.parametrize(
        ("shares", "said"),
        [
            (("v1=70",), "would sum to 80 (v1 70, v2 10); it must be 100. v2 keeps its share unless named."),
            (("v1=90", "v2=10"), "its shares are that already (v1 90 %, v2 10 %)"),
            (("v3=100",), "there is no live variant v3; there is v1 and v2."),
            (("v1=101",), '"v1=101" is no share; write VARIANT=PERCENT'),
            (("v1",), '"v1" is no share'),
            (("v1=50", "v1=50"), "v1 is given twice."),
        ],
    )
    def test_what_is_no_set_of_shares_is_a_usage_error(
        self, desk: Desk, shares: tuple[str, ...], said: str
    ) -> None:
        outcome, _, err = desk.run("traffic", "staging/wines", *shares, "--yes")
        assert outcome is Outcome.CONFIGURATION
        assert said in err


class TestRollback:
    def test_goes_back_to_the_set_before_the_challenger_and_holds_it(self, desk: Desk) -> None:
        outcome, out, _ = desk.run("rollback", "staging/wines", "--reason", "answers nonsense", "--yes")
        assert outcome is Outcome.DONE
        assert out.startswith("staging/wines: back to v1 100 %, without v2: as of ")
        assert '("First").\n' in out
        assert "v2 is held, so that automation does not bring it back." in out
        assert desk.read().endswith("variants:\n  - version: 1\n    traffic: 100\n# tried since monday\n")
        held = "holds:\n  - deployment: wines\n    version: 2\n    reason: answers nonsense\n"
        assert desk.read(EXCEPTIONS) == HEADING + held

    def test_goes_back_over_steps_and_a_finished_promotion(self, desk: Desk) -> None:
        hours = 70
        for shares in ({1: 50, 2: 50}, {2: 100}, {2: 90, 3: 10}, {2: 20, 3: 80}):
            desk.shop.declare("staging/wines", shares, "serving: {replicas: 2}")
            desk.merge(f"{shares}", hours := hours - 10)
        _, out, _ = desk.run("rollback", "staging/wines", "--yes")
        assert out.startswith("staging/wines: back to v2 100 %, without v3: as of ")
        desk.shop.commit("Back")
        _, out, _ = desk.run("rollback", "staging/wines", "v1", "--yes")
        assert out.startswith("staging/wines: back to v1 100 %, without v2: as of ")
        shown = "variants:\n  - version: 1\n    traffic: 100\nserving: {replicas: 2}\n"
        assert desk.read() == f"model: wines\n{shown}"

    def test_holds_nothing_twice(self, desk: Desk) -> None:
        desk.run("hold", "staging/wines", "v2", "--reason", "known", "--yes")
        held = desk.read(EXCEPTIONS)
        desk.shop.commit("Hold")
        desk.run("rollback", "staging/wines", "--yes")
        assert desk.read(EXCEPTIONS) == held

    def test_says_where_there_is_no_way_back(self, desk: Desk) -> None:
        outcome, _, err = desk.run("rollback", "staging/wines", "v3", "--yes")
        assert outcome is Outcome.CONFIGURATION
        assert (
            "declares v1 90 % and v2 10 %, and no earlier set without one of them and with v3 is known."
            in err
        )

    def test_a_shallow_clone_is_named(self, desk: Desk, tmp_path: Path) -> None:
        clone = tmp_path / "clone"
        desk.shop.git("clone", "--quiet", "--depth=1", f"file://{desk.shop.folder}", str(clone))
        desk.shop.folder = clone
        outcome, _, err = desk.run("rollback", "staging/wines", "--yes")
        assert outcome is Outcome.CONFIGURATION
        assert "This clone is shallow" in err


class TestExceptions:
    @pytest.mark.parametrize(
        ("arguments", "written"),
        [
            (
                ("hold", "staging/wines", "v2", "--reason", "no", "--until", in_days(9)),
                f'holds:\n  - deployment: wines\n    version: 2\n    reason: "no"\n    until: {in_days(9)}\n',
            ),
            (
                (
                    "freeze",
                    "staging",
                    "--reason",
                    "nobody is here",
                    "--from",
                    in_days(2),
                    "--until",
                    in_days(9),
                ),
                f"freezes:\n  - from: {in_days(2)}\n    until: {in_days(9)}\n    reason: nobody is here\n",
            ),
            (
                ("suspend", "staging/wines", "--reason", "by hand", "--until", f"{in_days(9)}T18:00Z"),
                f"suspensions:\n  - deployment: wines\n    reason: by hand\n    until: {in_days(9)}T18:00Z\n",
            ),
            (
                ("suspend", "staging", "--reason", "upgrade", "--until", in_days(9)),
                f"suspensions:\n  - deployment: all\n    reason: upgrade\n    until: {in_days(9)}\n",
            ),
        ],
        ids=["hold", "freeze", "suspend one", "suspend all"],
    )
    def test_is_written_into_a_new_file(self, desk: Desk, arguments: tuple[str, ...], written: str) -> None:
        outcome, out, _ = desk.run(*arguments, "--yes")
        assert outcome is Outcome.DONE, out
        assert desk.read(EXCEPTIONS) == HEADING + written

    def test_a_waiver_names_rule_objects_and_end(self, desk: Desk) -> None:
        environment = desk.read("environments/staging/environment.yaml")
        desk.shop.write("environments/staging/environment.yaml", environment + "owners: ['@platform']\n")
        desk.shop.commit("Owners")
        arguments = ("waive", "max-prune", "staging/wines", "--reason", "moved", "--until", in_days(9))
        outcome, out, _ = desk.run(*arguments, "--yes")
        assert outcome is Outcome.DONE, out
        assert "It counts once an owner of the rules has approved the change." in out
        shown = "waivers:\n  - rule: max-prune\n    objects: [staging/wines]\n    reason: moved\n"
        assert desk.read(EXCEPTIONS) == f"{HEADING}{shown}    until: {in_days(9)}\n"

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (
                ("freeze", "staging", "--until", "2020-01-01"),
                "--until 2020-01-01 is over; name a moment that comes.",
            ),
            (("freeze", "staging", "--until", "soon"), '--until is "soon"; write a day'),
            (
                ("freeze", "staging", "--from", in_days(9), "--until", in_days(2)),
                f"--from {in_days(9)} is not before --until {in_days(2)}",
            ),
            (("freeze", "stagin", "--until", in_days(2)), 'Did you mean "staging"?'),
            (("suspend", "staging/wine", "--until", in_days(2)), 'Did you mean "wines"?'),
            (("waive", "soak", "models/wines", "--until", in_days(2)), "models/wines is in no environment"),
            (("waive", "soak", "eu/wines", "--until", in_days(2)), "there is no environment eu"),
        ],
    )
    def test_what_means_nothing_is_refused(self, desk: Desk, arguments: tuple[str, ...], said: str) -> None:
        outcome, _, err = desk.run(*arguments, "--reason", "x", "--yes")
        assert outcome is Outcome.CONFIGURATION
        assert said in err
        assert desk.status() == ""

    def test_a_second_hold_of_the_same_version_is_refused(self, desk: Desk) -> None:
        hold = ("hold", "staging/wines", "v2", "--reason", "odd", "--yes")
        assert desk.run(*hold)[0] is Outcome.DONE
        outcome, _, err = desk.run(*hold, "--allow-dirty")
        assert outcome is Outcome.CONFIGURATION
        assert 'v2 is held already ("odd")' in err


class TestRetire:
    def test_a_deployment(self, desk: Desk) -> None:
        before = desk.read()
        outcome, out, _ = desk.run("retire", "staging/wines", "--yes")
        assert outcome is Outcome.DONE, out
        assert "staging/wines: retired, will be deleted (v1 90 % → gone, v2 10 % → gone)" in out
        assert desk.read() == before.replace("# tried", "retire: true\n# tried")
        outcome, _, err = desk.run("retire", "staging/wines", "--allow-dirty", "--yes")
        assert (outcome, "it is retired already" in err) == (Outcome.CONFIGURATION, True)

    def test_an_environment(self, desk: Desk) -> None:
        outcome, out, _ = desk.run("retire", "staging", "--yes")
        assert outcome is Outcome.DONE, out
        assert desk.read("environments/staging/environment.yaml").endswith("]}\nretire: true\n")


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
        branch = "modelsync/release-staging-wines-v3"
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
        assert desk.run("traffic", "staging/wines", "v1=70", "v2=30", "--yes")[0] is Outcome.DONE
        assert "traffic: 70" in desk.read()

    def test_a_link_is_not_written_through(self, desk: Desk) -> None:
        file = desk.shop.folder / WINES
        file.rename(file.with_name("real.yaml"))
        file.symlink_to("real.yaml")
        desk.shop.commit("Link")
        outcome, _, err = desk.run("traffic", "staging/wines", "v1=70", "v2=30", "--yes")
        assert outcome is Outcome.CONFIGURATION
        assert f"{WINES} is a symbolic link" in err


class TestFreezes:
    """A freeze stops changes, and never the way back to what was served before."""

    @pytest.fixture
    def frozen(self, desk: Desk) -> Desk:
        assert (
            desk.run("freeze", "staging", "--reason", "x", "--until", in_days(9), "--yes")[0] is Outcome.DONE
        )
        desk.merge("Freeze", 70)
        return desk

    def test_a_release_waits(self, frozen: Desk) -> None:
        outcome, out, _ = frozen.run("release", "staging/wines", "v3", "--yes")
        assert outcome is Outcome.FINDINGS
        assert "error freeze-kept" in out

    def test_a_rollback_does_not(self, frozen: Desk) -> None:
        outcome, out, _ = frozen.run("rollback", "staging/wines", "--yes")
        assert outcome is Outcome.DONE, out
        assert "freeze-kept" not in out


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
