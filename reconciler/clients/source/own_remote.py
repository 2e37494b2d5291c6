"""What git says to a remote on the caller's behalf, with failures told as those of that call."""

from __future__ import annotations

from reconciler.clients.source.failures import clean, explain, mask
from reconciler.clients.source.interface import SourceError, SourceRefused, SourceUnreachable
from reconciler.clients.source.own_git import OwnGit


def speak(git: OwnGit, remote: str, *arguments: str) -> bytes:
    """What git prints of a call to a remote. Raises SourceRefused, SourceUnreachable."""
    done = git.start(arguments)
    if done.returncode == 0:
        return done.stdout
    said = mask((done.stdout + b"\n" + done.stderr).decode("utf-8", "replace"), ())
    told = [clean(line) for line in said.splitlines() if _is_telling(line)]
    words = f" (git: {'; '.join(told)[:300]})" if told else ""
    place, verb = clean(remote), arguments[0]
    if "rejected]" in said:
        raise SourceRefused(
            f"{place}: it does not take the branch. Somebody pushed to it meanwhile, or a rule of the "
            f"repository forbids it{words}"
        )
    error = explain(remote, said)
    # The kind is right and its advice is for those who only read.
    if isinstance(error, SourceRefused):
        raise SourceRefused(
            f"{place}: git {verb} was refused. Check the remote's address, and that git may push there "
            f"as you (credentials, rights){words}"
        )
    kind: type[SourceError] = type(error) if isinstance(error, SourceUnreachable) else SourceUnreachable
    raise kind(f"{place}: git {verb} did not get through{words}")


def _is_telling(line: str) -> bool:
    return line.startswith(("fatal: ", "error: ", "remote: ", "!"))
