"""GitHub's own paging, limits, errors and fields, as its published OpenAPI description has them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from email.utils import formatdate
from typing import Any

import pytest

from reconciler.clients.cluster.access import Access
from reconciler.clients.forge.github import HEADERS, GitHub
from reconciler.clients.forge.interface import (
    ChangedFile,
    Comment,
    FileChange,
    Forge,
    ForgeAccess,
    ForgeConflict,
    ForgeNotFound,
    ForgeRefused,
    ForgeUnreachable,
    NewFile,
    NewPullRequest,
    PullRequest,
    PullState,
    Review,
    Status,
    StatusState,
    Verdict,
)
from reconciler.clients.forge.remote import find_forge
from reconciler.clients.forge.reviews import find_approvers
from reconciler.clients.forge.sticky import Kept, keep_comment
from reconciler.clients.forge.transport import Patience, Transport
from tests.support.answering import ManualClock
from tests.support.github import GitHubServer, refuse, serve_github
from tests.support.proxy import Reply

NOW = 1_790_000_000.0
MARKER = "<!-- modelsync:plan -->"
NEW = NewPullRequest(title="wines: v5", body="Because.", source="release/wines", target="main")


@pytest.fixture
def github() -> Iterator[GitHubServer]:
    with serve_github(GitHubServer()) as server:
        yield server


def open_forge(
    server: GitHubServer, clock: ManualClock | None = None, patience: Patience | None = None
) -> Forge:
    """The port on github.com's paths; time passes only by sleeping, from NOW on."""
    time = clock or ManualClock()
    transport = Transport(
        Access(server=server.uri, authorization=lambda: "Bearer ghs_5ecret"),
        server="github.com",
        headers=HEADERS,
        patience=patience,
        sleep=time.sleep,
        monotonic=time.monotonic,
        now=lambda: NOW + time.time,
    )
    return GitHub(
        transport,
        "octocat/Hello-World",
        prefix="",
        advice="check the token (GITHUB_TOKEN)",
        secrets=("ghs_5ecret",),
    )


def make_comments(server: GitHubServer, count: int, **over: Any) -> list[dict[str, Any]]:
    """Comments as the description has one, numbered."""
    example = server.example("issues/list-comments")
    return [{**example, "id": number + 1, "body": f"comment {number}", **over} for number in range(count)]


