"""Edits by command as pull requests: the real command, real git and a real forge."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.app import run
from reconciler.state.outcomes import Outcome
from scripts.local_cluster.gitea import Account, GiteaServer
from tests.support.forge import People, make_repository
from tests.support.git_servers import find_free_port
from tests.support.proxy import Proxy, Reply, Request
from tests.support.shop import Shop
from tests.support.waiting import wait_until

WINES = "environments/staging/deployments/wines.yaml"
MOVE = ("traffic", "staging/wines", "v1=70", "v2=30")
BRANCH = "modelsync/traffic-staging.wines-v1-70-v2-30"


class Desk:
    """Ada's clone of her repository, with staging/wines at v1 90 % and v2 10 %; and the command."""

    capsys: pytest.CaptureFixture[str]

    def __init__(self, server: GiteaServer, people: People, folder: Path) -> None:
        self.server, self.people = server, people
        self.name = make_repository(server, people)
        self.shop = Shop(folder / "shop")
        self.shop.add_environment("staging", "wines-staging", "owners: ['@platform']")
        self.shop.declare("staging/wines", {1: 100})
        self.shop.commit("First")
        self.shop.declare("staging/wines", {1: 90, 2: 10}, "# tried since monday\n")
        self.shop.commit("Try v2")
        self.sign(self.shop, "Ada")
        self.shop.git("remote", "add", "origin", server.git_address(people.ada, self.name))
        self.shop.git("push", "--quiet", "origin", "main")
        self.token_file = folder / "token"
        self.token_file.write_text(f"{people.ada.token}\n")

    def sign(self, shop: Shop, name: str) -> None:
        """Whose name commits have that the command makes there."""
        for key, value in (("user.name", name), ("user.email", f"{name.lower()}@example.com")):
            shop.git("config", key, value)

    def run(self, *arguments: str, address: str = "") -> tuple[Outcome, str, str]:
        """Run an edit as a pull request; `address` may be that of a proxy before the forge."""
        access = ("--forge", "gitea", "--forge-url", address or self.server.address)
        options = ("--pull-request", "--yes", *access, "--forge-token-file", str(self.token_file))
        outcome = run([*arguments, *options, "--directory", str(self.shop.folder)])
        out, err = self.capsys.readouterr()
        return outcome, out, err

    def call(self, method: str, path: str, body: Any = None, account: Account | None = None) -> Any:
        return self.server.demand(method, f"/repos/{self.name}{path}", body, account=account)

    def list_open(self) -> list[dict[str, Any]]:
        # Right after the first push the repository is called empty for a moment, and its lists are not found.
        path = f"/repos/{self.name}/pulls?state=open&sort=oldest"

        def look() -> tuple[list[dict[str, Any]]] | None:
            status, found = self.server.call("GET", path)
            return (found,) if status == 200 else None

        return wait_until(look, "the forge has seen the first push")[0]

    def merge(self, number: int) -> None:
        """Merge a pull request, once the forge has judged the last push."""

        def look() -> bool:
            path = f"/repos/{self.name}/pulls/{number}/merge"
            return self.server.call("POST", path, {"Do": "merge"})[0] == 200

        wait_until(look, "the forge merges")

    def read(self, branch: str, path: str = WINES) -> str:
        """A file as the forge has it on a branch."""
        self.shop.git("fetch", "--quiet", "origin", branch)
        return self.shop.git("show", f"FETCH_HEAD:{path}")

    def list_branches(self) -> list[str]:
        """All branches here."""
        return self.shop.git("branch", "--format=%(refname:short)").split()


