"""Symbolic links: one that leads to a file of the repository's data is that file; any other is refused."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.load.layout import DATA_FOLDERS, show_path
from reconciler.state.documents import Location
from reconciler.state.findings import Finding, Grade

_LONGEST_CHAIN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What links gave: the content of each that leads to a file, and a finding for each other."""

    files: Mapping[str, bytes]
    findings: tuple[Finding, ...]
    refused: frozenset[str]


def follow_links(files: Mapping[str, bytes], links: Mapping[str, str]) -> Followed:
    """Follow links (path → target as written) among files (path → content). Paths are relative, with `/`."""
    found: dict[str, bytes] = {}
    findings: dict[str, Finding] = {}
    for path in sorted(links):
        end = _follow(path, links)
        if end in files:
            found[path] = files[end]
        else:
            findings[path] = _refuse(path, links[path], end, files)
    return Followed(files=found, findings=tuple(findings.values()), refused=frozenset(findings))


def _follow(path: str, links: Mapping[str, str]) -> str:
    """Where a link leads at last; it still names a link if the chain is too long or a circle."""
    for _ in range(_LONGEST_CHAIN):
        if path not in links:
            break
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), links[path]))
    return path


def _refuse(path: str, target: str, end: str, files: Mapping[str, bytes]) -> Finding:
    problem, advice = _judge(end, files)
    return Finding(
        rule="symbolic-links",
        grade=Grade.HARD,
        location=Location(file=show_path(path)),
        message=f"{show_path(path)} is a symbolic link to {show_path(target)}, {problem}.",
        advice=advice,
    )


def _judge(end: str, files: Mapping[str, bytes]) -> tuple[str, str]:
    if posixpath.isabs(end) or end.split("/")[0] == "..":
        return "which leaves the repository", "Put the file itself in its place."
    if end.split("/")[0] not in DATA_FOLDERS:
        return "which lies outside models/ and environments/", "Put the file itself in its place."
    if any(file.startswith(f"{end}/") for file in files):
        return "which is a folder", "Only links to single files are followed; copy the folder."
    return "which leads to no file", "Correct its target, or remove it."
