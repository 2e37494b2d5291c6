"""What the main branch changed meanwhile of the things that a change touches. Pure.

The base is old for single deployments and shared files, not for whole environments: another deployment that
changed next to this one is no reason to plan again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from reconciler.resolve.blame import environment_file, files_of
from reconciler.state.repository import EnvironmentEntry, Repository
from reconciler.state.reviews import Stale


def find_stale(
    base: Repository, head: Repository, tip: Repository, *, here: Collection[str], there: Collection[str]
) -> tuple[Stale, ...]:
    """The deployments and shared files whose plan is old, each with the files that make it so, by name.

    `base` is what `head` was branched from and `tip` what the main branch is at; `here` are the paths that
    `head` changes, `there` those that the main branch changed since. A deployment is touched where it
    depends on a file that the change touches: by what it was, what it is to be, or what main made of it.
    """
    here, there = frozenset(here), frozenset(there)
    depends = _list_dependencies((base, head, tip))
    stale = [
        Stale(object=name, files=tuple(sorted(files & there)))
        for name, files in depends.items()
        if files & here and files & there
    ]
    known = frozenset(path for files in depends.values() for path in files)
    stale += (Stale(object=path, files=(path,)) for path in here & there if path not in known)
    return tuple(sorted(stale, key=lambda item: item.object))


def _list_dependencies(sides: tuple[Repository, ...]) -> dict[str, frozenset[str]]:
    """Each deployment's files on any side, with the shared ones."""
    depends: dict[str, frozenset[str]] = {}
    for side in sides:
        for name, entry in side.environments.items():
            for deployment, files in _list_files(name, entry):
                key = f"{name}/{deployment}"
                depends[key] = depends.get(key, frozenset()) | files
    return depends


def _list_files(name: str, entry: EnvironmentEntry) -> Iterator[tuple[str, frozenset[str]]]:
    extras = frozenset(template.file for template in entry.extras)
    shared = extras | {environment_file(name), f"environments/{name}/exceptions.yaml"}
    for deployment in sorted({*entry.deployments, *entry.faulty_deployments}):
        parsed = entry.deployments.get(deployment)
        yield deployment, files_of(name, deployment, parsed.declaration if parsed else None) | shared
