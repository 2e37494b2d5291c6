"""What a forge promises, asked of a real Gitea; GitHub's own shapes are in test_forge_github.py."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.clients.forge.interface import (
    ChangedFile,
    FileChange,
    ForgeAccess,
    ForgeConflict,
    ForgeError,
    ForgeNotFound,
    ForgeRefused,
    ForgeUnreachable,
    NewPullRequest,
    PullRequest,
    PullState,
    Status,
    StatusState,
    Verdict,
)
from reconciler.clients.forge.remote import find_forge
from reconciler.clients.forge.reviews import find_approvers
from reconciler.clients.forge.sticky import Kept, keep_comment
from reconciler.clients.forge.transport import Patience
from reconciler.pipeline.history.approvals import read_approvals
from reconciler.state.outcomes import Outcome
from scripts.local_cluster.gitea import Account, GiteaServer
from tests.support.answering import ManualClock
from tests.support.forge import TITLE, People, Scene, make_repository, make_scene
from tests.support.git_servers import find_free_port, serve_silence
from tests.support.proxy import Drop, Proxy, Reply, Request
from tests.support.waiting import wait_until

MARKER = "<!-- modelsync:plan -->"
# In the repository that tests share, each takes a branch of its own; a push for each would cost a second.
BRANCHES = tuple(f"release/shared-{each:02}" for each in range(40))


@pytest.fixture
def scene(forge_server: GiteaServer, people: People, tmp_path: Path) -> Scene:
    """A repository of one's own."""
    return make_scene(forge_server, people, tmp_path)


