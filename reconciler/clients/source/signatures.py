"""Whether a commit is signed by a key that may sign. SSH signatures only; git and ssh-keygen decide.

git's exit code alone does not tell who signed, so its words are read as well (git-verify-commit(1), and
ssh-keygen(1), ALLOWED SIGNERS). They are asked for in English.
"""

from __future__ import annotations

import re
from pathlib import Path

from reconciler.clients.source.failures import clean
from reconciler.clients.source.git import Git
from reconciler.clients.source.interface import Signature, SignatureState, SourceRefused

_OLDEST = (2, 35)
"""The first git that has a key's validity judged at the time of the commit."""

_GOOD = re.compile(r'^Good "git" signature for (.+) with \S+ key (SHA256:\S+)$', re.MULTILINE)
_KEY = re.compile(r"\bkey (SHA256:\S+)")
_HEADERS = (b"gpgsig ", b"gpgsig-sha256 ")
_SSH = b"-----BEGIN SSH SIGNATURE-----"


def check_signature(git: Git, directory: Path, sha: str, commit: bytes, signers: bytes) -> Signature:
    """What the signature in `commit`, the content of the object `sha`, is worth where `signers` may sign."""
    git.check_version(_OLDEST, "check who signed a commit")
    signatures = _find_signatures(commit)
    if not signatures:
        return Signature(sha=sha, state=SignatureState.UNSIGNED)
    if any(text != _SSH for text in signatures):
        return Signature(
            sha=sha, state=SignatureState.NOT_SSH, detail=clean(signatures[0].decode("ascii", "replace"))
        )
    git.signers_file.write_bytes(signers)
    answer = git.run("verify-commit", "--raw", sha, directory=directory, codes=(0, 1))
    return _read_words(sha, answer.code, answer.said.replace(str(git.signers_file), "allowed-signers"))


def _find_signatures(commit: bytes) -> list[bytes]:
    header = commit.partition(b"\n\n")[0]
    return [
        line.removeprefix(name).strip()
        for line in header.split(b"\n")
        for name in _HEADERS
        if line.startswith(name)
    ]


def _read_words(sha: str, code: int, said: str) -> Signature:
    if re.search(r"cannot run ssh-keygen|ssh-keygen: (command )?not found|ssh-keygen -Y .* is needed", said):
        raise SourceRefused(
            "ssh-keygen is not installed, or too old; signatures of commits are checked with it "
            "(OpenSSH 8.2p1)."
        )
    good = _GOOD.search(said)
    if code == 0 and good is not None:
        return Signature(sha=sha, state=SignatureState.GOOD, signer=clean(good[1]), key=good[2])
    key = _KEY.search(said)
    # What is said beside the key itself may name the line of the file that is at fault.
    detail = "; ".join(clean(line) for line in said.splitlines() if not line.startswith('Good "git"'))
    return Signature(sha=sha, state=_find_state(said), key=key[1] if key else "", detail=detail)


def _find_state(said: str) -> SignatureState:
    if "key has expired" in said or "key is not yet valid" in said:
        return SignatureState.OUT_OF_DATE
    if "No principal matched" in said or "not permitted for use" in said:
        return SignatureState.UNKNOWN_KEY
    return SignatureState.BAD
