"""Every request of a run with every fault, by a proxy before the real API server: the next run mends all.

A story (first sync, traffic moved, edits healed, a take-over, prunes, all at once) is played once without
faults, with three deployments and with one. Then each request of each stage meets each fault, in a namespace
of its own, and one undisturbed run follows. By default every STRIDE-th case is played, in the order of
`list_cases`; with `MODELSYNC_SWEEP=all` (`make test-faults`) all with three deployments and half of those
with one. Each test judges the cases that hit its step of a run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from scripts.local_cluster import LocalCluster
from tests.faults.sweep import (
    LANES,
    Played,
    Swept,
    list_cases,
    list_cases_of_lists,
    play_cases,
    play_references,
)
from tests.faults.sweep_checks import Kind
from tests.faults.sweep_faults import Fault, take_alternate
from tests.faults.sweep_runner import Runner, open_runner
from tests.faults.sweep_stand import Stand
from tests.faults.sweep_steps import Step
from tests.faults.sweep_summary import Tally, note_cases

# The first test waits for the whole sweep.
pytestmark = pytest.mark.timeout(2400)

LANES_FOR_ALL = 14

STRIDE = 23
"""A prime, so that it wanders through the requests of a stage from fault to fault."""

Folders = pytest.TempPathFactory
PLAYS_ALL = os.environ.get("MODELSYNC_SWEEP") == "all"


IN_PAGES = (Fault.DROP_AFTER, Fault.CUT, Fault.HALVE, Fault.EXPIRED)
"""What befalls a page of a list."""


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    with open_runner(tmp_path_factory.mktemp("runs")) as runner:
        yield runner


@pytest.fixture(scope="module")
def swept(cluster: LocalCluster, runner: Runner, run_folder: Path, tmp_path_factory: Folders) -> Swept:
    stand = Stand(cluster, tmp_path_factory.mktemp("sweep"), name="sweep", runner=runner)
    references = play_references(stand)
    cases = list_cases(references)
    if PLAYS_ALL:
        # One deployment asks for nothing that three do not ask for as well.
        three = [case for case in cases if case.story == "three deployments"]
        chosen = three + take_alternate(case for case in cases if case.story == "one deployment")
    else:
        chosen = cases[::STRIDE]
    played = play_cases(chosen, stand, references, lanes=LANES_FOR_ALL if PLAYS_ALL else LANES)
    stand.close()
    note_cases(run_folder, "api-server", (_tally(item, item.case.story) for item in played if item.hit))
    return Swept(played=played, references=references)


@pytest.fixture(scope="module")
def paged(cluster: LocalCluster, runner: Runner, run_folder: Path, tmp_path_factory: Folders) -> Swept:
    """The same where the API server gives one item of a list at a time."""
    stand = Stand(cluster, tmp_path_factory.mktemp("pages"), name="pages", runner=runner, page=1)
    references = play_references(stand, ("three deployments",))
    cases = list_cases_of_lists(references, IN_PAGES)
    chosen, lanes = (cases, LANES_FOR_ALL) if PLAYS_ALL else (cases[::STRIDE], LANES)
    played = play_cases(chosen, stand, references, lanes=lanes)
    stand.close()
    note_cases(run_folder, "pages", (_tally(item, "in pages of one") for item in played if item.hit))
    return Swept(played=played, references=references)


def _tally(item: Played, where: str) -> Tally:
    kinds = tuple(sorted({problem.kind.value for problem in item.problems}))
    return Tally(stage=f"{item.case.stage_name}, {where}", fault=item.case.fault.value, kinds=kinds)


def judge(swept: Swept, belongs: Callable[[Played], bool]) -> None:
    """Nothing must be wrong with the cases that belong, and there must be some."""
    cases = [item for item in swept.played if belongs(item)]
    assert cases, "no case of the sweep came here"
    demand_none(item for item in cases if item.problems)


def demand_none(failed: Iterable[Played]) -> None:
    lines = [str(item)[:2000] for item in failed]
    assert not lines, "\n".join((f"{len(lines)} cases:", *lines[:20]))


def test_every_fault_is_played_and_every_stage_disturbed(swept: Swept) -> None:
    stages = {(story, number) for story, stages in swept.references.items() for number in range(len(stages))}
    hit = [item.case for item in swept.played if item.hit]

    assert {case.fault for case in hit} == set(Fault)
    assert {(case.story, case.stage) for case in hit} == stages
    if PLAYS_ALL:
        met = {(case.story, case.stage, case.fault) for case in hit}
        assert met == {(*stage, fault) for stage in stages for fault in Fault}


def test_nearly_every_case_hits_the_request_that_it_is_meant_for(swept: Swept) -> None:
    """A run on a busy machine may be a renewal of its Lease shorter or longer than the one without faults."""
    missed = sum(not item.hit for item in swept.played)

    assert missed <= len(swept.played) / 50


@pytest.mark.covers("S0", "B28")
def test_a_run_disturbed_at_its_lease_is_completed_by_the_next(swept: Swept) -> None:
    judge(swept, lambda item: item.step is Step.LEASE)


@pytest.mark.covers("S2")
def test_a_run_disturbed_at_its_first_look_is_completed_by_the_next(swept: Swept) -> None:
    judge(swept, lambda item: item.step is Step.LOOK)


@pytest.mark.covers("S3")
def test_a_run_disturbed_before_its_guards_judge_is_completed_by_the_next(swept: Swept) -> None:
    judge(swept, lambda item: item.step is Step.GUARDS)


@pytest.mark.covers("S4", "B7", "T1")
def test_a_run_disturbed_when_it_widens_the_inventory_is_completed_by_the_next(swept: Swept) -> None:
    judge(swept, lambda item: item.step is Step.UNION)


@pytest.mark.covers("S5", "B18")
def test_a_run_disturbed_at_a_rehearsal_is_completed_by_the_next(swept: Swept) -> None:
    judge(swept, lambda item: item.step is Step.REHEARSAL)


@pytest.mark.covers("S6", "B7", "T1")
def test_a_run_disturbed_when_some_objects_are_applied_is_completed_by_the_next(swept: Swept) -> None:
    judge(swept, lambda item: item.step is Step.WRITE)


@pytest.mark.covers("S7")
def test_a_run_disturbed_when_it_looks_at_health_is_completed_by_the_next(swept: Swept) -> None:
    judge(swept, lambda item: item.step is Step.HEALTH)


@pytest.mark.covers("S8")
def test_a_run_disturbed_when_it_moves_traffic_is_completed_by_the_next(swept: Swept) -> None:
    judge(swept, lambda item: item.step is Step.WEIGHTS)


@pytest.mark.covers("S9", "B16", "T2")
def test_a_run_disturbed_when_some_objects_are_pruned_is_completed_by_the_next(swept: Swept) -> None:
    judge(swept, lambda item: item.step is Step.PRUNE)


@pytest.mark.covers("S10")
def test_a_run_disturbed_when_it_settles_the_record_is_completed_by_the_next(swept: Swept) -> None:
    judge(swept, lambda item: item.step is Step.RECORD)


@pytest.mark.covers("S11")
def test_a_run_disturbed_when_it_tells_of_itself_is_completed_by_the_next(swept: Swept) -> None:
    judge(swept, lambda item: item.step is Step.EVENTS)


@pytest.mark.covers("S12")
def test_a_run_disturbed_when_it_gives_its_lease_back_is_completed_by_the_next(swept: Swept) -> None:
    judge(swept, lambda item: item.step is Step.RELEASED)


@pytest.mark.covers("B28", "B29")
def test_a_run_told_to_end_gives_its_lease_back_and_tells_the_truth(swept: Swept) -> None:
    judge(swept, lambda item: item.case.fault is Fault.TERM)


@pytest.mark.covers("B25", "T17")
def test_a_run_told_to_come_back_later_does_and_succeeds(swept: Swept) -> None:
    judge(swept, lambda item: item.case.fault is Fault.THROTTLED)


@pytest.mark.covers("T16", "B27")
def test_half_an_answer_is_never_taken_for_the_whole(swept: Swept) -> None:
    judge(swept, lambda item: item.case.fault in (Fault.CUT, Fault.HALVE, Fault.EXPIRED))


@pytest.mark.covers("T16", "B27")
def test_a_list_that_breaks_off_between_two_pages_is_never_taken_for_the_whole(paged: Swept) -> None:
    judge(paged, lambda item: bool(item.hit))


@pytest.mark.parametrize("kind", Kind)
def test_no_case_finds_any(kind: Kind, swept: Swept) -> None:
    demand_none(item for item in swept.played if any(problem.kind is kind for problem in item.problems))
