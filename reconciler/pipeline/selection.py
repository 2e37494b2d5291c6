"""Which environments, and which deployment, a command is about."""

from __future__ import annotations

from difflib import get_close_matches

from reconciler.settings import SettingsError
from reconciler.state.repository import EnvironmentEntry, Repository


def split_name(name: str) -> tuple[str, str]:
    """Environment and deployment of `production/wines`. Raises SettingsError."""
    environment, _, deployment = name.partition("/")
    if not environment or not deployment or "/" in deployment:
        raise SettingsError(f'"{name}" is no deployment; write ENV/DEPLOYMENT, such as production/wines.')
    return environment, deployment


def select_environments(
    repository: Repository, names: tuple[str, ...], cluster: str
) -> tuple[EnvironmentEntry, ...]:
    """The named environments, or all that the cluster serves.

    Raises SettingsError for an environment that names clusters while none was chosen. A named
    environment that does not exist is left to the caller: it may have vanished.
    """
    chosen = [entry for name, entry in sorted(repository.environments.items()) if not names or name in names]
    return tuple(entry for entry in chosen if _is_served(entry, cluster, named=bool(names)))


def find_missing(repository: Repository, names: tuple[str, ...]) -> tuple[str, ...]:
    """The named environments that the repository does not have."""
    return tuple(name for name in names if name not in repository.environments)


def describe_missing(repository: Repository, name: str) -> str:
    """Says that there is no such environment, with the nearest one there is."""
    known = sorted(repository.environments)
    near = get_close_matches(name, known, n=1)
    hint = f' Did you mean "{near[0]}"?' if near else ""
    return f"there is no environment {name}; there is {', '.join(known) or 'none at all'}.{hint}"


def _is_served(entry: EnvironmentEntry, cluster: str, *, named: bool) -> bool:
    clusters = entry.environment.declaration.clusters if entry.environment else None
    if clusters is None:
        return True
    known = ", ".join(sorted(clusters))
    if not cluster:
        raise SettingsError(
            f"{entry.name} is served from the clusters {known}; say which of them this is with --cluster."
        )
    if cluster not in clusters and named:
        raise SettingsError(f"{entry.name} is not served from cluster {cluster}; it is served from {known}.")
    return cluster in clusters
