"""Signatures of commits, with real keys: what each is worth, and which commits are asked for one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.clients.source.interface import GitAccess, RevisionNotFound, SignatureState, Source
from reconciler.clients.source.remote import open_repository
from tests.support.git_servers import Repository
from tests.support.signing import Signer, commit_signed, make_signer, sign

FOLDERS = ("models", "environments/production")


@pytest.fixture
def ada(tmp_path: Path) -> Signer:
    return make_signer(tmp_path, "ada@example.com")


@pytest.fixture
def eve(tmp_path: Path) -> Signer:
    return make_signer(tmp_path, "eve@example.com")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "work")
    repository.commit("first", **{"models/wines/model.yaml": "a\n", "environments/production/x.yaml": "a\n"})
    return repository


@pytest.fixture(params=["checkout", "file"])
def source(request: pytest.FixtureRequest, repository: Repository) -> Iterator[Source]:
    """Read where it is, and fetched."""
    path = repository.path
    with open_repository(str(path) if request.param == "checkout" else path.as_uri(), GitAccess()) as source:
        yield source


@pytest.mark.covers("B2")
def test_a_commit_of_somebody_who_may_sign_is_good(
    source: Source, repository: Repository, ada: Signer
) -> None:
    sha = commit_signed(repository, ada)

    found = source.check_signature(sha, ada.allow().encode())

    assert (found.state, found.signer, found.key) == (SignatureState.GOOD, ada.name, ada.fingerprint)


@pytest.mark.covers("B2")
@pytest.mark.parametrize(
    ("options", "state"),
    [
        ("", SignatureState.GOOD),
        ('valid-after="20200101",valid-before="20990101"', SignatureState.GOOD),
        ('namespaces="git,file"', SignatureState.GOOD),
        ('valid-before="20200101"', SignatureState.OUT_OF_DATE),
        ('valid-after="20990101"', SignatureState.OUT_OF_DATE),
        ('namespaces="file"', SignatureState.UNKNOWN_KEY),
    ],
)
def test_a_key_counts_within_its_time_and_for_commits(
    source: Source, repository: Repository, ada: Signer, options: str, state: SignatureState
) -> None:
    sha = commit_signed(repository, ada)

    assert source.check_signature(sha, ada.allow(options).encode()).state is state


@pytest.mark.covers("B2")
@pytest.mark.parametrize("signers", [b"", b"# nobody\n", b"garbage\n", b"ada@example.com ssh-ed25519 AAAA\n"])
def test_nobody_may_sign_where_no_key_is_named(
    source: Source, repository: Repository, ada: Signer, signers: bytes
) -> None:
    found = source.check_signature(commit_signed(repository, ada), signers)

    assert (found.state, found.signer) == (SignatureState.UNKNOWN_KEY, "")
    assert found.key == ada.fingerprint


@pytest.mark.covers("B2")
def test_somebody_elses_key_is_unknown(
    source: Source, repository: Repository, ada: Signer, eve: Signer
) -> None:
    found = source.check_signature(commit_signed(repository, eve), ada.allow().encode())

    assert (found.state, found.key) == (SignatureState.UNKNOWN_KEY, eve.fingerprint)


@pytest.mark.covers("B2")
def test_a_commit_without_a_signature_is_unsigned(
    source: Source, repository: Repository, ada: Signer
) -> None:
    sha = repository.commit("gpgsig -----BEGIN SSH SIGNATURE----- is only said")

    assert source.check_signature(sha, ada.allow().encode()).state is SignatureState.UNSIGNED


def forge(repository: Repository, sha: str, old: bytes, new: bytes) -> str:
    """A commit like another, with other bytes in it."""
    body = repository.git("cat-file", "commit", sha).encode() + b"\n"
    assert old in body
    made = repository.git("hash-object", "-t", "commit", "-w", "--stdin", data=body.replace(old, new, 1))
    repository.git("update-ref", "refs/heads/main", made)
    return made


@pytest.mark.covers("B2")
def test_a_signature_of_another_commit_is_bad(source: Source, repository: Repository, ada: Signer) -> None:
    sha = forge(repository, commit_signed(repository, ada, "honest"), b"\n\nhonest", b"\n\nforged")

    assert source.check_signature(sha, ada.allow().encode()).state is SignatureState.BAD


@pytest.mark.covers("B2")
def test_another_kind_of_signature_is_not_looked_at_and_runs_no_program(
    source: Source, repository: Repository, ada: Signer
) -> None:
    sha = commit_signed(repository, ada)
    made = forge(repository, sha, b"-----BEGIN SSH SIGNATURE-----", b"-----BEGIN PGP SIGNATURE-----")

    found = source.check_signature(made, ada.allow().encode())

    assert (found.state, found.detail) == (SignatureState.NOT_SSH, "-----BEGIN PGP SIGNATURE-----")


def test_a_commit_that_is_not_there_has_no_signature(source: Source, ada: Signer) -> None:
    with pytest.raises(RevisionNotFound):
        source.check_signature("0" * 40, ada.allow().encode())


@pytest.mark.covers("T12")
def test_every_commit_counts_that_changes_something_in_the_folders(
    source: Source, repository: Repository
) -> None:
    base = repository.git("rev-parse", "HEAD")
    model = repository.commit("a model", **{"models/wines/model.yaml": "b\n"})
    repository.commit("words", README="hello\n")
    repository.commit("staging", **{"environments/staging/x.yaml": "b\n"})
    back = repository.commit("the model again", **{"models/wines/model.yaml": "a\n"})
    head = repository.commit("production", **{"environments/production/x.yaml": "b\n"})

    assert source.list_touching(base, head, FOLDERS) == (head, back, model)
    assert source.list_touching(head, head, FOLDERS) == ()
    assert source.list_touching(base, head, ("environments/none",)) == ()
    assert len(source.list_touching("", head, FOLDERS)) == 4


@pytest.mark.covers("T12")
def test_a_merge_counts_if_it_differs_from_any_parent(
    source: Source, repository: Repository, ada: Signer
) -> None:
    base = repository.git("rev-parse", "HEAD")
    repository.git("switch", "--quiet", "--create", "side")
    side = repository.commit("on the side", **{"environments/production/x.yaml": "side\n"})
    repository.git("switch", "--quiet", "main")
    words = repository.commit("words", README="hello\n")
    sign(repository, ada, "merge", "--quiet", "--no-ff", "-S", "-m", "merge", "side")
    merge = repository.git("rev-parse", "HEAD")
    # One that throws away what was merged, though it changes nothing beside its first parent.
    repository.git("switch", "--quiet", "--create", "late", base)
    late = repository.commit("late", **{"models/wines/model.yaml": "late\n"})
    repository.git("switch", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "-s", "ours", "-m", "ours", "late")
    dropped = repository.git("rev-parse", "HEAD")

    found = source.list_touching(base, dropped, FOLDERS)

    assert set(found) == {side, merge, late, dropped}
    assert words not in found


def test_a_file_of_a_commit_is_read_as_it_was_then(source: Source, repository: Repository) -> None:
    first = repository.commit("one", **{".modelsync/allowed-signers": "one\n"})
    second = repository.commit("two", **{".modelsync/allowed-signers": "two\n"})

    assert source.read_file(second, ".modelsync/allowed-signers") == b"two\n"
    assert source.read_file(first, ".modelsync/allowed-signers") == b"one\n"
    assert source.read_file(first, ".modelsync/none") is None
    assert source.read_file(first, ".modelsync") is None
    places = ("CODEOWNERS", ".modelsync", ".modelsync/allowed-signers")
    assert source.find_first(first, places) == ".modelsync/allowed-signers"
    assert source.find_first(first, places[:2]) == ""
    with pytest.raises(RevisionNotFound):
        source.read_file("0" * 40, ".modelsync/allowed-signers")


def test_a_link_is_no_file(source: Source, repository: Repository) -> None:
    (repository.path / "link").symlink_to("models/wines/model.yaml")

    assert source.read_file(repository.commit("a link"), "link") is None
