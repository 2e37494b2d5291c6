"""What git and its helpers said, as an error of the port. Pure.

git ends with 128 for nearly everything, so its words decide. They are asked for in English (LC_ALL=C),
come from git, libcurl (OpenSSL and GnuTLS builds) and OpenSSH, and stand in this one table.
"""

from __future__ import annotations

import re

from reconciler.clients.source.interface import (
    RevisionNotFound,
    SourceCorrupt,
    SourceError,
    SourceRefused,
    SourceUnreachable,
)

_UNCHANGED = "Nothing was changed; try again later."

_DAMAGED = (
    "objects of the repository are missing or damaged, so nothing is concluded from it. "
    "Nothing was changed. On the server, git fsck --full names them; a local clone is best made anew."
)

# The first row that fits counts: the reasons stand before what they lead to ("the remote end hung up").
_TABLE: tuple[tuple[str, type[SourceError], str], ...] = (
    (
        r"No space left on device|Disk quota exceeded",
        SourceUnreachable,
        (
            "the disk that git writes to is full: that of the folder of --git-cache, or else of the one for "
            "temporary files. Nothing was changed; make room there."
        ),
    ),
    (
        r"Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|host key is known for",
        SourceRefused,
        (
            "the server's host key is not one of those in the known-hosts file. Compare the server's key "
            "with what its owner publishes; if it is right, add it to the file of --git-known-hosts."
        ),
    ),
    (
        r"UNPROTECTED PRIVATE KEY|bad permissions",
        SourceRefused,
        "ssh does not use a key that others may read: chmod 600 the file of --git-key-file.",
    ),
    (
        r"Load key .*: |incorrect passphrase|invalid format",
        SourceRefused,
        (
            "the file of --git-key-file is no usable private key; "
            "it must be in OpenSSH or PEM form, without passphrase."
        ),
    ),
    (
        r"cannot run ssh|ssh: (command )?not found",
        SourceRefused,
        "the program ssh is not installed, or not on PATH; addresses with ssh:// need it.",
    ),
    (
        r"No user exists for uid",
        SourceRefused,
        "ssh needs an entry in /etc/passwd for the user that runs modelsync; run as a user of the image.",
    ),
    (
        r"Permission denied \(|Too many authentication failures",
        SourceRefused,
        (
            "the server does not accept the deploy key. Register the public half of --git-key-file there, "
            "with read access."
        ),
    ),
    (
        r"certificate|CERT_|certfile",
        SourceRefused,
        (
            "the server's certificate is not trusted or not for this name. If the server uses a private CA, "
            "name its certificates with --git-ca-file."
        ),
    ),
    (
        r"returned error: 401|could not read (Username|Password)|Authentication failed|Invalid username",
        SourceRefused,
        (
            "the server asks for credentials, or does not accept those given. Check the token of "
            "--git-token-file, its expiry, and --git-username."
        ),
    ),
    (
        r"returned error: 403",
        SourceRefused,
        "the server refuses access (403). The token of --git-token-file needs the right to read it.",
    ),
    (
        r"returned error: 3\d\d|from redirection",
        SourceRefused,
        (
            "the server redirects to another address, which is not followed lest credentials go there. "
            "Give the final URL."
        ),
    ),
    (
        r"returned error: (429|5\d\d)",
        SourceUnreachable,
        f"the server cannot answer now. {_UNCHANGED}",
    ),
    (
        r"not our ref|couldn't find remote ref|unadvertised object",
        RevisionNotFound,
        "the server does not have, or does not give, this commit.",
    ),
    (
        # Only a search upwards from a folder of this machine ends so.
        r"not a git repository \(or any ",
        SourceRefused,
        (
            "this folder is in no git repository. Start one here (git init, and a first commit), or name "
            "the folder of one with -C."
        ),
    ),
    (
        (
            r"returned error: 404|repository '.*' not found|Repository not found"
            r"|not appear to be a git repository|not a git repository|No such file or directory"
            r"|does not exist"
        ),
        SourceRefused,
        (
            "there is no git repository here, or it is hidden from these credentials. "
            "Check the address and the right to read."
        ),
    ),
    (
        r"transport '.*' not allowed",
        SourceRefused,
        "the repository leads to another protocol, which is not allowed.",
    ),
    (
        (
            r"fsck|corrupt|unexpected line in|missing (blob|tree|commit|object)|bad (object|tree)"
            r"|loose object|inflate|packfile .* (cannot|is|does not match)|not a valid object"
            r"|unable to read (tree|sha1|[0-9a-f]{40})"
        ),
        SourceCorrupt,
        _DAMAGED,
    ),
    (
        (
            r"Could not resolve|[Cc]ould not connect|Failed to connect|Connection (refused|reset|closed)"
            r"|timed out|too slow|unreachable|No route to host|Empty reply|Recv failure|kex_exchange"
            r"|hung up|Could not read from remote|disconnect|early EOF|RPC failed|unable to access"
            r"|SSL_ERROR|gnutls|banner"
        ),
        SourceUnreachable,
        f"the server could not be reached. {_UNCHANGED}",
    ),
    (r"index-pack|unpack-objects|bad pack", SourceCorrupt, _DAMAGED),
)


def explain(location: str, said: str, secrets: tuple[str, ...] = ()) -> SourceError:
    """The error for what git wrote to stderr, with git's own last word on it and every secret masked."""
    text = mask(said, secrets)
    quoted = _quote(text)
    # A repository called "certificates" must not decide what its failure means.
    words = re.sub(r"'[^']*'", "''", text.replace(location, ""))
    for pattern, kind, meaning in _TABLE:
        if re.search(pattern, words):
            return kind(f"{location}: {meaning}{quoted}")
    return SourceError(f"{location}: git could not serve this. {_UNCHANGED}{quoted}")


def mask(text: str, secrets: tuple[str, ...]) -> str:
    """The text without the secrets, and without user and password in any URL."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return re.sub(r"(?<=://)[^/@\s]+:[^/@\s]+(?=@)", "***", text)


def clean(text: str) -> str:
    """The text without characters that would steer a terminal; others' words reach people's screens."""
    if text.isprintable():
        return text.strip()
    return "".join(character if character.isprintable() else " " for character in text).strip()


def _quote(text: str) -> str:
    lines = [clean(line) for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal: ", "error: ", "remote: "))] or lines
    reason = next((line for line in telling if line.startswith("fatal: ")), telling[-1] if telling else "")
    return f" (git: {reason[:300]})" if reason else ""