class TestFields:
    def test_a_pull_request(self, github: GitHubServer) -> None:
        github.answers["pulls/get"] = {"state": "open", "merged_at": None, "draft": True}

        assert open_forge(github).read_pull_request(1347) == PullRequest(
            number=1347,
            title="Amazing new feature",
            body="Please pull these awesome changes in!",
            state=PullState.OPEN,
            author="octocat",
            source="new-topic",
            source_repository="octocat/Hello-World",
            head="6dcb09b5b57875f334f61aebed695e2e4193db5e",
            target="master",
            base="6dcb09b5b57875f334f61aebed695e2e4193db5e",
            address="https://github.com/octocat/Hello-World/pull/1347",
            draft=True,
            files=5,
        )

    def test_one_that_is_merged_names_its_commit_and_one_that_is_open_none_of_a_trial_merge(
        self, github: GitHubServer
    ) -> None:
        merged = {"state": "closed", "merged_at": "2026-01-26T19:01:12Z", "merge_commit_sha": "e5bd"}
        github.answers["pulls/get"] = merged
        read = open_forge(github).read_pull_request(1)
        assert (read.state, read.merged) == (PullState.MERGED, "e5bd")

        github.answers["pulls/get"] = {**merged, "state": "open", "merged_at": None}
        read = open_forge(github).read_pull_request(1)
        assert (read.state, read.merged) == (PullState.OPEN, "")

    def test_one_whose_account_and_fork_are_gone(self, github: GitHubServer) -> None:
        head = github.example("pulls/get")["head"]
        github.answers["pulls/get"] = {"user": None, "body": None, "head": {**head, "repo": None}}

        read = open_forge(github).read_pull_request(1)
        assert (read.author, read.body, read.source_repository) == ("", "", "")

    def test_what_is_written_is_as_the_description_has_it(self, github: GitHubServer) -> None:
        forge = open_forge(github)
        forge.open_pull_request(NEW)
        forge.update_pull_request(1, body="More.")
        forge.close_pull_request(1)
        forge.add_comment(1, "one")
        forge.edit_comment(7, "two")
        forge.delete_comment(7)
        forge.set_status("6dcb", Status(name="modelsync", state=StatusState.PENDING, description="x" * 150))

        assert github.bodies == [
            {"title": "wines: v5", "body": "Because.", "head": "release/wines", "base": "main"},
            {"body": "More."},
            {"state": "closed"},
            {"body": "one"},
            {"body": "two"},
            {"context": "modelsync", "state": "pending", "description": f"{'x' * 139}…"},
        ]
        assert github.called == [
            "pulls/create",
            "pulls/update",
            "pulls/update",
            "issues/create-comment",
            "issues/update-comment",
            "issues/delete-comment",
            "repos/create-commit-status",
        ]

    def test_reviews_of_whoever_has_no_part_in_the_repository_do_not_count(
        self, github: GitHubServer
    ) -> None:
        example = github.example("pulls/list-reviews")
        pull = open_forge(github).read_pull_request(1)
        head = pull.head

        def review(number: int, login: str, state: str, **over: Any) -> dict[str, Any]:
            user = {**example["user"], "login": login}
            return {**example, "id": number, "user": user, "state": state, "commit_id": head, **over}

        github.lists["pulls/list-reviews"] = [
            review(1, "bob", "APPROVED", author_association="MEMBER"),
            review(2, "eve", "APPROVED", author_association="NONE"),
            review(3, "ann", "APPROVED", author_association="OWNER", commit_id="ecdd"),
            review(4, "octocat", "APPROVED", author_association="OWNER"),
            review(5, "sue", "CHANGES_REQUESTED", author_association="COLLABORATOR"),
            review(6, "tom", "DISMISSED", author_association="MEMBER"),
            review(7, "bob", "COMMENTED", author_association="MEMBER"),
            review(8, "bob", "PENDING", author_association="MEMBER"),
            review(9, "gone", "APPROVED", author_association="MEMBER", user=None),
        ]
        reviews = open_forge(github).list_reviews(1)

        assert reviews[0] == Review(author="bob", verdict=Verdict.APPROVED, revision=head)
        assert [each.verdict for each in reviews[3:]] == [
            Verdict.APPROVED,
            Verdict.CHANGES_REQUESTED,
            Verdict.DISMISSED,
            Verdict.COMMENTED,
            Verdict.APPROVED,
        ]
        assert find_approvers(pull, reviews) == ("bob",)

    def test_a_commit_leads_to_the_pull_request_that_was_merged_as_it(self, github: GitHubServer) -> None:
        calls = "repos/list-pull-requests-associated-with-commit"
        example = github.example(calls)
        closed = {**example, "state": "closed", "merged_at": "2026-01-26T19:01:12Z"}
        elsewhere = {**example["base"], "ref": "stable"}
        github.lists[calls] = [
            {**closed, "number": 2, "merge_commit_sha": "e5bd", "base": elsewhere},
            {**closed, "number": 3, "merge_commit_sha": "aaaa"},
            {**closed, "number": 4, "merge_commit_sha": "e5bd"},
            {**closed, "number": 5, "merged_at": None, "merge_commit_sha": "e5bd"},
            {**example, "number": 6, "state": "open", "merged_at": None},
        ]
        forge = open_forge(github)

        found = forge.find_merged("e5bd", "master")
        assert found is not None
        assert (found.number, found.state) == (4, PullState.MERGED)
        assert github.called == [calls]

        # Of commits that were put on top of the branch one by one, only the last is named.
        with pytest.raises(ForgeConflict, match=r"several for the pull request of commit 7ad0 .*: 3, 4\."):
            forge.find_merged("7ad0", "master")
        github.lists[calls] = github.lists[calls][:2]
        found = forge.find_merged("7ad0", "master")
        assert found is not None
        assert found.number == 3
        found = forge.find_merged("7ad0", "stable")
        assert found is not None
        assert found.number == 2

    def test_a_commit_that_was_pushed_has_no_pull_request(self, github: GitHubServer) -> None:
        assert open_forge(github).find_merged("e5bd", "master") is None

    def test_changed_files(self, github: GitHubServer) -> None:
        example = github.example("pulls/list-files")
        states = ("added", "copied", "removed", "modified", "changed")
        github.lists["pulls/list-files"] = [
            *({**example, "filename": f"{state}.yaml", "status": state} for state in states),
            {**example, "filename": "new.yaml", "status": "renamed", "previous_filename": "old.yaml"},
        ]
        github.answers["pulls/get"] = {"changed_files": 6}

        assert open_forge(github).list_changed_files(1) == (
            ChangedFile(path="added.yaml", change=FileChange.ADDED),
            ChangedFile(path="changed.yaml", change=FileChange.MODIFIED),
            ChangedFile(path="copied.yaml", change=FileChange.ADDED),
            ChangedFile(path="modified.yaml", change=FileChange.MODIFIED),
            ChangedFile(path="new.yaml", change=FileChange.RENAMED, previous="old.yaml"),
            ChangedFile(path="removed.yaml", change=FileChange.REMOVED),
        )

    @pytest.mark.parametrize(
        ("permission", "may"), [("admin", True), ("write", True), ("read", False), ("none", False)]
    )
    def test_who_may_write(self, github: GitHubServer, permission: str, may: bool) -> None:
        github.answers["repos/get-collaborator-permission-level"] = {"permission": permission}

        assert open_forge(github).may_write("octocat") is may

    def test_whoever_github_does_not_know_may_not_write(self, github: GitHubServer) -> None:
        github.faults = [refuse(404, "ghost is not a user")]

        assert not open_forge(github).may_write("ghost")

    def test_a_new_file_becomes_a_commit(self, github: GitHubServer) -> None:
        new = NewFile(branch="release/wines", path="models/wines/versions/5.yaml", content=b"a", message="v5")

        assert open_forge(github).add_file(new) == "7638417db6d59f3c431d3e1f261cc637155684cd"
        assert github.called == ["repos/create-or-update-file-contents"]
        assert github.bodies == [{"branch": "release/wines", "content": "YQ==", "message": "v5"}]

    def test_a_file_that_is_there_is_a_conflict(self, github: GitHubServer) -> None:
        github.faults = [refuse(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')]
        new = NewFile(branch="main", path="README.md", content=b"", message="again")

        with pytest.raises(ForgeConflict, match="wasn't supplied"):
            open_forge(github).add_file(new)

    def test_files_beyond_those_that_github_lists_leave_it_undecided(self, github: GitHubServer) -> None:
        example = github.example("pulls/list-files")
        github.lists["pulls/list-files"] = [{**example, "filename": f"{each}.yaml"} for each in range(300)]
        github.answers["pulls/get"] = {"changed_files": 3100}

        with pytest.raises(ForgeUnreachable, match="lists 300 of the 3100 files"):
            open_forge(github).list_changed_files(1)


class TestPaging:
    def test_a_list_is_read_as_far_as_links_lead(self, github: GitHubServer) -> None:
        github.lists["issues/list-comments"] = make_comments(github, 250)

        found = open_forge(github).list_comments(1)
        assert [comment.body for comment in found] == [f"comment {number}" for number in range(250)]
        assert github.called == ["issues/list-comments"] * 3

    def test_a_list_of_one_page_is_asked_for_once(self, github: GitHubServer) -> None:
        github.lists["issues/list-comments"] = make_comments(github, 100)

        assert len(open_forge(github).list_comments(1)) == 100
        assert len(github.called) == 1

    def test_a_link_to_another_host_takes_the_token_nowhere(self, github: GitHubServer) -> None:
        github.lists["issues/list-comments"] = make_comments(github, 5)
        with serve_github(GitHubServer()) as elsewhere:
            github.link_host = elsewhere.uri
            assert len(open_forge(github, patience=Patience(items=2)).list_comments(1)) == 5
        assert elsewhere.called == []

    def test_a_list_without_end_is_not_followed_for_ever(self, github: GitHubServer) -> None:
        github.lists["issues/list-comments"] = make_comments(github, 9)

        with pytest.raises(ForgeUnreachable, match="more than 3 pages of comments on pull request 1"):
            open_forge(github, patience=Patience(items=2, pages=3)).list_comments(1)

    def test_what_moves_to_the_next_page_meanwhile_is_counted_once(self, github: GitHubServer) -> None:
        first, second, third = make_comments(github, 3)
        github.lists["issues/list-comments"] = [first, second, second, third]

        assert len(open_forge(github, patience=Patience(items=2)).list_comments(1)) == 3

    def test_open_pull_requests_are_found_by_branch_and_never_those_of_forks(
        self, github: GitHubServer
    ) -> None:
        example = github.example("pulls/list")

        def pull(number: int, owner: str) -> dict[str, Any]:
            repo = {**example["head"]["repo"], "full_name": f"{owner}/Hello-World"}
            return {**example, "number": number, "head": {**example["head"], "repo": repo}}

        github.lists["pulls/list"] = [pull(3, "eve"), pull(4, "Octocat")]
        found = open_forge(github).find_open("new-topic", "master")

        assert found is not None
        assert found.number == 4

    def test_a_pull_request_from_a_fork_names_its_owner_and_is_found_by_it(
        self, github: GitHubServer
    ) -> None:
        example = github.example("pulls/list")
        repo = {**example["head"]["repo"], "full_name": "eve/Hello-World"}
        theirs = {**example, "number": 3, "head": {**example["head"], "repo": repo}}
        github.lists["pulls/list"] = [{**example, "number": 4}, theirs]
        forge = open_forge(github)

        forge.open_pull_request(replace(NEW, fork="eve/Hello-World"))
        found = forge.find_open("new-topic", "master", "Eve/hello-world")

        assert github.bodies == [
            {"title": "wines: v5", "body": "Because.", "head": "eve:release/wines", "base": "main"}
        ]
        assert found is not None
        assert found.number == 3


class TestLimits:
    @pytest.mark.parametrize(
        ("fault", "pause"),
        [
            (
                refuse(
                    403,
                    "API rate limit exceeded for installation.",
                    X_RateLimit_Remaining="0",
                    X_RateLimit_Reset=f"{NOW + 40:.0f}",
                ),
                40,
            ),
            (refuse(429, "API rate limit exceeded", X_RateLimit_Remaining="0", X_RateLimit_Reset="1"), 0),
            (refuse(403, "You have exceeded a secondary rate limit.", Retry_After="30"), 30),
            (refuse(429, "Too many requests", Retry_After=formatdate(NOW + 20, usegmt=True)), 20),
            (refuse(403, "You have exceeded a secondary rate limit. Please wait a few minutes."), 60),
            (refuse(429, "Too many requests"), 60),
            (refuse(503, "Service unavailable", Retry_After="5"), 5),
        ],
        ids=[
            "primary",
            "primary, over",
            "secondary",
            "by date",
            "secondary, untold",
            "untold",
            "maintenance",
        ],
    )
    def test_it_comes_back_when_it_is_told_to(self, github: GitHubServer, fault: Reply, pause: float) -> None:
        github.faults, clock = [fault], ManualClock()

        # Whatever it is: what meets a limit has not been looked at.
        assert open_forge(github, clock).add_comment(1, "once").author == "octocat"
        assert len(clock.slept) == 1
        assert clock.slept[0] == pytest.approx(pause, abs=1)
        assert github.called == ["issues/create-comment"] * 2

    def test_a_limit_of_an_hour_is_not_waited_for(self, github: GitHubServer) -> None:
        reset = f"{NOW + 3000:.0f}"
        github.faults = [refuse(403, "limit", X_RateLimit_Remaining="0", X_RateLimit_Reset=reset)]
        clock = ManualClock()

        with pytest.raises(ForgeUnreachable, match="it wants us back in 3000 s"):
            open_forge(github, clock).list_open()
        assert clock.slept == []

    def test_over_all_requests_no_more_is_waited_than_is_allowed(self, github: GitHubServer) -> None:
        clock = ManualClock()
        forge = open_forge(github, clock, Patience(waits=100))
        limit = refuse(429, "Too many requests", Retry_After="60")
        github.faults = [limit]
        forge.list_comments(1)
        github.faults = [limit]

        with pytest.raises(ForgeUnreachable, match="limits how often it may be asked"):
            forge.list_comments(1)
        assert clock.slept == [60]

    def test_whoever_is_told_to_come_back_at_once_for_ever_ends_in_time(self, github: GitHubServer) -> None:
        github.faults = [refuse(429, "Too many requests", Retry_After="0")] * 1000
        clock = ManualClock()

        with pytest.raises(ForgeUnreachable):
            open_forge(github, clock, Patience(budget=20)).list_open()
        assert clock.time < 20
        assert len(github.called) < 100
        github.faults = []

    def test_a_refusal_with_requests_left_is_no_limit(self, github: GitHubServer) -> None:
        github.faults = [refuse(403, "Resource not accessible by integration", X_RateLimit_Remaining="4999")]

        with pytest.raises(ForgeRefused, match=r"lacks a right \(it says: Resource not accessible by"):
            open_forge(github).add_comment(1, "one")


class TestErrors:
    def test_bad_credentials(self, github: GitHubServer) -> None:
        github.faults = [refuse(401, "Bad credentials: ghs_5ecret\x1b[31m")]

        with pytest.raises(ForgeRefused, match="check the token") as caught:
            open_forge(github).list_open()
        assert "ghs_5ecret" not in str(caught.value)
        assert "\x1b" not in str(caught.value)

    def test_what_is_unknown_or_hidden(self, github: GitHubServer) -> None:
        github.faults = [refuse(404, "Not Found")]

        with pytest.raises(ForgeNotFound, match="pull request 1 of octocat/Hello-World, or hides it"):
            open_forge(github).read_pull_request(1)

    def test_a_second_pull_request_of_the_same_branches(self, github: GitHubServer) -> None:
        told = {
            "message": "Validation Failed",
            "errors": [
                {
                    "resource": "PullRequest",
                    "code": "custom",
                    "message": "A pull request already exists for octocat:release/wines.",
                }
            ],
        }
        github.faults = [Reply(status=422, body=json.dumps(told).encode())]

        with pytest.raises(ForgeConflict, match="Validation Failed; A pull request already exists for"):
            open_forge(github).open_pull_request(NEW)

    def test_a_field_that_is_not_taken(self, github: GitHubServer) -> None:
        errors = [{"resource": "PullRequest", "field": "head", "code": "invalid"}, "and more"]
        told = {"message": "Validation Failed", "errors": errors}
        github.faults = [Reply(status=422, body=json.dumps(told).encode())]

        with pytest.raises(ForgeConflict, match="head invalid; and more"):
            open_forge(github).open_pull_request(NEW)

    def test_a_repository_that_moved(self, github: GitHubServer) -> None:
        github.faults = [refuse(301, "Moved Permanently", Location="https://example.com/x")]

        with pytest.raises(ForgeRefused, match="was the repository renamed"):
            open_forge(github).list_open()

    def test_a_server_error_of_a_question_is_asked_again_and_of_a_new_comment_is_not(
        self, github: GitHubServer
    ) -> None:
        github.faults = [refuse(500, "Server Error"), refuse(502, "Bad Gateway")]
        assert open_forge(github).list_comments(1) == ()
        assert len(github.called) == 3

        github.faults = [refuse(502, "Bad Gateway")]
        with pytest.raises(ForgeUnreachable, match="may have been done all the same"):
            open_forge(github).add_comment(1, "one")
        assert len(github.called) == 4

    def test_what_is_not_understood_is_refused_with_its_words(self, github: GitHubServer) -> None:
        github.faults = [refuse(400, "Problems parsing JSON")]

        with pytest.raises(ForgeRefused, match=r"\(400\) \(it says: Problems parsing JSON\)"):
            open_forge(github).list_open()


class TestStickyComment:
    def test_the_comment_of_a_workflows_own_token_is_found_among_many(self, github: GitHubServer) -> None:
        comments = make_comments(github, 150)
        bot = {**comments[0]["user"], "login": "modelsync[bot]", "type": "Bot"}
        comments[120] |= {"body": f"{MARKER}\r\nv5: 10 %\r\n", "user": bot}
        comments[3] |= {"body": f"{MARKER}\nnot ours"}
        github.lists["issues/list-comments"] = comments
        forge = open_forge(github)

        assert keep_comment(forge, 1, MARKER, f"{MARKER}\nv5: 10 %").done is Kept.UNCHANGED
        assert keep_comment(forge, 1, MARKER, f"{MARKER}\nv5: 20 %").done is Kept.EDITED
        assert github.bodies == [{"body": f"{MARKER}\nv5: 20 %"}]

    def test_a_token_that_says_nothing_of_its_owner_is_refused(self, github: GitHubServer) -> None:
        github.faults = [Reply(status=200, body=b'{"data": null, "errors": [{"message": "no"}]}')]

        with pytest.raises(ForgeRefused, match=r"does not tell the name of this caller.*it says: no"):
            open_forge(github).read_caller()


def test_an_enterprise_host_is_asked_on_its_own_paths() -> None:
    with serve_github(GitHubServer(prefix="/api/v3")) as server:
        server.lists["issues/list-comments"] = make_comments(server, 1)
        host = server.uri.removeprefix("http://")
        environment = {"GH_HOST": host, "GH_ENTERPRISE_TOKEN": "ghp_x", "GITHUB_TOKEN": "for github.com"}
        forge = find_forge(f"{server.uri}/octocat/Hello-World.git", ForgeAccess(), environment)

        assert forge.server == host
        assert forge.read_caller() == "modelsync[bot]"
        assert forge.list_comments(1) == (Comment(id=1, author="octocat", body="comment 0"),)
