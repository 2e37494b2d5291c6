"""`modelsync comment` and `modelsync answer` as workflows run them, at a real Gitea with a real registry."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.cli.app import run
from reconciler.clients.forge.interface import (
    Forge,
    ForgeAccess,
    ForgeConflict,
    NewFile,
    NewPullRequest,
    PullRequest,
)
from reconciler.clients.forge.remote import find_forge
from reconciler.report.comment import MARKER
from reconciler.state.outcomes import Outcome
from scripts.local_cluster.gitea import Account, GiteaServer
from tests.integration.mlflow_fixtures import SharedMlflow
from tests.support.forge import People, make_repository
from tests.support.git_servers import Repository, find_free_port
from tests.support.waiting import wait_until

Command = Callable[..., tuple[Outcome, str, str]]

MODEL = 'registeredModel: wine-quality\nowners: ["@wine-team"]\nserving: {server: mlflow, protocol: v2}\n'
BRANCH = "release/wines"
RECORD = "models/wines/versions/1.yaml"


@pytest.fixture
def name(forge_server: GiteaServer, people: People) -> str:
    return make_repository(forge_server, people)


@pytest.fixture
def work(forge_server: GiteaServer, people: People, name: str, tmp_path: Path) -> Repository:
    """A clone of the main branch that has the commits of the others, as a workflow's checkout has them."""
    repository = Repository(tmp_path / "work")
    repository.commit("wines", **{"models/wines/model.yaml": MODEL})
    repository.git("checkout", "--quiet", "-b", BRANCH)
    repository.commit("v1 comes", **{"models/wines/notes.md": "v1\n"})
    repository.git("checkout", "--quiet", "main")
    repository.git("remote", "add", "origin", forge_server.git_address(people.ada, name))
    repository.git("push", "--quiet", "--all", "origin")
    return repository


@pytest.fixture
def forge(forge_server: GiteaServer, people: People, name: str) -> Forge:
    """As Ada's bot sees it."""
    environment = {"GITEA_SERVER_URL": forge_server.address, "GITEA_TOKEN": people.ada.token}
    return find_forge(f"{forge_server.address}/{name}.git", ForgeAccess(), environment)


@pytest.fixture
def pull(work: Repository, forge: Forge) -> PullRequest:
    return forge.open_pull_request(
        NewPullRequest(title="wines: v1", body="Because.", source=BRANCH, target="main")
    )


