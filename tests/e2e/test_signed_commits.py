"""Sync where commits must be signed: what comes in, what is refused, and that nobody vouches for oneself."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.pipeline.sync.signing import SIGNERS_FILE
from tests.e2e.conftest import Team
from tests.support.shop import Ended
from tests.support.signing import Signer, make_signer


class Signed:
    """A team, and two people with keys."""

    def __init__(self, team: Team, ada: Signer, eve: Signer) -> None:
        self.team = team
        self.shop = team.shop
        self.ada, self.eve = ada, eve

    def commit(self, signer: Signer | None, message: str = "Change") -> None:
        self.shop.git("add", "--all")
        words = ["commit", "--quiet", "--allow-empty", "--message", message]
        if signer is not None:
            words = ["-c", "gpg.format=ssh", "-c", f"user.signingkey={signer.file}", *words, "-S"]
        self.shop.git(*words)

    def shift(self, share: int, signer: Signer | None) -> None:
        """Commit other shares of wines."""
        self.shop.declare("production/wines", {1: share, 2: 100 - share})
        self.commit(signer, f"{share} percent")

    def sync(self, mode: str, *arguments: str) -> Ended:
        return self.team.sync("--verify-commits", mode, *arguments)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> tuple[Signer, Signer]:
    """Ada and Eve, with their keys."""
    folder = tmp_path_factory.mktemp("keys")
    return make_signer(folder, "ada@example.com"), make_signer(folder, "eve@example.com")


@pytest.fixture
def signed(team: Team, people: tuple[Signer, Signer]) -> Signed:
    """The environment was synced once; only Ada may sign."""
    signed = Signed(team, *people)
    signed.shop.write(SIGNERS_FILE, signed.ada.allow())
    signed.commit(signed.ada, "Who may sign")
    assert team.sync().code == 0
    return signed


def expect_refused(signed: Signed, ended: Ended, words: str, start: int) -> None:
    assert ended.code == 5, ended.out + ended.err
    assert "signed-commits" in ended.out or "not signed by anybody who may" in ended.out
    assert words in ended.out
    writes = [item for item in signed.team.requests(start) if not item.startswith(("get ", "list "))]
    assert [item for item in writes if "seldondeployments" in item] == []
    assert signed.team.shares("wines") == {"v1": 90, "v2": 10}


@pytest.mark.covers("B2", "T12")
@pytest.mark.parametrize("mode", ["head", "range"])
def test_what_somebody_who_may_signed_comes_in(signed: Signed, mode: str) -> None:
    signed.shift(80, signed.ada)
    signed.shift(70, signed.ada)

    assert signed.sync(mode).code == 0
    assert signed.team.shares("wines") == {"v1": 70, "v2": 30}


@pytest.mark.covers("B2")
@pytest.mark.parametrize("mode", ["head", "range"])
def test_an_unsigned_head_is_refused_and_nothing_is_written(signed: Signed, mode: str) -> None:
    signed.shift(80, None)
    start = signed.team.cluster.audit_position()

    expect_refused(signed, signed.sync(mode), "is not signed", start)


@pytest.mark.covers("B2", "T12")
def test_an_unsigned_commit_in_the_middle_is_refused_in_range_mode_alone(signed: Signed) -> None:
    signed.shift(80, None)
    signed.shift(70, signed.ada)
    start = signed.team.cluster.audit_position()

    expect_refused(signed, signed.sync("range"), "1 of 2 commits", start)
    assert signed.sync("head", "--now").code == 0


@pytest.mark.covers("T12")
def test_an_unsigned_commit_that_changes_nothing_of_the_environment_does_not_count(signed: Signed) -> None:
    signed.shop.write("README.md", "words\n")
    signed.commit(None, "Words")
    signed.shift(80, signed.ada)

    assert signed.sync("range").code == 0


@pytest.mark.covers("B2", "T12")
def test_an_unsigned_merge_is_refused(signed: Signed) -> None:
    signed.shop.git("switch", "--quiet", "--create", "side")
    signed.shift(80, signed.ada)
    signed.shop.git("switch", "--quiet", "main")
    signed.shop.git("merge", "--quiet", "--no-ff", "--message", "Merge side", "side")
    start = signed.team.cluster.audit_position()

    expect_refused(signed, signed.sync("range"), "1 of 2 commits", start)


@pytest.mark.covers("B2")
def test_a_key_that_comes_with_the_commits_signs_nothing(signed: Signed) -> None:
    signed.shop.write(SIGNERS_FILE, signed.ada.allow() + signed.eve.allow())
    signed.commit(signed.eve, "I may, too")
    signed.shift(80, signed.eve)
    start = signed.team.cluster.audit_position()

    expect_refused(signed, signed.sync("head"), f"a key that may not sign ({signed.eve.fingerprint})", start)


@pytest.mark.covers("B2")
def test_a_key_counts_from_the_commit_after_the_one_that_brought_it_was_applied(signed: Signed) -> None:
    signed.shop.write(SIGNERS_FILE, signed.ada.allow() + signed.eve.allow())
    signed.commit(signed.ada, "Eve, too")
    assert signed.sync("range").code == 0
    signed.shift(80, signed.eve)

    assert signed.sync("range").code == 0
    assert signed.team.shares("wines") == {"v1": 80, "v2": 20}


@pytest.mark.covers("B2")
def test_an_expired_key_is_refused_by_its_name(signed: Signed, tmp_path: Path) -> None:
    signers = tmp_path / "signers"
    signers.write_text(signed.ada.allow('valid-before="20200101"'))
    signed.shift(80, signed.ada)
    start = signed.team.cluster.audit_position()

    ended = signed.sync("head", "--allowed-signers", str(signers))

    expect_refused(signed, ended, "a key that was not valid at the time of the commit", start)


@pytest.mark.covers("B2")
def test_a_mounted_file_says_who_may_sign_in_place_of_the_repository(signed: Signed, tmp_path: Path) -> None:
    signers = tmp_path / "signers"
    signers.write_text(signed.eve.allow())
    signed.shift(80, signed.eve)

    assert signed.sync("range", "--allowed-signers", str(signers)).code == 0
    assert signed.team.shares("wines") == {"v1": 80, "v2": 20}


@pytest.mark.covers("B2")
def test_before_anything_was_applied_a_file_must_say_who_may_sign(
    team: Team, people: tuple[Signer, Signer]
) -> None:
    new = Signed(team, *people)
    team.shop.write(SIGNERS_FILE, new.ada.allow())
    new.commit(new.ada, "Who may sign")

    refused = team.sync("--verify-commits", "head")
    assert refused.code == 5
    assert "nothing was applied yet" in refused.out
    assert "--allowed-signers FILE" in refused.out
    assert team.live() == {}

    signers = str(team.shop.folder / SIGNERS_FILE)
    assert team.sync("--verify-commits", "head", "--allowed-signers", signers, "--now").code == 0


@pytest.mark.covers("B2")
def test_drift_of_what_was_applied_is_healed_whoever_signed_it(signed: Signed) -> None:
    signed.shift(80, None)
    assert signed.team.sync().code == 0
    signed.team.patch("wines", "/spec/predictors/0/traffic", 50)
    signed.team.patch("wines", "/spec/predictors/1/traffic", 50)

    assert signed.sync("range").code == 0
    assert signed.team.shares("wines") == {"v1": 80, "v2": 20}
