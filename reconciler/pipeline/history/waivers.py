"""From a first-parent line to the moments at which waivers came to the main branch. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.clients.source.interface import LineCommit
from reconciler.load.layout import FileKind, find_place
from reconciler.load.yaml import read
from reconciler.state.exceptions import Exceptions, Waiver
from reconciler.state.history import MainCommit, WaiverArrival
from reconciler.validate.parse import parse_document

_Key = tuple[str, frozenset[str], str]


def list_waived(files: Mapping[str, bytes]) -> frozenset[str]:
    """The environments whose exceptions speak of waivers: only of these it matters when they came."""
    return frozenset(
        place.folder
        for path, data in files.items()
        if b"waivers" in data and (place := find_place(path)) and place.kind is FileKind.EXCEPTIONS
    )


def list_arrivals(
    commits: Sequence[MainCommit], line: Sequence[LineCommit], contents: Mapping[str, bytes]
) -> Iterator[WaiverArrival]:
    """When each waiver that the line ends with came, as far as `contents` (by name) are at hand.

    `commits` are those of `line` with the moments that they count from. A file that nobody can read keeps
    the waivers that it had: whoever mends it does not bring them.
    """
    held: dict[str, dict[_Key, MainCommit]] = {}
    for commit, found in zip(commits, line, strict=True):
        for change in found.changes:
            place = find_place(change.path)
            if place is None or place.kind is not FileKind.EXCEPTIONS:
                continue
            if change.name and change.name not in contents:
                continue
            waivers = _read(change.path, contents[change.name]) if change.name else ()
            if waivers is not None:
                before = held.get(place.folder, {})
                held[place.folder] = {key: before.get(key, commit) for key in map(_identify, waivers)}
    for environment, waived in sorted(held.items()):
        for (rule, objects, until), commit in waived.items():
            yield WaiverArrival(
                environment=environment,
                rule=rule,
                objects=objects,
                until=until,
                since=commit.moment,
                revision=commit.sha,
            )


def _read(path: str, data: bytes) -> tuple[Waiver, ...] | None:
    reading = read(path, data)
    if reading.document is None or reading.findings:
        return None
    declared = parse_document(FileKind.EXCEPTIONS, reading.document)[0]
    return declared.waivers if isinstance(declared, Exceptions) else None


def _identify(waiver: Waiver) -> _Key:
    return waiver.rule, frozenset(waiver.objects), waiver.until