@pytest.fixture
def desk(
    forge_server: GiteaServer, people: People, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Desk:
    desk = Desk(forge_server, people, tmp_path)
    desk.capsys = capsys
    return desk


@pytest.fixture(scope="module")
def still(forge_server: GiteaServer, people: People, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk of those who leave no trace there."""
    return Desk(forge_server, people, tmp_path_factory.mktemp("still"))


def in_days(days: int) -> str:
    return (datetime.now(timezone.utc) + timedelta(days=days)).date().isoformat()


class TestOpening:
    def test_the_edit_is_committed_pushed_and_proposed_with_what_speaks_for_it(self, desk: Desk) -> None:
        outcome, out, err = desk.run(*MOVE)

        assert outcome is Outcome.DONE, err
        (pull,) = desk.list_open()
        opened = f"opened pull request {pull['number']}: {pull['html_url']}\n"
        assert out.endswith(f": {WINES}\npushed {BRANCH} to origin\n{opened}")
        assert (pull["title"], pull["head"]["ref"], pull["base"]["ref"]) == (
            "staging/wines: v1 90 → 70 % and v2 10 → 30 %",
            BRANCH,
            "main",
        )
        assert "wines v2: run 0000" in pull["body"]
        assert "| `staging/wines` | changed | v2 | 10 % | 30 % |" in pull["body"]
        assert "traffic: 70" in desk.read(BRANCH)
        assert desk.shop.git("rev-parse", f"{BRANCH}^") == desk.shop.git("rev-parse", "main")
        assert desk.shop.git("status", "--porcelain") == ""

    def test_every_edit_can_be_proposed(self, desk: Desk) -> None:
        until = ("--reason", "odd", "--until", in_days(9))
        edits: dict[tuple[str, ...], str] = {
            ("release", "staging/wines", "v3"): "staging/wines: v3 joins at 10 %, taken from v1 90 → 80 %",
            ("rollback", "staging/wines"): "staging/wines: back to v1 100 %, without v2",
            ("hold", "staging/wines", "v2", "--reason", "odd"): "staging/wines: automation skips v2",
            ("freeze", "staging", *until): f"staging: nothing changes until {in_days(9)}",
            ("suspend", "staging/wines", *until): f"staging/wines: sync leaves it alone until {in_days(9)}",
            (
                "waive",
                "max-prune",
                "staging/wines",
                *until,
            ): f"staging/wines: exempt from rule max-prune until {in_days(9)}",
            ("retire", "staging/wines"): "staging/wines: retired; its object is deleted",
        }
        for arguments in edits:
            outcome, out, err = desk.run(*arguments)
            assert outcome is Outcome.DONE, out + err
            assert "opened pull request " in out

        assert [pull["title"] for pull in desk.list_open()] == list(edits.values())

    def test_commits_of_head_that_the_base_lacks_are_told(self, desk: Desk) -> None:
        desk.shop.write("notes.md", "mine\n")
        desk.shop.commit("Notes")

        outcome, _, err = desk.run(*MOVE)

        assert outcome is Outcome.DONE
        assert "note: HEAD has a commit that main lacks; the pull request carries them along.\n" in err

    def test_a_dry_run_asks_nobody(self, desk: Desk) -> None:
        outcome, out, _ = desk.run(*MOVE, "--dry-run", address=f"http://127.0.0.1:{find_free_port()}")

        assert outcome is Outcome.DONE
        assert out.startswith(f"--- a/{WINES}\n")
        assert desk.list_open() == []


class TestForks:
    @pytest.fixture
    def fork(self, desk: Desk) -> str:
        """Eve, who may write nothing, at Ada's clone with a fork of her own as the remote `fork`."""
        eve = desk.people.eve
        # What is forked before the first push is seen stays empty.
        desk.list_open()
        name: str = desk.call("POST", "/forks", {}, account=eve)["full_name"]
        desk.shop.git("remote", "add", "fork", desk.server.git_address(eve, name))
        desk.token_file.write_text(eve.token)
        desk.sign(desk.shop, "Eve")
        path = f"/repos/{name}/branches/main"
        wait_until(lambda: desk.server.call("GET", path)[0] == 200, "the fork has its branches")
        return name

    def test_an_edit_is_pushed_to_the_fork_and_proposed_upstream(self, desk: Desk, fork: str) -> None:
        words = ("--remote", "fork", "--into", "origin", "--branch", "steps")
        outcome, out, err = desk.run(*MOVE, *words)

        assert outcome is Outcome.DONE, err
        (pull,) = desk.list_open()
        assert out.endswith(
            f"pushed steps to fork\nopened pull request {pull['number']}: {pull['html_url']}\n"
        )
        assert (pull["user"]["login"], pull["head"]["repo"]["full_name"], pull["head"]["ref"]) == (
            "eve",
            fork,
            "steps",
        )
        assert "traffic: 70" in desk.shop.git("show", f"steps:{WINES}")
        assert desk.shop.git("ls-remote", "origin", "refs/heads/steps") == ""

        # The second run goes on there, and updates the same one.
        outcome, out, err = desk.run("traffic", "staging/wines", "v1=60", "v2=40", *words)
        assert outcome is Outcome.DONE, err
        assert f"updated pull request {pull['number']}: " in out
        assert [one["title"] for one in desk.list_open()] == ["staging/wines: v1 90 → 60 % and v2 10 → 40 %"]

    @pytest.mark.usefixtures("fork")
    def test_what_cannot_be_is_told_before_anything_is_written(self, desk: Desk) -> None:
        desk.shop.git("remote", "add", "copy", desk.server.git_address(desk.people.eve, "eve/other"))
        for words, said in (
            (("--remote", "fork", "--into", "upstream"), "there is no remote upstream, so no forge to ask."),
            (("--remote", "fork", "--into", "copy"), "have the same owner, by whom forges tell forks apart"),
            (
                ("--remote", "fork", "--into", "origin", "--base", "trunk"),
                "origin: it has no branch trunk to merge into. Name it with --base.",
            ),
        ):
            outcome, _, err = desk.run(*MOVE, *words)
            assert outcome is Outcome.CONFIGURATION, words
            assert said in err
        assert desk.list_branches() == ["main"]
        assert desk.list_open() == []


class TestAgain:
    def test_the_same_edit_changes_nothing(self, desk: Desk) -> None:
        desk.run(*MOVE)
        first = desk.shop.git("rev-parse", BRANCH)

        outcome, out, err = desk.run(*MOVE)

        assert outcome is Outcome.DONE, err
        assert f"{BRANCH} has it already at origin, as {first[:7]}\nleft as it is: pull request " in out
        assert desk.shop.git("rev-parse", BRANCH) == first
        assert len(desk.list_open()) == 1

    def test_another_edit_of_the_same_branch_updates_it_in_its_place(self, desk: Desk) -> None:
        desk.run(*MOVE, "--branch", "steps")
        (before,) = desk.list_open()

        outcome, out, err = desk.run("traffic", "staging/wines", "v1=60", "v2=40", "--branch", "steps")

        assert outcome is Outcome.DONE, err
        (after,) = desk.list_open()
        assert f"updated pull request {before['number']}: " in out
        assert after["number"] == before["number"]
        assert after["title"] == "staging/wines: v1 90 → 60 % and v2 10 → 40 %"
        assert "| `staging/wines` | changed | v2 | 10 % | 40 % |" in after["body"]
        assert desk.shop.git("rev-list", "--count", "main..steps") == "2\n"
        assert "traffic: 60" in desk.read("steps")

    def test_a_main_branch_that_went_on_is_merged_into_it(self, desk: Desk) -> None:
        desk.run(*MOVE, "--branch", "steps")
        desk.shop.declare("staging/wines", {1: 80, 2: 20}, "# tried since monday\n")
        desk.shop.commit("A step")
        desk.shop.git("push", "--quiet", "origin", "main")

        outcome, _, err = desk.run(*MOVE, "--branch", "steps")

        assert outcome is Outcome.DONE, err
        assert desk.shop.git("diff", "--numstat", "main", "steps").split() == ["2", "2", WINES]
        assert desk.shop.git("rev-list", "--count", "steps..main") == "0\n"
        assert desk.list_open()[0]["title"] == "staging/wines: v1 80 → 70 % and v2 20 → 30 %"

    def test_one_that_was_merged_begins_anew(self, desk: Desk) -> None:
        desk.run(*MOVE, "--branch", "steps")
        desk.merge(desk.list_open()[0]["number"])
        desk.shop.git("pull", "--quiet", "--ff-only", "origin", "main")

        outcome, out, err = desk.run("traffic", "staging/wines", "v1=60", "v2=40", "--branch", "steps")

        assert outcome is Outcome.DONE, err
        assert "opened pull request " in out
        assert desk.shop.git("rev-parse", "steps^") == desk.shop.git("rev-parse", "main")
        assert desk.shop.git("rev-list", "--count", "main..steps") == "1\n"

    def test_another_clone_goes_on_where_the_remote_is(self, desk: Desk, tmp_path: Path) -> None:
        desk.run(*MOVE, "--branch", "steps")
        clone = tmp_path / "clone"
        desk.shop.git("clone", "--quiet", desk.server.git_address(desk.people.ada, desk.name), str(clone))
        desk.shop.folder = clone
        desk.sign(desk.shop, "Ada")

        outcome, _, err = desk.run("traffic", "staging/wines", "v1=60", "v2=40", "--branch", "steps")

        assert outcome is Outcome.DONE, err
        assert desk.shop.git("rev-list", "--count", "main..steps") == "2\n"
        assert len(desk.list_open()) == 1

    def test_what_somebody_else_changed_there_is_not_undone(self, desk: Desk) -> None:
        desk.run(*MOVE, "--branch", "steps")
        desk.shop.git("switch", "--quiet", "steps")
        desk.shop.declare("staging/wines", {1: 70, 2: 30}, "serving: {replicas: 2}")
        theirs = desk.shop.commit("Two Pods")
        desk.shop.git("push", "--quiet", "origin", "steps")
        desk.shop.git("switch", "--quiet", "main")

        outcome, _, err = desk.run("traffic", "staging/wines", "v1=60", "v2=40", "--branch", "steps")

        assert outcome is Outcome.CONFIGURATION
        assert "error: steps: shop@example.com changed the same files there, which would be undone." in err
        assert desk.shop.git("rev-parse", "steps").strip() == theirs

    def test_one_that_went_apart_here_and_there_is_left_alone(self, desk: Desk) -> None:
        desk.run(*MOVE, "--branch", "steps")
        desk.shop.git("switch", "--quiet", "--force-create", "steps", "main")
        desk.shop.write("notes.md", "mine\n")
        desk.shop.commit("Notes")
        again = ("traffic", "staging/wines", "v1=60", "v2=40", "--branch", "steps")

        outcome, _, err = desk.run(*again)
        assert outcome is Outcome.CONFIGURATION
        assert "error: steps: it is checked out in " in err
        desk.shop.git("switch", "--quiet", "main")
        outcome, _, err = desk.run(*again)
        assert outcome is Outcome.CONFIGURATION
        assert "error: steps: here and at origin it has different commits." in err


class TestRefusals:
    """What is missing is told before anything is written."""

    @pytest.fixture
    def desk(self, still: Desk, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
        """One desk for all, since none of them may leave a trace."""
        desk = still
        desk.capsys = capsys
        address, token = desk.shop.git("remote", "get-url", "origin"), desk.token_file.read_text()
        yield desk
        desk.shop.git("remote", "set-url", "origin", address.strip())
        desk.token_file.write_text(token)
        assert desk.list_branches() == ["main"]
        assert desk.shop.git("status", "--porcelain") == ""
        assert desk.list_open() == []

    def test_without_a_remote(self, desk: Desk) -> None:
        outcome, _, err = desk.run(*MOVE, "--remote", "upstream")
        assert outcome is Outcome.CONFIGURATION
        assert "there is no remote upstream, so no forge to ask. Add it: git remote add upstream" in err

    def test_without_a_forge(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        desk.shop.git("remote", "add", "elsewhere", "https://git.example.com/ada/models.git")
        words = ("--pull-request", "--remote", "elsewhere", "--yes", "--directory", str(desk.shop.folder))
        assert run([*MOVE, *words]) is Outcome.CONFIGURATION
        assert (
            "error: the forge at git.example.com is of no kind that its name tells" in capsys.readouterr().err
        )

    def test_without_a_token_that_is_accepted(self, desk: Desk) -> None:
        desk.token_file.write_text("5ecret" * 6)
        outcome, _, err = desk.run(*MOVE)
        assert outcome is Outcome.CONFIGURATION
        assert "does not accept the credentials for the name of this caller; check the token" in err
        assert "5ecret" not in err

    def test_without_the_branch_to_merge_into(self, desk: Desk) -> None:
        outcome, _, err = desk.run(*MOVE, "--base", "trunk")
        assert outcome is Outcome.CONFIGURATION
        assert "error: origin: it has no branch trunk to merge into. Name it with --base." in err

    def test_a_forge_that_does_not_answer_is_undecided(self, desk: Desk) -> None:
        outcome, _, err = desk.run(*MOVE, address=f"http://127.0.0.1:{find_free_port()}")
        assert outcome is Outcome.UNDECIDED
        assert err.startswith("undecided: the forge at 127.0.0.1:")

    def test_a_remote_that_does_not_answer_is_undecided(self, desk: Desk) -> None:
        address = f"http://ada:5ecret@127.0.0.1:{find_free_port()}/{desk.name}.git"
        desk.shop.git("remote", "set-url", "origin", address)
        outcome, _, err = desk.run(*MOVE)
        assert outcome is Outcome.UNDECIDED
        assert "origin: git ls-remote did not get through (git: fatal: unable to access" in err
        assert "5ecret" not in err

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("--branch", "main"), "main cannot be merged into itself; name another branch"),
            (("--allow-dirty",), "--pull-request takes what is committed and --allow-dirty what is not"),
        ],
        ids=["itself", "dirty"],
    )
    def test_what_means_nothing_is_a_usage_error(self, desk: Desk, words: tuple[str, ...], said: str) -> None:
        outcome, _, err = desk.run(*MOVE, *words)
        assert outcome is Outcome.CONFIGURATION
        assert said in err


class TestHalfway:
    """What was done stays and is told, and the same command goes on from there."""

    def test_a_push_that_is_refused_leaves_the_commit_here(self, desk: Desk) -> None:
        protection = {"rule_name": "modelsync/**", "enable_push": False}
        desk.call("POST", "/branch_protections", protection, desk.people.ada)

        outcome, out, err = desk.run(*MOVE)

        assert outcome is Outcome.CONFIGURATION
        assert re.search(rf"^committed [0-9a-f]{{7}} on {BRANCH}: ", out, re.MULTILINE)
        assert f"note: the commit stays on {BRANCH}, here only. The same command goes on from there.\n" in err
        assert "error: origin: it does not take the branch." in err
        assert desk.list_open() == []
        desk.call("DELETE", "/branch_protections/modelsync%2F**", account=desk.people.ada)
        assert desk.run(*MOVE)[0] is Outcome.DONE
        assert desk.shop.git("rev-list", "--count", f"main..{BRANCH}") == "1\n"

    def test_a_pull_request_that_is_refused_leaves_the_branch_there(self, desk: Desk) -> None:
        def refuse(request: Request) -> Reply | None:
            return Reply(status=403, body=b"{}") if request.method == "POST" else None

        with Proxy(desk.server.address, refuse) as proxy:
            outcome, out, err = desk.run(*MOVE, address=proxy.uri)

        assert outcome is Outcome.CONFIGURATION
        assert f"pushed {BRANCH} to origin\n" in out
        assert f"note: {BRANCH} is pushed to origin, without a pull request." in err
        assert "its token lacks a right" in err
        outcome, out, _ = desk.run(*MOVE)
        assert outcome is Outcome.DONE
        assert "opened pull request" in out


def test_the_commit_is_the_callers_own_and_credentials_are_in_none_of_it(desk: Desk) -> None:
    outcome, out, err = desk.run(*MOVE)

    assert outcome is Outcome.DONE
    token = desk.people.ada.token
    (pull,) = desk.list_open()
    shown = desk.shop.git("show", "--format=fuller", BRANCH)
    assert "Author:     Ada <ada@example.com>" in shown
    assert not any(token in text for text in (out, err, shown, pull["title"], pull["body"]))
    assert not any(token in os.fsdecode(file) for file in desk.shop.folder.rglob("*"))
