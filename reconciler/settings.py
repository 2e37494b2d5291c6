"""Everything a command can be told, in one frozen value that is passed down."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.clients.forge.interface import ForgeAccess
from reconciler.clients.source.interface import GitAccess


class SettingsError(Exception):
    """A flag or environment variable that cannot be served. Says which, what is wrong and what would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSettings:
    """How the API server is reached: a kubeconfig and context, or the Pod's own service account.

    `name` is the cluster's name in `clusters:` of environment.yaml; empty where an environment names none.
    """

    name: str = ""
    kubeconfig: Path | None = None
    context: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One command's settings. Times are in seconds.

    `directory` is a work tree; `repository` and `ref` say which revision sync reads (`repository` empty:
    the work tree's own repository). `wait` bounds how long sync waits for health after an apply.
    `verify_commits` says which commits must be signed (`off`, `head`, `range`), `allowed_signers` names the
    file of those who may sign where it is not the repository's own; `max_tree_age` is for how long what was
    read last may stand for a repository that cannot be reached. `forge` is where pull requests are.
    """

    directory: Path = Path()
    repository: str = ""
    ref: str = "main"
    git: GitAccess = field(default_factory=GitAccess)
    forge: ForgeAccess = field(default_factory=ForgeAccess)
    cluster: ClusterSettings = field(default_factory=ClusterSettings)
    lease_duration: float = 15.0
    lease_wait: float = 30.0
    wait: float = 0.0
    verify_commits: str = "off"
    allowed_signers: Path | None = None
    max_tree_age: float = 86_400.0


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# Six digits of days are more than anybody waits, and fit every clock.
_DURATION = re.compile(r"([0-9]{1,6})([smhd])")


def parse_duration(text: str, what: str, *, least: int = 0) -> float:
    """Seconds of a duration such as `90s`, `10m` or `2h`; `what` names the setting in the error.

    Raises SettingsError for what is none, and for less than `least` seconds.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise SettingsError(
            f'{what} is "{text}"; write a whole number (six digits at most) and a unit, '
            "such as 90s, 10m or 2h."
        )
    seconds = int(match.group(1)) * _UNITS[match.group(2)]
    if seconds < least:
        raise SettingsError(f'{what} is "{text}"; it must be at least {least}s.')
    return float(seconds)
