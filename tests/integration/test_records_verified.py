"""The check `records-verified`: each changed record against the real MLflow server, said at the forge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.cli.app import run
from reconciler.state.outcomes import Outcome
from tests.integration.mlflow_fixtures import SharedMlflow
from tests.support.git_servers import Repository, find_free_port
from tests.support.github import GitHubServer, serve_github

Check = Callable[..., tuple[Outcome, str, str]]

MODEL = 'registeredModel: wine-quality\nowners: ["@wine-team"]\nserving: {server: mlflow, protocol: v2}\n'
NAME = "records-verified"


@pytest.fixture
def work(tmp_path: Path) -> Repository:
    """A clone of a repository at the forge, with a model on its main branch and no record yet."""
    repository = Repository(tmp_path / "work")
    repository.commit("wines", **{"models/wines/model.yaml": MODEL})
    repository.git("remote", "add", "origin", "https://github.example/wine/models.git")
    repository.git("branch", "base")
    return repository


@pytest.fixture
def github() -> Iterator[GitHubServer]:
    with serve_github(GitHubServer(prefix="/api/v3")) as server:
        yield server


@pytest.fixture
def check(
    work: Repository,
    github: GitHubServer,
    tmp_path: Path,
    mlflow_server: SharedMlflow,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Check:
    """Runs a command line in the clone; its outcome, and what it said on stdout and stderr."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GITHUB_TOKEN", "ghs_5ecret")

    def call(*arguments: str, uri: str = mlflow_server.uri) -> tuple[Outcome, str, str]:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        forge = () if arguments else ("--forge", "github", "--forge-url", github.uri, "--status", NAME)
        outcome = run(["pin", *(arguments or ("--check", "--base", "base")), *forge, "-C", str(work.path)])
        out, err = capsys.readouterr()
        return outcome, out, err

    return call


def list_statuses(github: GitHubServer) -> list[tuple[str, str]]:
    assert {body["context"] for body in github.bodies} == {NAME}
    return [(body["state"], body["description"]) for body in github.bodies]


def test_a_record_as_the_registry_has_it(work: Repository, check: Check, github: GitHubServer) -> None:
    check("wines", "1")
    work.git("add", ".")
    work.commit("wines v1")

    outcome, out, err = check()
    assert (outcome, err) == (Outcome.DONE, "wines v1 is as the registry has it.\n")
    assert out == "wines v1: as recorded in models/wines/versions/1.yaml\n"
    assert list_statuses(github) == [
        ("pending", "the changed records are being compared"),
        ("success", "wines v1 is as the registry has it"),
    ]


@pytest.mark.parametrize(
    ("said", "instead", "told"),
    [
        ("bytes: ", "bytes: 1", "is not the version that was reviewed"),
        ("rmse: ", "rmse: 0.0001 # ", "Take it over: modelsync pin wines 1 --refresh"),
        ("identity:", "identitee:", "is missing or cannot be read"),
    ],
    ids=["another file", "better metrics", "unreadable"],
)
def test_a_record_by_somebodys_hand_is_not_verified(
    work: Repository, check: Check, github: GitHubServer, said: str, instead: str, told: str
) -> None:
    check("wines", "1")
    record = work.path / "models/wines/versions/1.yaml"
    text = record.read_text(encoding="utf-8")
    assert said in text
    work.commit("wines v1", **{"models/wines/versions/1.yaml": text.replace(said, instead, 1)})

    outcome, out, _ = check()
    assert (outcome, told in out) == (Outcome.FINDINGS, True), out
    assert list_statuses(github)[-1] == ("failure", "wines v1 is not what the registry has")


def test_a_record_that_one_of_two_merge_bases_has_is_no_known_one(
    work: Repository, check: Check, github: GitHubServer
) -> None:
    """Branches merged crosswise: to the first of the bases it looks old, and a merge takes it as new."""
    check("wines", "1")
    record = work.path / "models/wines/versions/1.yaml"
    wrong = record.read_text(encoding="utf-8").replace("rmse: ", "rmse: 0.0001 # ", 1)
    work.commit("wines v1", **{"models/wines/versions/1.yaml": wrong})
    work.git("switch", "--quiet", "--create", "without")
    work.git("rm", "--quiet", "models/wines/versions/1.yaml")
    without = work.commit("not so")
    work.git("switch", "--quiet", "main")
    kept = work.commit("words", **{"README.md": "wines\n"})
    # What was merged has no record; it is the tree of one side with the words of the other.
    work.git("switch", "--quiet", "without")
    work.git("merge", "--quiet", "-m", "Merge", kept)
    work.git("branch", "--force", "base", "without")
    work.git("switch", "--quiet", "main")
    work.git("merge", "--quiet", "--strategy=ours", "-m", "Merge crosswise", without)
    work.git("switch", "--quiet", "base")
    work.git("merge", "--quiet", "--no-commit", "main")
    assert record.read_text(encoding="utf-8") == wrong
    work.git("merge", "--abort")
    work.git("switch", "--quiet", "main")

    assert check()[0] is Outcome.FINDINGS
    assert list_statuses(github)[-1] == ("failure", "wines v1 is not what the registry has")


def test_where_no_record_changed_the_registry_may_be_down(
    work: Repository, check: Check, github: GitHubServer
) -> None:
    work.commit("owners", **{"models/wines/model.yaml": MODEL.replace("@wine-team", "@cellar")})
    assert check(uri=f"http://127.0.0.1:{find_free_port()}")[0] is Outcome.DONE
    assert list_statuses(github)[-1] == ("success", "no record changed; the registry was not asked")


def test_what_cannot_be_compared_is_not_verified(
    work: Repository, check: Check, github: GitHubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    check("wines", "1")
    work.git("add", ".")
    work.commit("wines v1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

    assert check(uri=f"http://127.0.0.1:{find_free_port()}")[0] is Outcome.UNDECIDED
    assert list_statuses(github)[-1] == (
        "error",
        "the records could not be compared; the run's log says why",
    )


def test_a_commit_is_read_without_being_checked_out(work: Repository, check: Check) -> None:
    check("wines", "1")
    work.git("add", ".")
    head = work.commit("wines v1")
    work.git("checkout", "-q", "base")

    assert check("--check", "--base", "base")[2] == "no record changed; the registry was not asked.\n"
    assert check("--check", "--base", "base", "--head", head)[2] == "wines v1 is as the registry has it.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--base", "base"),
        ("wines", "--check", "--base", "base"),
        ("--check", "--head", "HEAD"),
        ("--check", "--status", "x"),
    ],
    ids=" ".join,
)
def test_what_does_not_go_together(check: Check, arguments: tuple[str, ...]) -> None:
    assert check(*arguments)[0] is Outcome.CONFIGURATION
