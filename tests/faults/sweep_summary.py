"""A pytest plugin: says at the end of a run how many cases the sweeps played, and what they found."""

from __future__ import annotations

import json
import os
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from tests.faults.sweep_checks import Kind

FOUND_BY_EVERY_SWEEP = (Kind.LEAK, Kind.WRONG_DELETE, Kind.DUPLICATE, Kind.FALSE_REPORT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """One case as the summary counts it. `kinds` are those of its problems."""

    stage: str
    fault: str
    kinds: tuple[str, ...]


def note_cases(folder: Path, sweep: str, tallies: Iterable[Tally]) -> None:
    """Keep what a sweep played for the end of the run; `folder` is that of the run."""
    text = json.dumps([asdict(tally) for tally in tallies])
    (folder / f"{sweep}.played").write_text(text, encoding="utf-8")


def read_cases(folder: Path) -> list[Tally]:
    """What all sweeps of a run played."""
    return [
        Tally(stage=item["stage"], fault=item["fault"], kinds=tuple(item["kinds"]))
        for file in sorted(folder.glob("*.played"))
        for item in json.loads(file.read_text(encoding="utf-8"))
    ]


def describe_cases(tallies: Sequence[Tally]) -> list[str]:
    """How many cases there were, by stage and by fault, and what they found."""
    found = Counter(kind for tally in tallies for kind in tally.kinds)
    kinds = [kind.value for kind in Kind if kind in FOUND_BY_EVERY_SWEEP or found[kind.value]]
    return [
        f"{len(tallies)} cases, each followed by an undisturbed run",
        *_wrap("by stage: ", Counter(tally.stage for tally in tallies)),
        *_wrap("by fault: ", Counter(tally.fault for tally in tallies)),
        "found: " + ", ".join(f"{found[kind]} {kind}" for kind in kinds),
    ]


def _wrap(title: str, counts: Mapping[str, int]) -> list[str]:
    text = "; ".join(f"{name} {number}" for name, number in counts.items())
    return textwrap.wrap(title + text, width=100, subsequent_indent="  ", break_on_hyphens=False)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    tallies = read_cases(Path(os.environ["MODELSYNC_TEST_RUN_FOLDER"]))
    if tallies:
        terminalreporter.section("fault sweep")
        for line in describe_cases(tallies):
            terminalreporter.write_line(line)