@pytest.fixture(scope="module")
def branches(
    forge_server: GiteaServer, people: People, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    """The repository that tests share, branch by branch."""
    shared = make_scene(forge_server, people, tmp_path_factory.mktemp("shared"), *BRANCHES)
    return iter([replace(shared, source=branch) for branch in BRANCHES])


@pytest.fixture
def shared(branches: Iterator[Scene]) -> Scene:
    """A branch of one's own in a repository that others use, too."""
    return next(branches)


class TestPullRequests:
    def test_one_is_opened_right_after_a_repositorys_first_push(self, scene: Scene) -> None:
        opened = scene.open()

        assert opened == PullRequest(
            number=1,
            title=TITLE,
            body="Because.",
            state=PullState.OPEN,
            author="ada",
            source="release/wines",
            source_repository=scene.name,
            head=scene.work.git("rev-parse", "release/wines"),
            target="main",
            base=scene.work.git("rev-parse", "main"),
            address=f"{scene.server.address}/{scene.name}/pulls/1",
            files=opened.files,
        )

    def test_it_is_found_by_its_branches(self, shared: Scene) -> None:
        opened = shared.open()
        forge = shared.forge()

        found = forge.find_open(shared.source, "main")
        assert found is not None
        assert found.number == opened.number
        assert forge.find_open(shared.source, "other") is None
        assert forge.find_open("release/prices", "main") is None

    def test_a_second_one_of_the_same_branches_is_a_conflict(self, shared: Scene) -> None:
        shared.open()

        with pytest.raises(ForgeConflict, match=f"a pull request from {shared.source} into main"):
            shared.open()

    def test_a_branch_that_is_not_there_is_not_found(self, shared: Scene) -> None:
        new = NewPullRequest(title="t", body="", source="release/nothing", target="main")

        with pytest.raises(ForgeNotFound, match="release/nothing into main"):
            shared.forge().open_pull_request(new)

    def test_a_forks_branch_of_the_same_name_is_not_taken_for_ours(self, scene: Scene) -> None:
        eve = scene.people.eve
        fork = scene.server.demand("POST", f"{scene.path}/forks", {}, account=eve)["full_name"]
        body = {"title": "mine", "head": "eve:release/wines", "base": "main"}
        wait_until(
            lambda: scene.server.call("POST", f"{scene.path}/pulls", body, account=eve)[0] == 201,
            "the fork has its branches",
        )
        forge = scene.forge()

        (theirs,) = forge.list_open()
        assert (theirs.author, theirs.source_repository) == ("eve", fork)
        assert forge.find_open("release/wines", "main") is None
        assert scene.open().source_repository == scene.name

        # Nor ours for the fork's.
        assert forge.find_open("release/wines", "main", fork) == theirs
        assert forge.find_open("release/wines", "main", "bob/models") is None
        forge.close_pull_request(theirs.number)
        assert forge.find_open("release/wines", "main", fork) is None
        again = scene.forge(eve).open_pull_request(replace(scene.new, fork=fork))
        assert (again.author, again.source_repository, again.source) == ("eve", fork, "release/wines")

    def test_title_and_body_are_written_anew_and_what_is_not_named_stays(self, shared: Scene) -> None:
        number, forge = shared.open().number, shared.forge()

        assert forge.update_pull_request(number, title="production/wines: v6").body == "Because."
        updated = forge.update_pull_request(number, body="More.")
        assert (updated.title, updated.body) == ("production/wines: v6", "More.")

    def test_one_that_is_closed_is_no_longer_found_and_closing_it_again_changes_nothing(
        self, scene: Scene
    ) -> None:
        number, forge = scene.open().number, scene.forge()

        assert forge.close_pull_request(number).state is PullState.CLOSED
        assert forge.close_pull_request(number).state is PullState.CLOSED
        assert forge.list_open() == ()
        assert forge.read_pull_request(number).state is PullState.CLOSED

    def test_all_open_ones_are_listed_over_pages(self, scene: Scene) -> None:
        branches = [f"release/m{each}" for each in range(3)]
        scene.work.git(
            "push", "--quiet", "origin", *(f"release/wines:refs/heads/{name}" for name in branches)
        )
        forge = scene.forge(patience=Patience(items=2))
        for branch in branches:
            forge.open_pull_request(NewPullRequest(title=branch, body="", source=branch, target="main"))

        assert [pull.source for pull in forge.list_open()] == branches

    def test_a_merge_of_a_head_that_moved_is_refused_and_one_of_the_present_head_is_seen(
        self, scene: Scene
    ) -> None:
        opened = scene.open()
        moved = scene.push(**{"wines.yaml": "v3: 80\nv5: 20\n"})
        forge = scene.forge()
        wait_until(lambda: forge.read_pull_request(1).head == moved, "the forge sees the push")

        assert scene.merge(1, opened.head) == 409
        assert forge.read_pull_request(1).state is PullState.OPEN
        assert scene.merge(1, moved) == 200
        merged = forge.read_pull_request(1)
        scene.work.git("fetch", "--quiet", "origin")
        assert merged.state is PullState.MERGED
        assert merged.merged == scene.work.git("rev-parse", "origin/main")

    def test_an_empty_repository_has_none(self, forge_server: GiteaServer, people: People) -> None:
        name = make_repository(forge_server, people)
        environment = {"GITEA_SERVER_URL": forge_server.address, "GITEA_TOKEN": people.ada.token}

        forge = find_forge(f"{forge_server.address}/{name}", ForgeAccess(), environment)
        assert forge.list_open() == ()

    def test_an_unknown_one_is_not_found(self, shared: Scene) -> None:
        with pytest.raises(ForgeNotFound, match=f"does not know pull request 9999 of {shared.name}"):
            shared.forge().read_pull_request(9999)


class TestComments:
    def test_all_of_them_are_listed_oldest_first(self, shared: Scene) -> None:
        number, forge = shared.open().number, shared.forge(patience=Patience(items=2))
        bodies = [f"comment {each}" for each in range(5)]
        for body in bodies:
            forge.add_comment(number, body)

        assert [comment.body for comment in forge.list_comments(number)] == bodies

    def test_one_is_edited_in_its_place_and_removed(self, shared: Scene) -> None:
        number, forge = shared.open().number, shared.forge()
        first, second = forge.add_comment(number, "one"), forge.add_comment(number, "two")

        edited = forge.edit_comment(first.id, "one, better: ü – ×")
        assert (edited.id, edited.author) == (first.id, "ada")
        assert [each.body for each in forge.list_comments(number)] == ["one, better: ü – ×", "two"]
        forge.delete_comment(second.id)
        forge.delete_comment(second.id)
        assert [each.id for each in forge.list_comments(number)] == [first.id]

    def test_a_pull_request_without_comments_has_none(self, shared: Scene) -> None:
        assert shared.forge().list_comments(shared.open().number) == ()


class TestStickyComment:
    def test_it_is_added_left_alone_and_edited_in_its_place(self, shared: Scene) -> None:
        number, forge = shared.open().number, shared.forge()
        forge.add_comment(number, "What will this do?")

        added = keep_comment(forge, number, MARKER, f"{MARKER}\nv5: 10 %\n")
        same = keep_comment(forge, number, MARKER, f"{MARKER}\nv5: 10 %\n")
        edited = keep_comment(forge, number, MARKER, f"{MARKER}\nv5: 20 %\n")

        assert [added.done, same.done, edited.done] == [Kept.ADDED, Kept.UNCHANGED, Kept.EDITED]
        assert added.comment.id == same.comment.id == edited.comment.id
        assert [each.body.strip() for each in forge.list_comments(number)] == [
            "What will this do?",
            f"{MARKER}\nv5: 20 %",
        ]

    def test_somebody_elses_copy_of_the_marker_is_not_ours(self, shared: Scene) -> None:
        number, forge = shared.open().number, shared.forge()
        theirs = shared.forge(shared.people.eve).add_comment(number, f"{MARKER}\nAll is well.")

        added = keep_comment(forge, number, MARKER, f"{MARKER}\nv5: 10 %")

        assert added.done is Kept.ADDED
        assert [(each.id, each.author) for each in forge.list_comments(number)] == [
            (theirs.id, "eve"),
            (added.comment.id, "ada"),
        ]

    def test_a_remark_that_quotes_the_marker_is_none(self, shared: Scene) -> None:
        number, forge = shared.open().number, shared.forge()
        forge.add_comment(number, f"I wonder about {MARKER}")

        assert keep_comment(forge, number, MARKER, f"{MARKER}\nv5").done is Kept.ADDED

    def test_of_two_that_were_added_at_once_the_older_stays(self, shared: Scene) -> None:
        number, forge = shared.open().number, shared.forge()
        older = forge.add_comment(number, f"{MARKER}\none run")
        forge.add_comment(number, f"{MARKER}\nanother run")

        kept = keep_comment(forge, number, MARKER, f"{MARKER}\none run")

        assert kept.done is Kept.EDITED
        assert [each.id for each in forge.list_comments(number)] == [older.id]

    def test_one_that_was_removed_is_added_anew(self, shared: Scene) -> None:
        number, forge = shared.open().number, shared.forge()
        first = keep_comment(forge, number, MARKER, f"{MARKER}\nv5").comment
        forge.delete_comment(first.id)

        assert keep_comment(forge, number, MARKER, f"{MARKER}\nv5").done is Kept.ADDED

    def test_a_body_without_its_marker_would_never_be_found_again(self, shared: Scene) -> None:
        with pytest.raises(ValueError, match="does not begin with its marker"):
            keep_comment(shared.forge(), 1, MARKER, "v5")


class TestStatuses:
    def test_a_protected_branch_takes_nothing_before_the_status_that_it_asks_for(self, scene: Scene) -> None:
        opened, forge = scene.open(), scene.forge()
        rule = {
            "rule_name": "main",
            "enable_status_check": True,
            "status_check_contexts": ["modelsync"],
            # Even for administrators, which the one that merges here is.
            "block_admin_merge_override": True,
        }
        scene.server.demand("POST", f"{scene.path}/branch_protections", rule, account=scene.people.ada)

        forge.set_status(opened.head, Status(name="modelsync", state=StatusState.FAILURE))
        assert scene.merge(1, opened.head) == 405
        passed = Status(
            name="modelsync",
            state=StatusState.SUCCESS,
            description="x" * 200,
            address="https://example.com/run",
        )
        forge.set_status(opened.head, passed)

        seen = scene.server.demand("GET", f"{scene.path}/commits/{opened.head}/statuses?sort=recentupdate")
        assert {
            (each["status"], each["context"], each["description"], each["target_url"]) for each in seen
        } >= {("success", "modelsync", f"{'x' * 139}…", "https://example.com/run")}
        assert scene.merge(1, opened.head) == 200

    def test_a_commit_that_the_forge_does_not_have_is_none_to_speak_of(self, scene: Scene) -> None:
        status = Status(name="modelsync", state=StatusState.SUCCESS)

        # Gitea fails of it (500), which it may well do of other things.
        with pytest.raises(ForgeError, match="of commit 000000000000"):
            scene.forge(clock=ManualClock()).set_status("0" * 40, status)


class TestReviews:
    def test_an_approval_counts_until_the_next_push(self, shared: Scene) -> None:
        opened, forge = shared.open(), shared.forge()
        assert find_approvers(opened, forge.list_reviews(opened.number)) == ()
        shared.review(shared.people.bob, opened.number, "APPROVED", opened.head)

        (review,) = forge.list_reviews(opened.number)
        assert (review.author, review.verdict, review.revision) == ("bob", Verdict.APPROVED, opened.head)
        assert find_approvers(forge.read_pull_request(opened.number), [review]) == ("bob",)

        moved = shared.push(**{"wines.yaml": "v3: 10\nv5: 90\n"})
        wait_until(lambda: forge.read_pull_request(opened.number).head == moved, "the forge sees the push")
        assert find_approvers(forge.read_pull_request(opened.number), forge.list_reviews(opened.number)) == ()

    def test_whoever_asks_for_changes_afterwards_approves_no_more(self, shared: Scene) -> None:
        opened, forge = shared.open(), shared.forge()
        shared.review(shared.people.bob, opened.number, "APPROVED", opened.head)
        shared.review(shared.people.bob, opened.number, "COMMENT", opened.head)
        assert find_approvers(opened, forge.list_reviews(opened.number)) == ("bob",)
        shared.review(shared.people.bob, opened.number, "REQUEST_CHANGES", opened.head)

        assert find_approvers(opened, forge.list_reviews(opened.number)) == ()

    def test_an_approval_that_was_dismissed_counts_no_more(self, shared: Scene) -> None:
        opened, forge = shared.open(), shared.forge()
        shared.review(shared.people.bob, opened.number, "APPROVED", opened.head)
        (made,) = shared.server.demand("GET", f"{shared.path}/pulls/{opened.number}/reviews")
        dismissals = f"{shared.path}/pulls/{opened.number}/reviews/{made['id']}/dismissals"
        shared.server.demand("POST", dismissals, {"message": "too soon"})

        assert [review.verdict for review in forge.list_reviews(opened.number)] == [Verdict.DISMISSED]
        assert find_approvers(opened, forge.list_reviews(opened.number)) == ()

    def test_the_approval_of_somebody_without_rights_is_read_and_does_not_count(self, shared: Scene) -> None:
        opened, forge = shared.open(), shared.forge()
        shared.review(shared.people.eve, opened.number, "APPROVED", opened.head)

        (review,) = forge.list_reviews(opened.number)
        assert (review.author, review.verdict, review.counts) == ("eve", Verdict.APPROVED, False)
        assert find_approvers(opened, [review]) == ()


class TestMerged:
    def test_a_commit_leads_to_the_pull_request_that_brought_it_and_to_whoever_approved_that(
        self, scene: Scene
    ) -> None:
        opened, forge = scene.open(), scene.forge()
        scene.review(scene.people.bob, opened.number, "APPROVED", opened.head)
        assert forge.find_merged(opened.head, "main") is None
        assert scene.merge(opened.number, opened.head) == 200
        scene.work.git("fetch", "--quiet", "origin")
        main = scene.work.git("rev-parse", "origin/main")

        merged = forge.find_merged(main, "main")
        assert merged is not None
        assert (merged.number, merged.state, merged.merged) == (1, PullState.MERGED, main)
        assert find_approvers(merged, forge.list_reviews(merged.number)) == ("bob",)

        # What comes to the branch afterwards is no part of what was approved.
        moved = scene.push(**{"wines.yaml": "v3: 10\nv5: 90\n"})
        wait_until(lambda: forge.read_pull_request(1).head == moved, "the forge sees the push")
        found = forge.find_merged(main, "main")
        assert found is not None
        assert found.head == opened.head

    def test_what_was_merged_into_another_branch_did_not_bring_it_to_this_one(self, scene: Scene) -> None:
        scene.work.git("push", "--quiet", "origin", "main:stable")
        forge = scene.forge()
        opened = forge.open_pull_request(replace(scene.new, target="stable"))
        assert scene.merge(opened.number, opened.head) == 200
        scene.work.git("fetch", "--quiet", "origin")
        brought = scene.work.git("rev-parse", "origin/stable")
        scene.work.git("push", "--quiet", "origin", f"{brought}:main")

        assert forge.find_merged(brought, "main") is None
        found = forge.find_merged(brought, "stable")
        assert found is not None
        assert found.number == opened.number

    def test_one_whose_last_commit_is_gone_leaves_only_its_own_commit_unknown(self, scene: Scene) -> None:
        opened, forge = scene.open(), scene.forge()
        scene.review(scene.people.bob, opened.number, "APPROVED", opened.head)
        assert scene.merge(opened.number, opened.head) == 200
        gone = forge.read_pull_request(opened.number).merged
        scene.work.git("fetch", "--quiet", "origin")
        scene.work.git("branch", "release/later", gone)
        later = replace(scene, source="release/later")
        later.push(**{"wines.yaml": "v5: 100\n"})
        other = later.open()
        assert scene.merge(other.number, other.head) == 200
        brought = forge.read_pull_request(other.number).merged
        # Both the branch and the forge's own name for it, as after a restore that left those out.
        scene.work.git("push", "--quiet", "--delete", "origin", scene.source)
        kept = scene.server.folder / "repositories" / f"{scene.name}.git"
        scene.work.git("--git-dir", str(kept), "update-ref", "-d", f"refs/pull/{opened.number}/head")

        with pytest.raises(ForgeConflict, match=f"keeps no last commit of pull request {opened.number} of "):
            forge.find_merged(gone, "main")
        told = read_approvals(forge, [gone, brought], "main")
        assert "keeps no last commit" in told.find(gone).unknown
        assert told.find(brought).number == other.number
        assert told.outcome is Outcome.UNDECIDED

    def test_of_commits_put_on_top_one_by_one_only_the_last_leads_to_it(self, scene: Scene) -> None:
        scene.push(**{"wines.yaml": "v3: 80\nv5: 20\n"})
        opened, forge = scene.open(), scene.forge()
        assert scene.merge(opened.number, opened.head, "rebase") == 200
        scene.work.git("fetch", "--quiet", "origin")
        earlier, last = (scene.work.git("rev-parse", name) for name in ("origin/main~1", "origin/main"))

        found = forge.find_merged(last, "main")
        assert found is not None
        assert found.number == opened.number
        assert forge.find_merged(earlier, "main") is None
        told = read_approvals(forge, [last, earlier], "main")
        assert "no pull request into main that became this commit" in told.find(earlier).unknown
        assert told.outcome is Outcome.DONE

    def test_an_answer_that_does_not_say_that_it_was_merged_as_the_commit_is_none(self, scene: Scene) -> None:
        opened = scene.open()
        assert scene.merge(opened.number, opened.head) == 200
        main = scene.forge().read_pull_request(opened.number).merged
        answer = scene.server.demand("GET", f"{scene.path}/commits/{main}/pull")
        changes: list[dict[str, object]] = [{"merged_at": None}, {"merge_commit_sha": "0" * 40}, {}]

        def change(request: Request) -> Reply | None:
            if not request.path.endswith("/pull"):
                return None
            return Reply(status=200, body=json.dumps({**answer, **changes.pop(0)}).encode())

        with Proxy(scene.server.address, change) as proxy:
            forge = scene.forge(address=proxy.uri)
            assert forge.find_merged(main, "main") is None
            assert forge.find_merged(main, "main") is None
            assert forge.find_merged(main, "main") is not None

    def test_a_commit_without_one_has_none(self, scene: Scene) -> None:
        assert scene.forge().find_merged(scene.work.git("rev-parse", "main"), "main") is None
        assert scene.forge().find_merged("0" * 40, "main") is None

    def test_of_a_repository_that_is_hidden_nothing_is_concluded(self, scene: Scene) -> None:
        scene.server.demand("PATCH", scene.path, {"private": True}, account=scene.people.ada)

        with pytest.raises(ForgeNotFound, match="or hides it from this caller"):
            scene.forge(scene.people.eve).find_merged(scene.work.git("rev-parse", "main"), "main")


class TestChangedFiles:
    def test_each_says_what_becomes_of_it(self, shared: Scene) -> None:
        shared.work.git("checkout", "--quiet", shared.source)
        shared.work.git("mv", "old.yaml", "new.yaml")
        shared.work.git("rm", "--quiet", "gone.yaml")
        shared.push(**{"ü/added file.yaml": "v: 1\n"})
        number = shared.open().number

        assert shared.forge().list_changed_files(number) == (
            ChangedFile(path="gone.yaml", change=FileChange.REMOVED),
            ChangedFile(path="new.yaml", change=FileChange.RENAMED, previous="old.yaml"),
            ChangedFile(path="wines.yaml", change=FileChange.MODIFIED),
            ChangedFile(path="ü/added file.yaml", change=FileChange.ADDED),
        )

    def test_all_are_listed_over_pages(self, shared: Scene) -> None:
        shared.push(**{f"environments/e{each:03}.yaml": "v: 1\n" for each in range(120)})
        number = shared.open().number

        assert len(shared.forge().list_changed_files(number)) == 121

    def test_a_list_that_was_cut_is_none(self, shared: Scene) -> None:
        shared.push(**{"more.yaml": "v: 1\n"})
        number = shared.open().number

        def cut(request: Request) -> Reply | None:
            if not request.path.endswith("/files"):
                return None
            body = b'[{"filename": "more.yaml", "status": "added"}]'
            return Reply(status=200, body=body, headers={"X-Total-Count": "1"})

        with Proxy(shared.server.address, cut) as proxy:
            forge = shared.forge(address=proxy.uri)
            with pytest.raises(ForgeUnreachable, match="lists 1 of the 2 files"):
                forge.list_changed_files(number)


class TestFailures:
    def test_a_token_that_is_not_accepted_is_refused_and_not_shown(self, shared: Scene) -> None:
        forge = shared.forge(Account(name="nobody", token="5ecret" * 6))

        with pytest.raises(ForgeRefused, match=r"does not accept the credentials .*GITEA_TOKEN") as caught:
            forge.open_pull_request(shared.new)
        assert "5ecret" not in str(caught.value)
        assert "5ecret" not in repr(forge)

    def test_missing_rights_are_refused(self, shared: Scene) -> None:
        status = Status(name="modelsync", state=StatusState.SUCCESS)
        head = shared.work.git("rev-parse", "main")

        with pytest.raises(ForgeRefused, match="its token lacks a right"):
            shared.forge(shared.people.eve).set_status(head, status)

    def test_a_repository_that_is_hidden_is_not_found(self, scene: Scene) -> None:
        scene.server.demand("PATCH", scene.path, {"private": True}, account=scene.people.ada)

        with pytest.raises(ForgeNotFound, match="or hides it from this caller"):
            scene.forge(scene.people.eve).list_open()

    def test_a_forge_that_is_not_there_is_unreachable(self, shared: Scene) -> None:
        address, clock = f"http://127.0.0.1:{find_free_port()}", ManualClock()

        with pytest.raises(ForgeUnreachable, match="could not be connected to"):
            shared.forge(address=address, clock=clock).list_open()
        assert len(clock.slept) == 2

    def test_a_forge_that_is_killed_between_two_questions_is_unreachable(self) -> None:
        with GiteaServer() as server:
            ada = server.make_account("ada")
            server.demand("POST", "/user/repos", {"name": "models"}, account=ada)
            environment = {"GITEA_SERVER_URL": server.address, "GITEA_TOKEN": ada.token}
            forge = find_forge(
                f"{server.address}/ada/models", ForgeAccess(), environment, sleep=ManualClock().sleep
            )
            assert forge.list_open() == ()
            server.stop()

            with pytest.raises(ForgeUnreachable, match="asked for pull requests of ada/models"):
                forge.list_open()

    def test_a_forge_that_hangs_is_unreachable(self, shared: Scene) -> None:
        with serve_silence() as port:
            forge = shared.forge(address=f"http://127.0.0.1:{port}", patience=Patience(timeout=0.2, tries=1))
            with pytest.raises(ForgeUnreachable, match="did not answer within"):
                forge.list_open()

    def test_a_question_is_asked_again_where_the_forge_fails_for_a_moment(self, shared: Scene) -> None:
        opened = shared.open()

        def fail_once(request: Request) -> Reply | None:
            return Reply(status=502, body=b"<html>") if request.number == 1 else None

        with Proxy(shared.server.address, fail_once) as proxy:
            forge = shared.forge(address=proxy.uri, clock=ManualClock())
            assert opened.number in {pull.number for pull in forge.list_open()}

    @pytest.mark.parametrize("fault", [Drop(), Reply(status=504)], ids=["no answer", "a gateway's answer"])
    def test_a_comment_whose_answer_is_lost_is_not_written_twice(
        self, shared: Scene, fault: Drop | Reply
    ) -> None:
        number = shared.open().number

        with Proxy(shared.server.address, after=lambda _: fault) as proxy:
            forge = shared.forge(address=proxy.uri, clock=ManualClock())
            with pytest.raises(ForgeUnreachable, match="it may have been done all the same") as caught:
                forge.add_comment(number, "once")
        assert caught.value.unseen
        assert [each.body for each in shared.forge().list_comments(number)] == ["once"]

    def test_a_sticky_comment_whose_answer_was_lost_is_found_by_the_next_run(self, shared: Scene) -> None:
        number = shared.open().number

        def lose(request: Request) -> Drop | None:
            return Drop() if request.method == "POST" else None

        with Proxy(shared.server.address, after=lose) as proxy:
            forge = shared.forge(address=proxy.uri, clock=ManualClock())
            with pytest.raises(ForgeUnreachable):
                keep_comment(forge, number, MARKER, f"{MARKER}\nv5")

        kept = keep_comment(shared.forge(), number, MARKER, f"{MARKER}\nv5")
        assert kept.done is Kept.UNCHANGED
        assert len(shared.forge().list_comments(number)) == 1

    def test_an_answer_that_is_too_large_is_not_read_to_its_end(self, shared: Scene) -> None:
        number = shared.open().number
        forge = shared.forge(patience=Patience(size=100))

        with pytest.raises(ForgeUnreachable, match="answered with more than 100 bytes"):
            forge.read_pull_request(number)

    @pytest.mark.parametrize(
        "body",
        [b"<html>hello</html>", b"{}", b'{"number": "1"}', b'{"head": null, "number": 1, "state": "open"}'],
    )
    def test_a_server_that_is_no_such_forge_is_refused(self, shared: Scene, body: bytes) -> None:
        with Proxy(shared.server.address, lambda _: Reply(status=200, body=body)) as proxy:
            forge = shared.forge(address=proxy.uri)
            with pytest.raises(ForgeRefused, match="in a form that its API does not have"):
                forge.read_pull_request(1)

    def test_a_redirection_is_not_followed_lest_the_token_go_there(self, shared: Scene) -> None:
        with Proxy(shared.server.address) as elsewhere:
            moved = {"Location": f"{elsewhere.uri}/api/v1/user"}
            with Proxy(shared.server.address, lambda _: Reply(status=307, headers=moved)) as proxy:
                forge = shared.forge(address=proxy.uri)
                with pytest.raises(ForgeRefused, match="redirects .* which is not followed"):
                    forge.list_open()
        assert elsewhere.requests == []


def test_the_token_goes_with_every_request_and_nowhere_else(shared: Scene) -> None:
    token = shared.people.ada.token
    number = shared.open().number
    with Proxy(shared.server.address) as proxy:
        forge = shared.forge(address=proxy.uri)
        forge.list_open()
        keep_comment(forge, number, MARKER, f"{MARKER}\nv5")

    seen: list[Mapping[str, str]] = [request.headers for request in proxy.requests]
    assert {headers["authorization"] for headers in seen} == {f"token {token}"}
    assert not any(token in request.target or token.encode() in request.body for request in proxy.requests)
