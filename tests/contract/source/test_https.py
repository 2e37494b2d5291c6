"""HTTP and HTTPS: where a token goes and where it never does, and whom to trust."""

from __future__ import annotations

import tempfile
from base64 import b64encode
from pathlib import Path

import pytest

from reconciler.clients.source.interface import GitAccess, SourceRefused, SourceUnreachable
from reconciler.clients.source.remote import open_repository
from tests.contract.source.conftest import HEADER, TOKEN
from tests.contract.source.reaching import find_processes, resolve
from tests.support.git_servers import GitHttpServer, Repository, find_free_port


def test_the_token_is_sent_with_its_user_to_a_server_of_a_private_ca(
    https: GitHttpServer, tmp_path: Path, token_file: Path, repository: Repository
) -> None:
    access = GitAccess(ca_file=tmp_path / "authority/ca.pem", token_file=token_file)
    assert resolve(https.url("ml.git"), access) == repository.git("rev-parse", "main")
    assert {header for _, header in https.requests} == {HEADER}


def test_the_token_is_on_no_command_line_and_in_no_file(
    https: GitHttpServer, tmp_path: Path, token_file: Path
) -> None:
    seen: list[str] = []
    files: list[Path] = []
    encoded = HEADER.split()[1]

    def look(path: str, authorization: str | None) -> None:
        seen.extend(find_processes(TOKEN) + find_processes(encoded))
        for folder in Path(tempfile.gettempdir()).glob("modelsync-git-*"):
            files.extend(f for f in folder.rglob("*") if f.is_file() and encoded.encode() in f.read_bytes())

    https.judge = look
    with open_repository(
        https.url("ml.git"), GitAccess(ca_file=tmp_path / "authority/ca.pem", token_file=token_file)
    ) as source:
        source.read(source.resolve("main"))
    assert len(https.requests) > 2
    assert (seen, files) == ([], [])


def test_a_wrong_token_is_refused_without_being_shown(
    https: GitHttpServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "wrong").write_text("wrong-token-12345")
    access = GitAccess(ca_file=tmp_path / "authority/ca.pem", token_file=tmp_path / "wrong")
    with pytest.raises(SourceRefused, match="--git-token-file") as caught:
        resolve(https.url("ml.git"), access)
    shown = str(caught.value) + "".join(capfd.readouterr())
    assert "wrong-token-12345" not in shown
    assert b64encode(b"x-access-token:wrong-token-12345").decode() not in shown


def test_a_server_that_asks_for_a_token_where_none_is_given(https: GitHttpServer, tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match="asks for credentials"):
        resolve(https.url("ml.git"), GitAccess(ca_file=tmp_path / "authority/ca.pem"))


def test_a_token_without_the_right_to_read(https: GitHttpServer, tmp_path: Path, token_file: Path) -> None:
    https.judge = lambda path, authorization: (403, {})
    with pytest.raises(SourceRefused, match=r"\(403\).*right to read"):
        resolve(https.url("ml.git"), GitAccess(ca_file=tmp_path / "authority/ca.pem", token_file=token_file))


def test_an_unknown_ca_is_not_trusted_and_gets_no_token(https: GitHttpServer, token_file: Path) -> None:
    with pytest.raises(SourceRefused, match="--git-ca-file"):
        resolve(https.url("ml.git"), GitAccess(token_file=token_file))
    assert https.requests == []


def test_a_certificate_for_another_name_is_not_trusted(
    https: GitHttpServer, tmp_path: Path, token_file: Path
) -> None:
    access = GitAccess(ca_file=tmp_path / "authority/ca.pem", token_file=token_file)
    with pytest.raises(SourceRefused, match="not for this name"):
        resolve(https.url("ml.git").replace("127.0.0.1", "localhost"), access)
    assert https.requests == []


def test_a_redirect_is_not_followed_so_that_no_token_goes_elsewhere(
    https: GitHttpServer, http: GitHttpServer, tmp_path: Path, token_file: Path
) -> None:
    https.judge = lambda path, authorization: (302, {"Location": http.url(path.lstrip("/"))})
    access = GitAccess(ca_file=tmp_path / "authority/ca.pem", token_file=token_file)
    with pytest.raises(SourceRefused, match="Give the final URL"):
        resolve(https.url("ml.git"), access)
    assert http.requests == []


def test_a_token_does_not_travel_over_http(http: GitHttpServer, token_file: Path) -> None:
    with pytest.raises(SourceRefused, match="not sent over http://"):
        resolve(http.url("ml.git"), GitAccess(token_file=token_file))
    assert http.requests == []


@pytest.mark.parametrize("content", ["", "\n", "two words", "two\nlines", "tab\there", "a\x1bb"])
def test_a_token_file_holds_one_token(content: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(content)
    with pytest.raises(SourceRefused, match="one token on one line"):
        open_repository("https://git.example.com/ml.git", GitAccess(token_file=tmp_path / "token"))


def test_a_ca_file_holds_a_certificate(tmp_path: Path) -> None:
    (tmp_path / "ca").write_text("nothing")
    with pytest.raises(SourceRefused, match="holds no certificate"):
        open_repository("https://git.example.com/ml.git", GitAccess(ca_file=tmp_path / "ca"))


def test_a_proxy_is_used_and_its_password_not_shown(https: GitHttpServer) -> None:
    port = find_free_port()
    access = GitAccess(proxy=f"http://user:pr0xy-pass@127.0.0.1:{port}", timeout=20)
    with pytest.raises(SourceUnreachable) as caught:
        resolve("https://git.invalid/ml.git", access)
    assert str(port) in str(caught.value)
    assert "pr0xy-pass" not in str(caught.value)
