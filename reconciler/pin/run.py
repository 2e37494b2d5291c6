"""Pins or compares one version after another, and writes the records."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from reconciler.clients.registry.interface import Progress, RegistryReader
from reconciler.load.inside import find_link
from reconciler.load.limits import DOCUMENT_BYTES
from reconciler.pin.decision import Decision, Mode, Verdict, decide
from reconciler.pin.refusals import describe_movable
from reconciler.pin.selection import Pinned, Selection, Wanted
from reconciler.pin.session import Reading, Refused, read_version
from reconciler.pin.writer import write_record
from reconciler.settings import SettingsError


def pin_versions(
    registry: RegistryReader,
    selection: Selection,
    mode: Mode,
    reading: Reading,
    directory: Path,
    progress: Progress,
    show: Callable[[Pinned], None],
) -> tuple[Pinned, ...]:
    """Read each wanted version, decide, write where that is the decision, and `show` how it ended.

    One version's refusal does not keep the others from being pinned. Raises SettingsError for words that
    are no version numbers, before anything is read; RegistryUnreachable and RegistryRefused end the run.
    """
    _refuse_movable(registry, selection)
    results: list[Pinned] = []
    for wanted in selection.wanted:
        decision = _decide(registry, wanted, mode, reading, progress)
        if decision.write and decision.record is not None:
            decision = _write(directory, wanted.path, decision)
        result = Pinned(wanted=wanted, decision=decision, earlier=selection.find_earlier(wanted))
        if decision.write and decision.record is not None:
            # The next one may be compared with it.
            selection = selection.add_record(wanted, decision.record)
        show(result)
        results.append(result)
    return tuple(results)


def _refuse_movable(registry: RegistryReader, selection: Selection) -> None:
    if not selection.movable:
        return
    names = tuple(sorted({movable.name for movable in selection.movable}))
    versions, aliases = registry.find_versions(names), registry.aliases(names)
    raise SettingsError(
        "\n".join(
            describe_movable(
                movable.word,
                movable.name,
                [facts for facts in versions if facts.name == movable.name],
                [alias for alias in aliases if alias.name == movable.name],
            )
            for movable in selection.movable
        )
    )


def _decide(
    registry: RegistryReader, wanted: Wanted, mode: Mode, reading: Reading, progress: Progress
) -> Decision:
    if wanted.recorded is None and mode is not Mode.PIN:
        return Decision(
            verdict=Verdict.REFUSED,
            reason=f"{wanted.path} is missing or cannot be read, so there is nothing to compare with; "
            f"write it: modelsync pin {wanted.model} {wanted.version}",
        )
    found = read_version(registry, wanted.name, wanted.version, reading, progress)
    if isinstance(found, Refused):
        return Decision(verdict=Verdict.REFUSED, reason=found.reason)
    return decide(mode, wanted.recorded, found)


def _write(directory: Path, place: str, decision: Decision) -> Decision:
    if decision.record is None:
        return decision
    content = write_record(decision.record).encode("utf-8")
    if len(content) > DOCUMENT_BYTES:
        return Decision(
            verdict=Verdict.REFUSED,
            reason=f"its record would have {len(content)} bytes ({len(decision.record.identity.files)} "
            f"files); at most {DOCUMENT_BYTES} are read back. Pack its files into fewer ones.",
        )
    link = find_link(directory, place)
    if link:
        raise SettingsError(f"{link} is a symbolic link, through which nothing is written; remove it.")
    path = directory / place
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".yaml")
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}.") from error
    return decision
