"""Health against the truth, with the real operator: no false Current and no false Failed, whatever happens.

All situations are played once on a cluster of their own (programs are stopped in some) while everything is
looked at all the time. `health/MATRIX.md` shows what was done and what modelsync and kstatus said.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.state.observations import HealthWord
from scripts.local_cluster.cluster import LocalCluster
from scripts.local_cluster.parts import Part
from tests.e2e.health.engines import Answer, ask_engines
from tests.e2e.health.observer import Sample, Track
from tests.e2e.health.script import Matrix
from tests.e2e.health.stage import Stage, Step
from tests.e2e.health.table import write_table

# All of it is played before the first test.
pytestmark = pytest.mark.timeout(900)

TABLE = Path(__file__).parent / "health" / "MATRIX.md"


@pytest.fixture(scope="module")
def matrix() -> Iterator[Matrix]:
    with LocalCluster(parts=(Part.OPERATOR, Part.KWOK)) as cluster:
        played = Matrix(cluster)
        played.play()
        yield played


def tracks(matrix: Matrix) -> list[tuple[Stage, Track]]:
    return [(stage, matrix.observer.track(key)) for stage in matrix.stages for key in sorted(stage.keys)]


@pytest.mark.covers("B20", "T9")
def test_no_look_ever_saw_a_false_word(matrix: Matrix) -> None:
    false = [
        (stage.title, sample) for stage, track in tracks(matrix) for sample in track.samples if sample.false
    ]

    assert not false
    assert len(matrix.stages) >= 25
    assert sum(track.looks for _, track in tracks(matrix)) > 500


def test_the_table_shows_what_was_said(matrix: Matrix) -> None:
    table = write_table(matrix.stages)
    if os.environ.get("MODELSYNC_BLESS") == "1":
        TABLE.write_text(table, encoding="utf-8")

    assert table == TABLE.read_text(encoding="utf-8")


def test_faults_of_the_operator_are_named_where_they_show_and_nowhere_else(matrix: Matrix) -> None:
    named = {
        (stage.title, words)
        for stage, track in tracks(matrix)
        for note in track.notes
        for words in ("without end", "will not remove it")
        if words in note
    }

    assert named == {
        ("the operator's endless loop", "without end"),
        ("variant that never had a Pod, removed", "will not remove it"),
    }


def test_only_one_variant_of_a_sick_pair_is_sick(matrix: Matrix) -> None:
    stage = next(stage for stage in matrix.stages if stage.title == "sick variant at 10 %, removed")
    seen = matrix.observer.track((stage.namespace, stage.name)).variants

    assert ("v1 Current", "v2 Failed") in seen
    assert not any("v1 Failed" in words for words in seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """One state that an object was seen in, and what the engines say of it."""

    stage: Stage
    sample: Sample
    said: Mapping[str, Answer]

    @property
    def step(self) -> Step:
        return self.stage.steps[self.sample.phase]


@pytest.fixture(scope="module")
def verdicts(matrix: Matrix) -> tuple[Verdicts, ...]:
    seen = [
        (stage, body, sample) for stage, track in tracks(matrix) for body, sample in track.recorded.values()
    ]
    said = ask_engines(body for _, body, _ in seen)
    return tuple(
        Verdicts(stage=stage, sample=sample, said=answers)
        for (stage, _, sample), answers in zip(seen, said, strict=True)
    )


def test_kstatus_is_quoted_rightly(verdicts: tuple[Verdicts, ...]) -> None:
    for verdict in verdicts:
        assert verdict.sample.kstatus == verdict.said["kstatus"].status


@pytest.mark.parametrize(("engine", "healthy"), [("flux", "Current"), ("argo", "Healthy")])
def test_what_is_shipped_for_others_says_ready_wrongly_only_where_it_cannot_know(
    verdicts: tuple[Verdicts, ...], engine: str, healthy: str
) -> None:
    false = {
        (verdict.stage.title, verdict.step.what)
        for verdict in verdicts
        if verdict.said[engine].status == healthy
        and not verdict.sample.served
        and not verdict.step.unknowable
    }

    assert not false


@pytest.mark.parametrize(("engine", "healthy"), [("flux", "Current"), ("argo", "Healthy")])
def test_what_is_shipped_for_others_comes_to_ready_where_all_is_served(
    verdicts: tuple[Verdicts, ...], engine: str, healthy: str
) -> None:
    wanted = {
        (verdict.stage.title, verdict.step.what)
        for verdict in verdicts
        if verdict.step.word == HealthWord.CURRENT.value
    }
    reached = {
        (verdict.stage.title, verdict.step.what)
        for verdict in verdicts
        if verdict.sample.served and verdict.said[engine].status == healthy
    }

    assert wanted == reached & wanted


def test_an_engine_errs_only_before_the_operators_first_word(verdicts: tuple[Verdicts, ...]) -> None:
    """Flux' expressions cannot ask whether there is a status at all; an error makes Flux wait."""
    for verdict in verdicts:
        assert not verdict.said["argo"].error
        if error := verdict.said["flux"].error:
            assert "no such" in error
            assert verdict.sample.word is not HealthWord.CURRENT
