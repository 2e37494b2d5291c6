"""Whose approval each change had: asked of GitHub's published shapes, no more often than is said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.clients.forge.interface import Forge, ForgeAccess, ForgeKind
from reconciler.clients.forge.remote import find_forge
from reconciler.pipeline.history.approvals import MOST_ASKED, read_approvals
from reconciler.state.approvals import Approval
from reconciler.state.outcomes import Outcome
from tests.support.answering import ManualClock
from tests.support.github import GitHubServer, refuse, serve_github

PULLS = "repos/list-pull-requests-associated-with-commit"
REVIEWS = "pulls/list-reviews"


@pytest.fixture
def github() -> Iterator[GitHubServer]:
    with serve_github(GitHubServer(prefix="/api/v3")) as server:
        yield server


def open_forge(server: GitHubServer) -> Forge:
    access = ForgeAccess(kind=ForgeKind.GITHUB, address=server.uri)
    return find_forge(f"{server.uri}/octocat/Hello-World.git", access, {}, sleep=ManualClock().sleep)


def bring(server: GitHubServer, *approving: str, revision: str = "") -> None:
    """One pull request, of Octocat's, that brought every commit, and who approved it."""
    pull = server.example(PULLS)
    server.lists[PULLS] = [{**pull, "state": "closed", "merged_at": "2026-01-26T19:01:12Z"}]
    server.lists[REVIEWS] = [
        make_review(server, each, login, revision) for each, login in enumerate(approving)
    ]


def make_review(server: GitHubServer, number: int, login: str, revision: str) -> dict[str, Any]:
    example = server.example(REVIEWS)
    head = server.example(PULLS)["head"]["sha"]
    return {
        **example,
        "id": number,
        "user": {**example["user"], "login": login},
        "commit_id": revision or head,
    }


def test_a_change_has_its_pull_request_and_whoever_approved_its_last_commit(github: GitHubServer) -> None:
    bring(github, "sue", "bob", "octocat")

    found = read_approvals(open_forge(github), ["aaaa", "aaaa"], "master")
    assert found.find("aaaa") == Approval(
        number=1347,
        author="octocat",
        address="https://github.com/octocat/Hello-World/pull/1347",
        approvers=("bob", "sue"),
    )
    assert found.outcome is Outcome.DONE
    assert github.called == [PULLS, REVIEWS]


def test_whoever_approved_an_earlier_commit_is_named_apart(github: GitHubServer) -> None:
    bring(github, "bob", revision="0ld")

    found = read_approvals(open_forge(github), ["aaaa"], "master").find("aaaa")
    assert (found.approvers, found.uncounted) == ((), ("bob",))


def test_of_a_commit_without_a_pull_request_it_is_not_known_who_approved_it(github: GitHubServer) -> None:
    found = read_approvals(open_forge(github), ["aaaa"], "master")
    assert found.find("aaaa") == Approval(
        unknown="the forge knows of no pull request into master that became this commit"
    )
    assert found.outcome is Outcome.DONE


@pytest.mark.parametrize(
    ("ref", "number"),
    [
        ("refs/heads/master", 1347),
        ("origin/master", 1347),
        ("refs/remotes/origin/master", 1347),
        ("v1", None),
    ],
)
def test_only_what_was_merged_into_the_branch_that_was_read_counts(
    github: GitHubServer, ref: str, number: int | None
) -> None:
    bring(github, "bob")

    assert read_approvals(open_forge(github), ["aaaa"], ref).find("aaaa").number == number


def test_a_commit_of_which_the_forge_cannot_tell_leaves_the_others_known(github: GitHubServer) -> None:
    bring(github, "bob")
    github.faults = [refuse(422, "No commit found for SHA: aaaa")]

    found = read_approvals(open_forge(github), ["aaaa", "bbbb"], "master")
    assert "No commit found for SHA: aaaa" in found.find("aaaa").unknown
    assert found.find("bbbb").approvers == ("bob",)
    assert found.outcome is Outcome.UNDECIDED


@pytest.mark.parametrize(
    ("status", "calls", "outcome"), [(500, 3, Outcome.UNDECIDED), (404, 1, Outcome.CONFIGURATION)]
)
def test_a_forge_that_fails_is_asked_no_more(
    github: GitHubServer, status: int, calls: int, outcome: Outcome
) -> None:
    github.faults = [refuse(status, "no")] * 9

    found = read_approvals(open_forge(github), ["aaaa", "bbbb", "cccc"], "master")
    assert found.find("aaaa").unknown == found.find("cccc").unknown != ""
    assert found.outcome is outcome
    assert github.called == [PULLS] * calls
    github.faults = []


def test_of_many_changes_the_newest_are_asked_about(github: GitHubServer) -> None:
    bring(github, "bob")

    found = read_approvals(open_forge(github), [f"{each:040x}" for each in range(MOST_ASKED + 1)], "master")
    assert len(github.called) == 2 * MOST_ASKED
    assert found.find(f"{MOST_ASKED - 1:040x}").approvers == ("bob",)
    assert "--at asks about one" in found.find(f"{MOST_ASKED:040x}").unknown


def test_of_a_commit_that_is_not_at_hand_nothing_is_known(github: GitHubServer) -> None:
    assert read_approvals(open_forge(github), [], "master").find("").unknown
    assert github.called == []
