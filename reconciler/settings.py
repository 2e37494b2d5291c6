"""Everything a command can be told, in one frozen value that is passed down."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

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
    """

    directory: Path = Path()
    repository: str = ""
    ref: str = "main"
    git: GitAccess = field(default_factory=GitAccess)
    cluster: ClusterSettings = field(default_factory=ClusterSettings)
    lease_duration: float = 15.0
    lease_wait: float = 30.0
    wait: float = 0.0


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_duration(text: str, what: str) -> float:
    """Seconds of a duration such as `90s`, `10m` or `2h`; `what` names the setting in the error."""
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not number.isdecimal():
        raise SettingsError(f'{what} is "{text}"; write a whole number and a unit, such as 90s, 10m or 2h.')
    return float(int(number) * _UNITS[unit])
