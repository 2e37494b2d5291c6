"""CODEOWNERS as declarations want it: a block between two marks, in a file that may say more.

In such a file the last line that covers a path wins, so the block goes from folders to files, and nothing
may follow it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import PurePosixPath

from reconciler.policy.placed import PlacedDeployment
from reconciler.policy.placing import place_all
from reconciler.state.owners import CODEOWNERS_PLACES, WORKFLOW_PLACES, OwnersFile
from reconciler.state.repository import Repository

BEGIN = "# modelsync: from here to the end mark this file is written by modelsync codeowners --write"
END = "# modelsync: end"

_OWNER = re.compile(r"@[\w.-]+(/[\w.-]+)*|[\w.+-]+@[\w-]+(\.[\w-]+)+", re.ASCII)
_PLAIN_NAME = re.compile(r"[\w.-]+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """The first line, counted from 1, that is not as declarations want it; empty texts: there is none."""

    line: int
    found: str
    wanted: str


def find_unreadable(repository: Repository) -> str:
    """The first declaration that owners follow from and that cannot be read; empty: there is none.

    Without it a block lacks lines, and one that is right looks wrong.
    """
    models = (
        f"models/{name}/model.yaml"
        for name, model in sorted(repository.models.items())
        if model.model is None
    )
    environments = (
        f"environments/{name}/{file}"
        for name, entry in sorted(repository.environments.items())
        for file in (
            *(() if entry.environment else ("environment.yaml",)),
            *(f"deployments/{deployment}.yaml" for deployment in sorted(entry.faulty_deployments)),
        )
    )
    return next(chain(models, environments), "")


def is_owner(text: str) -> bool:
    """Whether forges know such an owner: `@name`, `@group/team` or an e-mail address."""
    return bool(_OWNER.fullmatch(text))


def write_block(
    repository: Repository, deployments: Iterable[PlacedDeployment], path: str
) -> tuple[str, ...]:
    """The lines of the block, marks included, for a file that lies at `path`.

    Environments belong to their `owners`, which are the owners of the rules; models and deployments to the
    owners of the models that are served. What shall serve everywhere, who may sign, what checks a change, and
    this file wherever forges look for it belong to the owners of all rules. Owners and names that no forge
    would understand are left out.
    """
    lines = (_write_line(place, owners) for place, owners in _list_places(repository, deployments, path))
    return (BEGIN, *(line for line in lines if line), END)


def has_block(file: OwnersFile | None) -> bool:
    """Whether there is a file, and a block of ours in it."""
    return file is not None and _find_block(file.text.splitlines())[0] is not None


def find_owners(repository: Repository, paths: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Who owns which of these files by the block that the declarations want; without those of nobody."""
    lines = (
        (place, _list_known(owners)) for place, owners in _list_places(repository, place_all(repository))
    )
    places = {place: owners for place, owners in lines if owners}
    # Folders come before what lies in them, so that the line which wins is that of the longest place.
    owned = {path: next(filter(None, map(places.get, _list_around(path))), ()) for path in paths}
    return {path: owners for path, owners in owned.items() if owners}


def _list_around(path: str) -> Iterator[str]:
    """A file as the block names it, and the folders around it from the inside out."""
    yield f"/{path}"
    yield from (f"/{folder}/" for folder in map(str, PurePosixPath(path).parents) if folder != ".")


def put_block(text: str, block: tuple[str, ...]) -> str:
    """The file's text with the block in place of an old one, or after all else."""
    lines = text.splitlines()
    start, end = _find_block(lines)
    before = lines if start is None else [*lines[:start], *lines[end:]]
    while before and not before[-1].strip():
        before.pop()
    return "\n".join([*before, *([""] if before else []), *block, ""])


def find_stale(
    file: OwnersFile, repository: Repository, deployments: Iterable[PlacedDeployment]
) -> Stale | None:
    """What is not as declarations want it; None where all is, or the file has no mark of ours."""
    lines = file.text.splitlines()
    start, end = _find_block(lines)
    if start is None:
        orphan = next((index for index, line in enumerate(lines) if line.rstrip() == END), None)
        return None if orphan is None else Stale(line=orphan + 1, found=END, wanted=BEGIN)
    block = write_block(repository, deployments, file.path)
    for offset, (found, wanted) in enumerate(zip_longest(lines[start:end], block, fillvalue="")):
        if found.rstrip() != wanted:
            return Stale(line=min(start + offset + 1, len(lines)), found=found.strip(), wanted=wanted)
    for index, line in enumerate(lines[end:], start=end):
        if line.strip() and not line.lstrip().startswith("#"):
            return Stale(line=index + 1, found=line.strip(), wanted="")
    return None


def _find_block(lines: list[str]) -> tuple[int | None, int]:
    """Where the block begins and the line after its end; without an end mark it goes on to the last line."""
    start = next((index for index, line in enumerate(lines) if line.rstrip() == BEGIN), None)
    if start is None:
        return None, 0
    ends = (index for index in range(start, len(lines)) if lines[index].rstrip() == END)
    return start, next(ends, len(lines) - 1) + 1


def _list_places(
    repository: Repository, deployments: Iterable[PlacedDeployment], path: str = CODEOWNERS_PLACES[0]
) -> Iterator[tuple[str, Iterable[str]]]:
    rules = {
        name: entry.environment.declaration.owners
        for name, entry in repository.environments.items()
        if entry.environment is not None
    }
    models = {
        name: entry.model.declaration.owners
        for name, entry in repository.models.items()
        if entry.model is not None
    }
    everybody = [owner for _, owners in sorted(rules.items()) for owner in owners]
    # A file at another place would take this one's; a key that may sign is worth as much.
    for place in dict.fromkeys((path, *CODEOWNERS_PLACES)):
        yield f"/{place}", everybody
    for place in WORKFLOW_PLACES:
        yield f"/{place}", everybody
    yield "/.modelsync/", everybody
    yield "/models/defaults.yaml", everybody
    for name, owners in sorted(models.items()):
        yield f"/models/{name}/", owners
    for name, owners in sorted(rules.items()):
        yield f"/environments/{name}/", owners
    for placed in deployments:
        used = {use.folder: None for use in placed.model_uses()}
        folders = dict.fromkeys((placed.entry.declaration.model, *used))
        yield (
            f"/environments/{placed.environment.name}/deployments/{placed.name}.yaml",
            [owner for folder in folders for owner in models.get(folder, ())],
        )


def _write_line(place: str, owners: Iterable[str]) -> str:
    known = _list_known(owners)
    plain = all(_PLAIN_NAME.fullmatch(part) for part in place.strip("/").split("/"))
    return f"{place} {' '.join(known)}" if known and plain else ""


def _list_known(owners: Iterable[str]) -> tuple[str, ...]:
    return tuple(owner for owner in dict.fromkeys(owners) if is_owner(owner))