@pytest.fixture
def modelsync(
    work: Repository,
    forge_server: GiteaServer,
    people: People,
    mlflow_server: SharedMlflow,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    """Runs a command line in the clone, with the bot's token; its outcome, stdout and stderr."""
    token = tmp_path / "token"
    token.write_text(people.ada.token, encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    forge = ("--forge", "gitea", "--forge-url", forge_server.address, "--forge-token-file", str(token))

    def call(*arguments: str, uri: str = mlflow_server.uri) -> tuple[Outcome, str, str]:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        outcome = run([*arguments, *forge, "-C", str(work.path)])
        out, err = capsys.readouterr()
        return outcome, out, err

    return call


@pytest.fixture
def ask(modelsync: Command, tmp_path: Path) -> Command:
    """Has somebody comment, and the command answer."""

    def call(
        who: str, number: int, body: str = "/modelsync pin wines v1", **rest: str
    ) -> tuple[Outcome, str, str]:
        event = tmp_path / "event.json"
        told = {"issue": {"number": number}, "comment": {"body": body, "user": {"login": who}}}
        event.write_text(json.dumps(told), encoding="utf-8")
        return modelsync("answer", str(event), **rest)

    return call


def read_answer(forge: Forge, number: int) -> str:
    return forge.list_comments(number)[-1].body


def read_branch(work: Repository, path: str) -> str:
    work.git("fetch", "--quiet", "origin")
    return work.git("ls-tree", "--name-only", f"origin/{BRANCH}", path)


class TestAnswer:
    @pytest.mark.parametrize("who", ["ada", "bob"], ids=["the author", "another"])
    def test_the_record_is_committed_to_the_branch(
        self, ask: Command, work: Repository, forge: Forge, pull: PullRequest, who: str
    ) -> None:
        outcome, _, err = ask(who, pull.number)
        assert (outcome, err) == (Outcome.DONE, "")
        assert read_branch(work, RECORD) == RECORD
        head = forge.read_pull_request(pull.number).head
        said = read_answer(forge, pull.number)
        assert said.startswith(f"wines v1 is pinned, with commit {head[:7]} on this branch. Next: ")
        assert f"wrote {RECORD}" in said
        message = work.git("log", "-1", "--format=%B", f"origin/{BRANCH}")
        assert message.startswith("Pin wines v1\n\nwines v1: run ")
        assert message.endswith(f"Asked for by {who} in #{pull.number}.")

        # Nothing was checked out; what is there already is compared and not written.
        assert work.git("status", "--porcelain") == ""
        assert ask(who, pull.number)[0] is Outcome.DONE
        assert read_answer(forge, pull.number).startswith("wines v1 is pinned already.")
        assert forge.read_pull_request(pull.number).head == head

    def test_people_without_rights_get_a_reason_and_no_record(
        self, ask: Command, work: Repository, forge: Forge, pull: PullRequest
    ) -> None:
        assert ask("eve", pull.number)[0] is Outcome.REFUSED
        assert read_answer(forge, pull.number).startswith("Nothing was pinned: only people who may write to")
        assert ask("nobody-of-that-name", pull.number)[0] is Outcome.REFUSED
        assert read_branch(work, RECORD) == ""

    def test_to_have_opened_the_pull_request_is_no_right_to_write(
        self, ask: Command, forge_server: GiteaServer, people: People, name: str, work: Repository
    ) -> None:
        environment = {"GITEA_SERVER_URL": forge_server.address, "GITEA_TOKEN": people.bob.token}
        bobs = find_forge(f"{forge_server.address}/{name}.git", ForgeAccess(), environment)
        pull = bobs.open_pull_request(
            NewPullRequest(title="wines: v1", body="", source=BRANCH, target="main")
        )
        assert (pull.author, pull.source_repository) == ("bob", name)
        forge_server.demand("DELETE", f"/repos/{name}/collaborators/bob", account=people.ada)

        assert ask("bob", pull.number)[0] is Outcome.REFUSED
        assert read_branch(work, RECORD) == ""

    def test_nothing_is_pushed_to_a_fork(
        self,
        ask: Command,
        forge_server: GiteaServer,
        people: People,
        name: str,
        work: Repository,
        forge: Forge,
    ) -> None:
        number = self.open_from_fork(forge_server, people.eve, name)
        assert ask("eve", number)[0] is Outcome.REFUSED
        said = read_answer(forge, number)
        assert f"comes from eve/{name.partition('/')[2]}, and nothing is pushed" in said
        assert "modelsync pin wines 1 and adds the record" in said

    def open_from_fork(self, forge_server: GiteaServer, who: Account, name: str) -> int:
        fork = forge_server.demand("POST", f"/repos/{name}/forks", {}, account=who)["full_name"]
        # After the first push a repository is called empty for a moment, and takes no pull request.
        wait_until(
            lambda: not forge_server.demand("GET", f"/repos/{name}")["empty"] or None,
            "the forge saw the push",
        )
        file = {"branch": "main", "new_branch": "mine", "content": "djEK", "message": "v1 comes"}
        forge_server.demand("POST", f"/repos/{fork}/contents/models/wines/notes.md", file, account=who)
        new = {"title": "wines: v1", "head": f"{who.name}:mine", "base": "main"}
        number = forge_server.demand("POST", f"/repos/{name}/pulls", new, account=who)["number"]
        assert isinstance(number, int)
        return number

    def test_a_registry_that_is_down_is_an_answer_that_names_no_server(
        self, ask: Command, work: Repository, forge: Forge, pull: PullRequest
    ) -> None:
        port = find_free_port()
        outcome, _, err = ask("ada", pull.number, uri=f"http://127.0.0.1:{port}")
        assert (outcome, str(port) in err) == (Outcome.UNDECIDED, True)
        said = read_answer(forge, pull.number)
        assert said.startswith("The registry could not be asked, so nothing was pinned.")
        assert "127.0.0.1" not in said
        assert read_branch(work, RECORD) == ""

    def test_what_cannot_be_pinned_is_said(
        self, ask: Command, work: Repository, forge: Forge, pull: PullRequest
    ) -> None:
        for words, said in (
            ("wines v99", "has no version 99 of wine-quality; newest is "),
            ("wine v1", "models/wine/ does not exist."),
            ("wines champion", "This is not understood."),
            ("wines v1; id", "This is not understood."),
        ):
            outcome, _, _ = ask("ada", pull.number, f"/modelsync pin {words}")
            assert outcome in (Outcome.FINDINGS, Outcome.CONFIGURATION)
            assert said in read_answer(forge, pull.number)
            assert "127.0.0.1" not in read_answer(forge, pull.number)
        assert read_branch(work, RECORD) == ""

    def test_a_pull_request_that_is_closed(self, ask: Command, forge: Forge, pull: PullRequest) -> None:
        forge.close_pull_request(pull.number)
        assert ask("ada", pull.number)[0] is Outcome.REFUSED
        assert read_answer(forge, pull.number) == "This pull request is closed. Nothing was pinned.\n"

    def test_other_comments_are_left_alone(self, ask: Command, forge: Forge, pull: PullRequest) -> None:
        assert ask("ada", pull.number, "Looks good")[0] is Outcome.DONE
        assert forge.list_comments(pull.number) == ()

    def test_a_file_that_is_there_is_never_replaced(self, forge: Forge, pull: PullRequest) -> None:
        new = NewFile(branch=BRANCH, path="models/wines/new.md", content=b"v1\n", message="v1")
        forge.add_file(new)
        with pytest.raises(ForgeConflict):
            forge.add_file(new)


class TestComment:
    @pytest.fixture
    def show(self, modelsync: Command, pull: PullRequest, tmp_path: Path) -> Command:
        """Uploads a comment and has it shown."""

        def call(text: str, number: int = pull.number, head: str = pull.head) -> tuple[Outcome, str, str]:
            folder = tmp_path / "review"
            folder.mkdir(exist_ok=True)
            (folder / "pull-request").write_text(f"{number}\n", encoding="utf-8")
            (folder / "comment.md").write_text(f"{MARKER} head={head} -->\n{text}", encoding="utf-8")
            return modelsync("comment", str(folder), "--head", head)

        return call

    @pytest.mark.covers("B35")
    def test_one_comment_is_edited_and_nothing_in_it_has_an_effect(
        self, show: Command, forge: Forge, pull: PullRequest, forge_server: GiteaServer, name: str
    ) -> None:
        outcome, out, _ = show("### ✅ pass: no environment changes\n")
        assert (outcome, "comment added, status modelsync/plan: success." in out) == (Outcome.DONE, True)

        assert show("### ❌ fail: @bob <img src=x> [here](http://evil.example)\n")[0] is Outcome.DONE
        (comment,) = forge.list_comments(pull.number)
        assert "### ❌ fail: @\u200bbob &lt;img src=x> \\[here\\](http:\u200b//evil.example)" in comment.body
        statuses = forge_server.demand("GET", f"/repos/{name}/commits/{pull.head}/statuses")
        last = max(statuses, key=lambda status: int(status["id"]))
        assert (last["context"], last["status"]) == ("modelsync/plan", "failure")

    def test_the_pull_request_of_somebody_else_gets_nothing(
        self, show: Command, forge: Forge, pull: PullRequest
    ) -> None:
        outcome, out, _ = show("### ✅ pass: all is well\n", head="0" * 40)
        assert (outcome, "so nothing was written" in out) == (Outcome.DONE, True)
        assert forge.list_comments(pull.number) == ()
