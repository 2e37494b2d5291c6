"""Which addresses and names reach git."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.clients.source.address import check_full_name, check_ref, is_full_name, parse_address
from reconciler.clients.source.interface import Revision, RevisionNotFound, SourceRefused


@pytest.mark.parametrize(
    ("text", "scheme", "protocol"),
    [
        ("/srv/ml.git", "path", "file"),
        ("..", "path", "file"),
        ("./odd:name", "path", "file"),
        ("with blank/ml.git", "path", "file"),
        ("file:///srv/ml.git", "file", "file"),
        ("https://git.example.com/ml/models.git", "https", "https"),
        ("http://127.0.0.1:8080/ml.git", "http", "http"),
        ("ssh://git@git.example.com:2222/ml.git", "ssh", "ssh"),
        ("git@git.example.com:ml/models.git", "ssh", "ssh"),
        ("git.example.com:ml/models.git", "ssh", "ssh"),
    ],
)
def test_what_is_read_and_over_which_protocol(text: str, scheme: str, protocol: str) -> None:
    address = parse_address(text)
    assert (address.text, address.scheme, address.protocol) == (text, scheme, protocol)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://git.example.com/ml.git", "https://git.example.com/"),
        ("https://git.example.com:8443/ml.git", "https://git.example.com:8443/"),
        ("https://[::1]:8443/ml.git", "https://[::1]:8443/"),
    ],
)
def test_credentials_are_bound_to_the_origin(text: str, origin: str) -> None:
    assert parse_address(text).origin == origin


@pytest.mark.parametrize(
    "text",
    [
        "ext::sh -c touch% x",
        "fd::17",
        "git://git.example.com/ml.git",
        "ftp://git.example.com/ml.git",
        "javascript://x",
        "HTTPS+x://git.example.com/",
    ],
)
def test_other_protocols_are_refused(text: str) -> None:
    with pytest.raises(SourceRefused, match="repositories are not read over"):
        parse_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://ada:s3cr3t@git.example.com/ml.git",
        "https://s3cr3t@git.example.com/ml.git",
        "ssh://git:s3cr3t@git.example.com/ml.git",
        "https://git.example.com/ml.git?private_token=s3cr3t",
    ],
)
def test_credentials_in_an_address_are_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(SourceRefused, match="--git-token-file") as caught:
        parse_address(text)
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-oProxyCommand=x",
        "--upload-pack=x",
        "a\nb",
        "ssh://-oProxyCommand=x/y",
        "-oProxyCommand=x:y",
        "git@-oProxyCommand=x:y",
        "ssh://",
        "https:///ml.git",
        "https://git.example.com:99999/",
        "https://git.example.com/a b",
        "https://git.example.com/%0aHost:x",
        "https://[::1/ml.git",
        ":path",
    ],
)
def test_what_could_be_read_as_something_else_is_refused(text: str) -> None:
    with pytest.raises(SourceRefused):
        parse_address(text)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        assert not parse_address(text).text.startswith("-")
    except SourceRefused:
        return


@pytest.mark.parametrize("ref", ["main", "feature/x", "refs/heads/main", "v1.0", "größe"])
def test_names_of_branches_and_tags(ref: str) -> None:
    assert check_ref(ref, expressions=False) == ref


@pytest.mark.parametrize("ref", ["main~1", "HEAD^", "main@{1}"])
def test_expressions_are_for_local_repositories(ref: str) -> None:
    assert check_ref(ref, expressions=True) == ref
    with pytest.raises(RevisionNotFound):
        check_ref(ref, expressions=False)


@pytest.mark.parametrize("ref", ["", "-x", "--all", "a b", "a\tb", "a\nb", "a..b", ":/text", "\x7f"])
def test_what_is_no_name_anywhere(ref: str) -> None:
    with pytest.raises(RevisionNotFound, match="is no name of a branch, tag or commit"):
        check_ref(ref, expressions=True)


def test_full_names_have_40_or_64_lower_hexadecimal_digits() -> None:
    assert is_full_name("4be2a91f" * 5)
    assert is_full_name("4be2a91f" * 8)
    for text in ("", "4be2a91", "4BE2A91F" * 5, "4be2a91f" * 5 + "\n", "4be2a91f" * 6):
        assert not is_full_name(text)
        with pytest.raises(RevisionNotFound, match="not the full name"):
            check_full_name(text, "ml.git")


def test_a_revision_names_its_hash() -> None:
    assert str(Revision(ref="main", sha="a" * 40)) == f"main@sha1:{'a' * 40}"
    assert str(Revision(ref="main", sha="a" * 64)) == f"main@sha256:{'a' * 64}"
