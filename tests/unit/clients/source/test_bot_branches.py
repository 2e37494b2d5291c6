"""The registry bot's branches in real git: what is the bot's own, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.clients.source.bot_branches import BotBranch, BotBranches
from reconciler.clients.source.interface import SourceRefused
from tests.support.git_servers import Repository

BRANCH = "modelsync/bot/production/wines"
FACTS, OTHER = "a" * 64, "b" * 64
FILES = {"environments/production/deployments/wines.yaml": b"model: wines\n"}


@pytest.fixture
def work(tmp_path: Path) -> Repository:
    """A clone whose origin is a bare repository with the same main."""
    work = Repository(tmp_path / "work")
    work.git("config", "user.name", "modelsync bot")
    work.git("config", "user.email", "bot@example.com")
    work.commit("start", **{"README.md": "Models.\n"})
    work.git("remote", "add", "origin", str(work.publish(tmp_path / "origin.git")))
    return work


@pytest.fixture
def branches(work: Repository) -> BotBranches:
    return BotBranches(work.path, "origin", "modelsync/bot/")


def push(branches: BotBranches, message: str = "v5 joins\n", facts: str = FACTS, expected: str = "") -> str:
    made = branches.commit(FILES, message, facts)
    branches.push(BRANCH, made, expected)
    return made


def test_a_commit_tells_what_it_was_made_from(branches: BotBranches) -> None:
    made = push(branches)
    assert branches.look("main") == {BRANCH: BotBranch(head=made, facts=FACTS)}


def test_it_still_does_when_main_went_on(work: Repository, branches: BotBranches) -> None:
    made = push(branches)
    work.commit("more", **{"README.md": "More models.\n"})
    work.git("push", "--quiet", "origin", "main")
    assert branches.look("main") == {BRANCH: BotBranch(head=made, facts=FACTS)}


def test_what_looks_like_it_further_up_is_not_taken_for_it(branches: BotBranches) -> None:
    made = push(branches, f"v5 joins\n\nModelsync-Bot: {OTHER} {'c' * 40}\n\nrun of eve")
    assert branches.look("main")[BRANCH] == BotBranch(head=made, facts=FACTS)


@pytest.mark.parametrize("how", ["amended", "on top"])
def test_what_others_made_of_it_is_not_the_bots(work: Repository, branches: BotBranches, how: str) -> None:
    made = push(branches)
    work.git("checkout", "--quiet", "--detach", made)
    work.write("NOTES.md", "Looked at.\n")
    work.git("add", "--all")
    if how == "amended":
        work.git("commit", "--quiet", "--amend", "--no-edit")
    else:
        work.git("commit", "--quiet", "--message", work.git("log", "-1", "--format=%B"))
    work.git("push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{BRANCH}")
    work.git("checkout", "--quiet", "main")
    assert branches.look("main")[BRANCH].facts == ""


def test_a_push_replaces_only_what_was_seen(branches: BotBranches) -> None:
    first = push(branches)
    second = push(branches, facts=OTHER, expected=first)
    with pytest.raises(SourceRefused, match="Somebody pushed to it meanwhile"):
        push(branches, message="v6 joins\n", expected=first)
    with pytest.raises(SourceRefused, match="Somebody pushed to it meanwhile"):
        branches.remove(BRANCH, first)
    assert branches.look("main") == {BRANCH: BotBranch(head=second, facts=OTHER)}
    branches.remove(BRANCH, second)
    assert branches.look("main") == {}


def test_a_clone_that_is_not_as_the_remote_is_refused(work: Repository, branches: BotBranches) -> None:
    work.commit("here only", **{"README.md": "Mine.\n"})
    with pytest.raises(SourceRefused, match=r"main is [0-9a-f]{7} there, and HEAD here is [0-9a-f]{7}"):
        branches.look("main")
    with pytest.raises(SourceRefused, match="release is not there"):
        branches.look("release")
