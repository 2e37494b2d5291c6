"""Every request of git over HTTP with every fault: a run that cannot read a commit whole writes nothing.

The repository is served by `git http-backend`; each namespace keeps a cache of its own between its runs, so
that what a broken transfer leaves behind is met by the next run. By default each stage meets every other
fault, on a request in turn, and the next stage the faults between; `MODELSYNC_SWEEP=all` plays half of all.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from scripts.local_cluster import LocalCluster
from tests.faults.sweep import Case, Played, list_cases, play_cases, play_references
from tests.faults.sweep_faults import Fault, take_alternate, take_turns
from tests.faults.sweep_runner import open_runner
from tests.faults.sweep_stand import SourceStand
from tests.faults.sweep_summary import Tally, note_cases
from tests.support.git_servers import serve_http

pytestmark = pytest.mark.timeout(900)

STORY = "one deployment"
PLAYS_ALL = os.environ.get("MODELSYNC_SWEEP") == "all"


@pytest.fixture(scope="module")
def played(
    cluster: LocalCluster, run_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Played, ...]:
    folder = tmp_path_factory.mktemp("source")
    with open_runner(folder / "runs") as runner, serve_http(folder) as git:
        stand = SourceStand(cluster, folder, name="source", runner=runner, git=git)
        references = play_references(stand, (STORY,))
        cases = list_cases(references)
        chosen = take_alternate(cases) if PLAYS_ALL else _take_sample(cases)
        found = play_cases(chosen, stand, references)
        stand.close()
    note_cases(run_folder, "source", (_tally(item) for item in found if item.hit))
    return found


def _take_sample(cases: Sequence[Case]) -> list[Case]:
    stages = sorted({case.stage for case in cases})
    return [case for stage in stages for case in take_turns([c for c in cases if c.stage == stage], stage)]


def _tally(item: Played) -> Tally:
    kinds = tuple(sorted({problem.kind.value for problem in item.problems}))
    return Tally(stage=f"{item.case.stage_name}, git over HTTP", fault=item.case.fault.value, kinds=kinds)


@pytest.mark.covers("S1", "T3", "B4")
def test_a_run_disturbed_while_it_reads_git_changes_nothing_or_all(played: tuple[Played, ...]) -> None:
    failed = [str(item)[:2000] for item in played if item.problems]
    assert not failed, "\n".join((f"{len(failed)} cases:", *failed[:20]))


def test_every_fault_is_met(played: tuple[Played, ...]) -> None:
    assert {item.case.fault for item in played if item.hit} == set(Fault)
