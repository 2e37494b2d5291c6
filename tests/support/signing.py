"""Real SSH keys, and commits that are signed with them."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.git_servers import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Somebody with a key; `file` is the private half."""

    name: str
    file: Path

    @property
    def public(self) -> str:
        return self.file.with_suffix(".pub").read_text(encoding="ascii").strip()

    @property
    def fingerprint(self) -> str:
        return _run("ssh-keygen", "-l", "-f", str(self.file)).split()[1]

    def allow(self, options: str = "") -> str:
        """A line of an allowed-signers file."""
        return f"{self.name} {options} {self.public}\n".replace("  ", " ")


def make_signer(folder: Path, name: str) -> Signer:
    """Somebody with a fresh key."""
    file = folder / name.partition("@")[0]
    _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(file))
    return Signer(name=name, file=file)


def commit_signed(repository: Repository, signer: Signer, subject: str = "a change", **files: str) -> str:
    """Commit everything with a signature, after writing `files`; gives the commit's full name."""
    for path, content in files.items():
        repository.write(path, content)
    repository.git("add", "--all")
    sign(repository, signer, "commit", "--quiet", "--allow-empty", "-S", "-m", subject)
    return repository.git("rev-parse", "HEAD")


def sign(repository: Repository, signer: Signer, *arguments: str) -> str:
    """Run a git command that signs with the signer's key."""
    return repository.git("-c", "gpg.format=ssh", "-c", f"user.signingkey={signer.file}", *arguments)


def _run(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout
