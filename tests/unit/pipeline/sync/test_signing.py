"""What settings say of signatures, and what they must not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.clients.source.interface import Revision
from reconciler.clients.source.local import LocalRepository
from reconciler.pipeline.sync.signing import SIGNERS_FILE, Trust, ask_signatures, read_trust
from reconciler.settings import Settings, SettingsError
from tests.support.git_servers import Repository
from tests.support.signing import commit_signed, make_signer


def test_nothing_is_asked_of_commits_unless_it_is_said() -> None:
    assert read_trust(Settings()) == Trust(mode="off")


def test_a_file_says_who_may_sign_in_place_of_the_repository(tmp_path: Path) -> None:
    signers = tmp_path / "signers"
    signers.write_text("# ours\nada@example.com ssh-ed25519 AAAA\n")

    assert read_trust(Settings(verify_commits="range")) == Trust(mode="range", signers=None)
    assert read_trust(Settings(verify_commits="head", allowed_signers=signers)) == Trust(
        mode="head", signers=signers.read_bytes()
    )


@pytest.mark.parametrize("content", ["", "\n\n", "# nobody\n"])
def test_a_file_that_names_nobody_is_a_mistake(tmp_path: Path, content: str) -> None:
    signers = tmp_path / "signers"
    signers.write_text(content)

    with pytest.raises(SettingsError, match=r"signers \(--allowed-signers\) names nobody"):
        read_trust(Settings(verify_commits="head", allowed_signers=signers))


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        read_trust(Settings(verify_commits="head", allowed_signers=tmp_path / "gone"))


def test_a_file_that_nobody_asks_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--verify-commits head, or range"):
        read_trust(Settings(allowed_signers=tmp_path / "signers"))


def test_one_trust_is_told_from_another() -> None:
    trusts = [
        Trust(mode="off"),
        Trust(mode="head"),
        Trust(mode="range"),
        Trust(mode="range", signers=b""),
        Trust(mode="range", signers=b"ada"),
    ]

    assert len({trust.digest for trust in trusts}) == len(trusts)
    assert Trust(mode="off", signers=b"unused").digest == Trust(mode="off").digest


@pytest.mark.covers("B2", "T12")
def test_who_may_sign_is_changed_by_nobody_who_may_not(tmp_path: Path) -> None:
    """Else a commit that changes the list alone would be applied, and the key in it count from then on."""
    repository = Repository(tmp_path / "work")
    ada, eve = make_signer(tmp_path, "ada@example.com"), make_signer(tmp_path, "eve@example.com")
    base = commit_signed(repository, ada, "Ada", **{SIGNERS_FILE: ada.allow(), "models/a/model.yaml": "a\n"})
    head = commit_signed(repository, eve, "And me", **{SIGNERS_FILE: ada.allow() + eve.allow()})

    def judge(mode: str, head: str) -> list[str]:
        with LocalRepository(repository.path) as source:
            revision = Revision(ref="main", sha=head)
            return [item.message for item in ask_signatures(source, revision, Trust(mode=mode), "x")(base)]

    for mode in ("head", "range"):
        (refused,) = judge(mode, head)
        assert f"1 of 1 commits up to main@sha1:{head} are not signed" in refused
        assert "is signed with a key that may not sign" in refused
    repository.git("reset", "--quiet", "--hard", base)
    approved = commit_signed(repository, ada, "And Eve", **{SIGNERS_FILE: ada.allow() + eve.allow()})
    assert judge("range", approved) == []
