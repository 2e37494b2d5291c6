"""Readings as metrics: what each series says, and that what is not known has none."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric

from reconciler.report.exporter import TargetCollector, Times
from reconciler.report.prometheus import build_metrics
from reconciler.state.figures import (
    DeploymentStanding,
    ExceptionInForce,
    ExceptionKind,
    RequestCount,
    RunFailure,
    RunFigures,
    Standing,
)
from reconciler.state.inventory import (
    BackOff,
    Condition,
    EmergencyMark,
    InventoryEntry,
    Reversal,
    TargetRecord,
)
from reconciler.state.objects import SELDON_DEPLOYMENT, ObjectKey
from reconciler.state.observations import HealthWord
from reconciler.state.plans import Action
from reconciler.state.readings import ReadFailure, Readings, ReadProblem, TargetReading
from reconciler.state.routes import DeploymentRoutes, RoutedShare, Routes
from reconciler.state.shares import Share
from reconciler.state.targets import Target

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
TARGET = Target(environment="production", namespace="wines-production")
WINES = ObjectKey(kind=SELDON_DEPLOYMENT, namespace=TARGET.namespace, name="wines")


def share(predictor: str, percent: int, *, shadow: bool = False) -> Share:
    return Share(predictor=predictor, version=predictor.split("-")[0], shadow=shadow, percent=percent)


SPLIT = (share("v3", 90), share("v5", 10), share("v6-shadow", 100, shadow=True))
RECORD = TargetRecord(
    entries=(InventoryEntry(key=WINES, deployment="wines"),),
    attempted="main@sha1:4be2a91",
    applied="main@sha1:77ad03e",
    applied_at=NOON - HOUR,
    heartbeat=NOON,
    conditions=(Condition(type="Synced", status="True", reason="Applied"),),
    exists=True,
    figures=RunFigures(
        finished=NOON - HOUR,
        outcome=0,
        seconds=1.25,
        objects=((Action.CONFIGURED, 2),),
        requests=(RequestCount(method="PATCH", status=200, count=4),),
    ),
    standing=Standing(
        drift=1,
        held=2,
        ingress="istio",
        deployments=(
            DeploymentStanding(deployment="wines", model="cellar", shares=SPLIT, health=HealthWord.CURRENT),
        ),
    ),
)
ROUTED = Routes(
    deployments={
        "wines": DeploymentRoutes(
            shares=(
                RoutedShare(predictor="v3", shadow=False, percent=90.0),
                RoutedShare(predictor="v5", shadow=False, percent=10.0),
                RoutedShare(predictor="v6-shadow", shadow=True, percent=100.0),
            )
        )
    }
)
READING = TargetReading(target=TARGET, record=RECORD, applied={"wines": SPLIT}, routes=ROUTED)

Series = dict[tuple[str, ...], float]


def show(reading: TargetReading, now: datetime = NOON) -> dict[str, Series]:
    """Values by metric and by its own labels; those of the target are asserted here."""
    found: dict[str, Series] = {}
    for metric in build_metrics(Readings(targets=(reading,)), now):
        for sample in metric.samples:
            labels = dict(sample.labels)
            assert labels.pop("environment") == "production"
            assert labels.pop("namespace") == "wines-production"
            found.setdefault(sample.name, {})[tuple(labels.values())] = sample.value
    return found


def show_record(record: TargetRecord, now: datetime = NOON) -> dict[str, Series]:
    return show(replace(READING, record=record), now)


@pytest.mark.covers("B37")
def test_a_run_is_told_with_its_times_outcome_objects_and_requests() -> None:
    told = show(READING)
    assert told["modelsync_target_info"] == {("main@sha1:4be2a91", "main@sha1:77ad03e"): 1}
    assert told["modelsync_last_attempt_timestamp_seconds"] == {(): NOON.timestamp()}
    assert told["modelsync_last_success_timestamp_seconds"] == {(): NOON.timestamp()}
    assert told["modelsync_last_apply_timestamp_seconds"] == {(): (NOON - HOUR).timestamp()}
    assert told["modelsync_synced"] == {(): 1}
    assert told["modelsync_run_outcome"] == {(): 0}
    assert told["modelsync_run_duration_seconds"] == {(): 1.25}
    assert told["modelsync_run_objects"] == {("configured",): 2}
    assert told["modelsync_run_api_requests"] == {("PATCH", "200"): 4}
    assert told["modelsync_inventory_objects"] == {(): 1}
    assert told["modelsync_drift_objects"] == {(): 1}
    assert told["modelsync_held_prune_objects"] == {(): 2}
    assert told["modelsync_deployment_health"] == {("wines", "cellar", "Current"): 1}


@pytest.mark.covers("B37")
def test_a_run_that_decided_nothing_counts_as_an_attempt_and_not_as_a_success() -> None:
    failed = replace(
        RECORD, failure=RunFailure(at=NOON + HOUR, revision="", outcome=3, message="git did not answer")
    )
    told = show_record(failed)
    assert told["modelsync_run_outcome"] == {(): 3}
    assert told["modelsync_last_attempt_timestamp_seconds"] == {(): (NOON + HOUR).timestamp()}
    assert told["modelsync_last_success_timestamp_seconds"] == {(): NOON.timestamp()}


@pytest.mark.covers("B4", "B37")
def test_while_the_repository_cannot_be_asked_its_last_word_grows_old() -> None:
    assert "modelsync_source_seen_timestamp_seconds" not in show(READING)
    out = RunFailure(
        at=NOON, revision="main@sha1:77ad03e", outcome=0, message="no answer", seen=NOON - HOUR, went_on=True
    )
    told = show_record(replace(RECORD, failure=out))
    assert told["modelsync_source_seen_timestamp_seconds"] == {(): (NOON - HOUR).timestamp()}
    assert told["modelsync_run_outcome"] == {(): 0}
    # Also once it is too old to go on with.
    over = replace(out, revision="", outcome=3, went_on=False)
    told = show_record(replace(RECORD, failure=over))
    assert told["modelsync_source_seen_timestamp_seconds"] == {(): (NOON - HOUR).timestamp()}


@pytest.mark.covers("B37")
def test_after_a_failed_run_the_last_success_is_the_one_before() -> None:
    assert RECORD.figures is not None
    failed = replace(
        RECORD,
        conditions=(Condition(type="Synced", status="False", reason="Findings"),),
        figures=replace(RECORD.figures, outcome=1, succeeded=NOON - HOUR),
    )
    told = show_record(failed)
    assert told["modelsync_synced"] == {(): 0}
    assert told["modelsync_last_success_timestamp_seconds"] == {(): (NOON - HOUR).timestamp()}


def test_a_record_of_an_earlier_program_tells_what_it_knows() -> None:
    told = show_record(replace(RECORD, figures=None, standing=None, applied_at=None))
    assert set(told) == {
        "modelsync_target_info",
        "modelsync_last_attempt_timestamp_seconds",
        "modelsync_last_success_timestamp_seconds",
        "modelsync_synced",
        "modelsync_inventory_objects",
        "modelsync_applied_share_percent",
        "modelsync_routed_share_percent",
    }


class TestShares:
    def test_each_variant_has_a_series_on_each_side_under_the_same_labels(self) -> None:
        told = show(READING)
        assert told["modelsync_declared_share_percent"] == {
            ("wines", "cellar", "v3", "v3", "false"): 90,
            ("wines", "cellar", "v5", "v5", "false"): 10,
            ("wines", "cellar", "v6-shadow", "v6", "true"): 100,
        }
        assert told["modelsync_applied_share_percent"] == told["modelsync_declared_share_percent"]
        assert told["modelsync_routed_share_percent"] == told["modelsync_declared_share_percent"]

    def test_a_variant_that_a_side_has_not_is_zero_there(self) -> None:
        stale = Routes(
            deployments={
                "wines": DeploymentRoutes(shares=(RoutedShare(predictor="v2", shadow=False, percent=100.0),))
            }
        )
        told = show(replace(READING, applied={"wines": (share("v3", 100),)}, routes=stale))
        by_variant = {
            side: {labels[2]: value for labels, value in told[f"modelsync_{side}_share_percent"].items()}
            for side in ("declared", "applied", "routed")
        }
        assert by_variant == {
            "declared": {"v2": 0, "v3": 90, "v5": 10, "v6-shadow": 100},
            "applied": {"v2": 0, "v3": 100, "v5": 0, "v6-shadow": 0},
            "routed": {"v2": 100, "v3": 0, "v5": 0, "v6-shadow": 0},
        }

    def test_what_has_no_route_at_all_is_routed_nothing(self) -> None:
        told = show(replace(READING, routes=Routes()))
        assert set(told["modelsync_routed_share_percent"].values()) == {0}

    @pytest.mark.covers("T26")
    def test_what_is_not_known_has_no_series(self) -> None:
        told = show(replace(READING, applied=None, routes=Routes(unknown="may not list virtualservices")))
        assert "modelsync_declared_share_percent" in told
        assert "modelsync_applied_share_percent" not in told
        assert "modelsync_routed_share_percent" not in told

    def test_an_object_that_is_not_declared_has_no_declared_share(self) -> None:
        told = show_record(replace(RECORD, standing=None))
        assert "modelsync_declared_share_percent" not in told
        assert len(told["modelsync_applied_share_percent"]) == 3


class TestHolds:
    def test_an_emergency_is_active_until_its_mark_expires(self) -> None:
        mark = EmergencyMark(
            deployment="wines",
            by="ann",
            reason="v5 answers nonsense",
            since=NOON,
            until=NOON + HOUR,
            shares=SPLIT,
        )
        marked = replace(RECORD, marks=(mark,))
        assert show_record(marked)["modelsync_emergency_active"] == {("wines",): 1}
        assert show_record(marked, NOON + HOUR)["modelsync_emergency_active"] == {("wines",): 0}
        assert show_record(marked, NOON - HOUR)["modelsync_emergency_active"] == {("wines",): 0}
        assert show_record(marked)["modelsync_emergency_until_timestamp_seconds"] == {
            ("wines",): (NOON + HOUR).timestamp()
        }

    def test_a_revision_that_failed_waits(self) -> None:
        waiting = replace(
            RECORD, backoff=BackOff(revision="main@sha1:bad", failures=3, until=NOON + HOUR, reason="why")
        )
        told = show_record(waiting)
        assert told["modelsync_back_off_until_timestamp_seconds"] == {
            ("main@sha1:bad",): (NOON + HOUR).timestamp()
        }
        assert told["modelsync_back_off_failures"] == {("main@sha1:bad",): 3}

    def test_what_was_taken_back_is_counted_by_object_and_manager(self) -> None:
        fight = replace(RECORD, reversals=(Reversal(key=WINES, manager="argo", times=(NOON,) * 3),))
        assert show_record(fight)["modelsync_reversals"] == {("SeldonDeployment/wines", "argo"): 3}

    def test_of_several_exceptions_the_one_that_ends_last_counts(self) -> None:
        assert RECORD.standing is not None
        exceptions = tuple(
            ExceptionInForce(kind=ExceptionKind.SUSPENSION, deployment=name, reason="why", until=until)
            for name, until in (
                ("wines", NOON + HOUR),
                ("wines", NOON + 2 * HOUR),
                ("prices", NOON - HOUR),
                ("beers", None),
                ("beers", NOON),
            )
        )
        told = show_record(replace(RECORD, standing=replace(RECORD.standing, exceptions=exceptions)))
        assert told["modelsync_exception_active"] == {
            ("suspension", "wines"): 1,
            ("suspension", "prices"): 0,
            ("suspension", "beers"): 1,
        }
        assert told["modelsync_exception_until_timestamp_seconds"] == {
            ("suspension", "wines"): (NOON + 2 * HOUR).timestamp(),
            ("suspension", "prices"): (NOON - HOUR).timestamp(),
        }


class TestCollector:
    """Reading is bounded, however often somebody asks."""

    def _make(self, *readings: Readings) -> tuple[TargetCollector, list[float], list[str]]:
        times, said = [0.0], list[str]()
        left = list(readings)
        collector = TargetCollector(
            lambda: left.pop(0),
            Times(now=lambda: NOON, monotonic=lambda: times[0]),
            keep=15,
            tell=said.append,
        )
        return collector, times, said

    def _read(self, collector: TargetCollector) -> dict[str, float]:
        metrics: list[Metric] = list(collector.collect())
        return {
            "".join((sample.name, *sample.labels.values())): sample.value
            for metric in metrics
            for sample in metric.samples
            if sample.name.startswith("modelsync_exporter")
        }

    def test_what_was_read_is_kept_for_a_while(self) -> None:
        collector, times, _ = self._make(Readings(targets=(READING,)), Readings())
        assert self._read(collector)["modelsync_exporter_targets"] == 1
        times[0] = 14.9
        assert self._read(collector)["modelsync_exporter_targets"] == 1
        times[0] = 15.0
        assert self._read(collector)["modelsync_exporter_targets"] == 0

    @pytest.mark.covers("B37")
    def test_what_could_not_be_read_is_counted_and_told_once(self) -> None:
        lost = Readings(failures=(ReadFailure(problem=ReadProblem.UNREACHABLE, message="no answer"),))
        collector, times, said = self._make(lost, lost, Readings(targets=(READING,)), lost)
        assert self._read(collector)["modelsync_exporter_complete"] == 0
        times[0] = 20.0
        assert self._read(collector)["modelsync_exporter_read_failures_totalunreachable"] == 2
        assert said == ["no answer"]
        times[0] = 40.0
        again = self._read(collector)
        assert again["modelsync_exporter_complete"] == 1
        assert again["modelsync_exporter_read_failures_totalunreachable"] == 2
        times[0] = 60.0
        self._read(collector)
        assert said == ["no answer", "no answer"]

    def test_registering_it_reads_nothing(self) -> None:
        collector, _, _ = self._make()
        CollectorRegistry(auto_describe=False).register(collector)

    def test_it_can_be_shown_as_text(self) -> None:
        collector, _, _ = self._make(Readings(targets=(READING,)))
        registry = CollectorRegistry(auto_describe=False)
        registry.register(collector)
        text = generate_latest(registry).decode()
        assert (
            'modelsync_held_prune_objects{environment="production",namespace="wines-production"} 2.0' in text
        )
