"""The folder of a job without rights is a claim: what is read of it, and below what it is written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.clients.cluster.access import Access
from reconciler.clients.forge.github import HEADERS, GitHub
from reconciler.clients.forge.transport import Transport
from reconciler.pipeline.refusals import UploadRefused
from reconciler.pipeline.review.comment import COMMENT_BYTES, Run, Shown, Upload, publish, read_upload
from reconciler.report.comment import MARKER
from reconciler.state.reviews import Verdict
from tests.support.github import GitHubServer, serve_github

HEAD = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
"""The last commit of the pull request in the examples of GitHub's description."""

OTHER = "4be2a91" + "0" * 33
TEXT = f"{MARKER} head={HEAD} -->\n### ✅ pass: production/wines v5 new at 10 %\n"


class TestFolder:
    def test_both_files_are_read(self, tmp_path: Path) -> None:
        (tmp_path / "pull-request").write_text("7\n")
        (tmp_path / "comment.md").write_text(TEXT, encoding="utf-8")
        assert read_upload(tmp_path) == Upload(number=7, text=TEXT)

    @pytest.mark.parametrize("number", ["", "0", "-1", "7 8", "7;id", "٧", "1" * 10, "1" * 99, "$(id)"])
    def test_a_number_is_a_number(self, tmp_path: Path, number: str) -> None:
        (tmp_path / "pull-request").write_text(number, encoding="utf-8")
        (tmp_path / "comment.md").write_text(TEXT, encoding="utf-8")
        with pytest.raises(UploadRefused, match="pull-request: "):
            read_upload(tmp_path)

    def test_a_link_is_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "pull-request").write_text("7")
        (tmp_path / "secret").write_text("s3cret")
        (tmp_path / "comment.md").symlink_to(tmp_path / "secret")
        with pytest.raises(UploadRefused, match="plain file"):
            read_upload(tmp_path)

    def test_neither_is_one_in_place_of_the_folder(self, tmp_path: Path) -> None:
        (tmp_path / "there").mkdir()
        (tmp_path / "folder").symlink_to(tmp_path / "there")
        with pytest.raises(UploadRefused, match="plain file"):
            read_upload(tmp_path / "folder")

    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pull-request")
        with pytest.raises(UploadRefused, match="pull-request: is no plain file"):
            read_upload(tmp_path)

    @pytest.mark.parametrize(
        ("content", "said"),
        [(b"x" * (COMMENT_BYTES + 1), "has more than 524288 bytes"), (b"ok\xff", "is not UTF-8 .byte 2.")],
        ids=["too large", "no text"],
    )
    def test_a_comment_is_text_within_bounds(self, tmp_path: Path, content: bytes, said: str) -> None:
        (tmp_path / "pull-request").write_text("7")
        (tmp_path / "comment.md").write_bytes(content)
        with pytest.raises(UploadRefused, match=f"comment.md: {said}"):
            read_upload(tmp_path)

    def test_a_folder_in_place_of_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "pull-request").mkdir()
        with pytest.raises(UploadRefused, match="pull-request: is no plain file"):
            read_upload(tmp_path)

    def test_nothing_there(self, tmp_path: Path) -> None:
        with pytest.raises(UploadRefused, match="No such file"):
            read_upload(tmp_path)


class TestPublishing:
    @pytest.fixture
    def github(self) -> Iterator[GitHubServer]:
        with serve_github(GitHubServer()) as server:
            server.answers["pulls/get"] = {"state": "open", "merged_at": None}
            yield server

    def publish(
        self,
        server: GitHubServer,
        head: str = HEAD,
        source: str = "",
        claimed: str = HEAD,
        verdict: Verdict | None = Verdict.PASS,
    ) -> str:
        transport = Transport(
            Access(server=server.uri, authorization=lambda: "Bearer ghs_5ecret"),
            server="github.com",
            headers=HEADERS,
        )
        forge = GitHub(transport, "octocat/Hello-World", prefix="", advice="check the token", secrets=())
        shown = Shown(text=TEXT, marker=MARKER, head=claimed, verdict=verdict)
        return publish(forge, 1347, Run(head=head, source=source), shown)

    def list_written(self, server: GitHubServer) -> list[str]:
        return [name for name in server.called if name.endswith(("-comment", "-status"))]

    @pytest.mark.parametrize(
        ("verdict", "state"),
        [(Verdict.PASS, "success"), (Verdict.FAIL, "failure"), (Verdict.UNVERIFIED, "pending")],
    )
    def test_the_comment_is_written_and_its_verdict_is_the_status(
        self, github: GitHubServer, verdict: Verdict, state: str
    ) -> None:
        done = self.publish(github, source="Octocat/hello-world", verdict=verdict)
        assert done == (
            f"pull request 1347 of octocat/Hello-World: comment added, status modelsync/plan: {state}."
        )
        status: dict[str, Any] = github.bodies[-1]
        assert (status["context"], status["state"]) == ("modelsync/plan", state)
        assert {"body": TEXT} in github.bodies

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            ({"state": "closed", "merged_at": None}, "is closed, so nothing was written"),
            ({"state": "closed", "merged_at": "2026-01-26T19:01:12Z"}, "is merged, so nothing was written"),
        ],
        ids=["closed", "merged"],
    )
    def test_below_what_is_not_open_nothing_is_written(
        self, github: GitHubServer, answer: dict[str, Any], said: str
    ) -> None:
        github.answers["pulls/get"] = answer
        assert said in self.publish(github)
        assert self.list_written(github) == []

    def test_a_number_of_somebody_elses_pull_request_gains_nothing(self, github: GitHubServer) -> None:
        """Also the fate of a run that a newer commit overtook."""
        done = self.publish(github, head=OTHER, claimed=OTHER)
        assert "its last commit is 6dcb09b5b578, not 4be2a9100000 as of this run" in done
        assert self.list_written(github) == []

    def test_a_run_of_another_repository_that_has_the_same_commit(self, github: GitHubServer) -> None:
        with pytest.raises(UploadRefused, match="comes from octocat/Hello-World, and this run was of eve/w"):
            self.publish(github, source="eve/wines")
        assert self.list_written(github) == []

    @pytest.mark.parametrize("claimed", ["", OTHER], ids=["of no commit", "of another commit"])
    def test_a_comment_about_something_else(self, github: GitHubServer, claimed: str) -> None:
        with pytest.raises(UploadRefused, match="and its run was of 6dcb09b5b578"):
            self.publish(github, claimed=claimed)
        assert github.called == []

    def test_a_comment_without_verdict(self, github: GitHubServer) -> None:
        with pytest.raises(UploadRefused, match="says no verdict"):
            self.publish(github, verdict=None)
        assert github.called == []

    @pytest.mark.parametrize("head", ["main", "", "6dcb09b", HEAD.upper()])
    def test_a_run_is_of_a_commit_by_its_full_name(self, github: GitHubServer, head: str) -> None:
        with pytest.raises(UploadRefused, match="no full name of a commit"):
            self.publish(github, head=head)
        assert github.called == []
