"""Plans applied to a real API server: the order of requests, refusals, and an outage in between."""

from __future__ import annotations

import copy
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.clients.cluster.interface import (
    PARALLEL,
    ClusterUnreachable,
    ClusterWriter,
    Permit,
    RightMissing,
)
from reconciler.clients.cluster.kubernetes import connect
from reconciler.state.objects import PART_OF_LABEL, Body, Kind, LiveObject, ObjectKey
from reconciler.state.plans import Action, Op
from scripts.local_cluster import LocalCluster
from tests.faults.between import Between, Once, is_apply
from tests.integration.apply.acting import entries, outcomes, path, traffic
from tests.support.accounts import make_account
from tests.support.clusters import LiveTarget


class TestCreatingAndChanging:
    @pytest.mark.covers("T8")
    def test_declared_objects_are_made_and_a_second_look_finds_nothing_to_do(self, town: LiveTarget) -> None:
        town.declare(town.make("prices"), town.make("wines", {"v3": 90, "v5": 10}))

        applied = town.sync()

        assert outcomes(applied.results) == {"prices": Action.CREATED, "wines": Action.CREATED}
        assert town.reports == list(applied.results)
        assert applied.wrote
        observation = town.observe()
        plan = town.plan(observation)
        assert plan.changes == ()
        assert entries(observation.record) == ["prices", "wines"]
        assert observation.record.entries[0].uid == town.demand("prices").uid
        assert observation.record.entries[0].generation == 1

    def test_a_change_moves_the_object_and_its_entry(self, town: LiveTarget) -> None:
        town.declare(town.make("wines"))
        town.sync()
        town.declare(town.make("wines", {"v3": 90, "v5": 10}))

        applied = town.sync()

        assert outcomes(applied.results) == {"wines": Action.CONFIGURED}
        assert traffic(town, "wines") == [90, 10]
        assert town.observe().record.entries[0].generation == 2

    def test_looking_takes_three_requests(self, town: LiveTarget, cluster: LocalCluster) -> None:
        town.declare(town.make("wines"))
        town.sync()
        before, since = town.cluster.reader.requests, cluster.audit_position()

        town.observe()

        assert town.cluster.reader.requests - before == 3
        seen = [
            (event["verb"], event["objectRef"]["resource"])
            for event in cluster.audit_events(since)
            if (event.get("objectRef") or {}).get("namespace") == town.target.namespace
        ]
        assert seen == [("get", "configmaps"), ("list", "seldondeployments"), ("list", "deployments")]

    @pytest.mark.covers("B7", "B19", "S4", "S5")
    def test_the_record_comes_first_then_rehearsals_then_writes_then_prunes(
        self, town: LiveTarget, cluster: LocalCluster
    ) -> None:
        town.declare(town.make("old"), town.make("wines"))
        town.sync()
        town.declare(town.make("new"), town.make("wines", {"v3": 90, "v5": 10}))
        since = cluster.audit_position()

        town.sync()

        steps = [describe(event) for event in cluster.audit_events(since) if is_write(event, town)]
        # Rehearsals are made at once; what is changed waits for what is new.
        assert [steps[0], *sorted(steps[1:3]), *steps[3:]] == [
            "update configmaps",
            "try create new",
            "try patch wines",
            "patch new",
            "patch wines",
            "delete old",
            "update configmaps",
        ]

    @pytest.mark.covers("B10")
    def test_an_object_that_appears_before_it_is_made_is_not_taken_over(
        self, town: LiveTarget, cluster: LocalCluster
    ) -> None:
        manifest = town.make("wines")
        town.declare(manifest)

        def appear() -> None:
            body = copy.deepcopy(dict(manifest.body))
            body["metadata"]["labels"] = {"team": "another"}
            body["metadata"]["annotations"] = {}
            body["spec"]["predictors"][0]["traffic"] = 77
            cluster.api.demand("POST", path(town, ""), body, query={"fieldManager": "kubectl-create"})

        applied = town.sync(meanwhile=appear)

        assert outcomes(applied.results) == {"wines": Action.FAILED}
        assert '"kubectl-create"' in applied.results[0].message
        assert traffic(town, "wines") == [77]
        assert PART_OF_LABEL not in town.demand("wines").labels

    @pytest.mark.covers("B10", "T6")
    @pytest.mark.parametrize("same", [True, False], ids=["all alike", "alike in what both say"])
    def test_one_that_appears_at_the_last_moment_and_is_alike_stays_its_makers(
        self, town: LiveTarget, cluster: LocalCluster, tmp_path: Path, same: bool
    ) -> None:
        """No field conflicts, so that the API server takes the apply."""
        manifest = town.make("wines")
        town.declare(manifest)

        def appear() -> None:
            body = copy.deepcopy(dict(manifest.body))
            body["metadata"]["labels"] = {"team": "another"}
            body["metadata"]["annotations"] = {}
            if not same:
                body["spec"].pop("protocol")
            cluster.api.demand("POST", path(town, ""), body, query={"fieldManager": "kubectl-create"})

        with Between(cluster, before=Once(is_apply, appear)) as proxy:
            town.cluster = connect(kubeconfig=proxy.write_kubeconfig(tmp_path / "kubeconfig"))
            applied = town.sync()

        assert outcomes(applied.results) == {"wines": Action.FAILED}
        assert applied.results[0].message == (
            'was made by "kubectl-create" since this run looked, so it was left to them; '
            "the next run says how it can be adopted"
        )
        live = town.demand("wines")
        assert live.labels == {"team": "another"}
        assert ("protocol" in live.body["spec"]) is same

        (change,) = town.plan(town.observe()).changes
        assert change.op is Op.SKIP
        assert "adopt: true" in change.reason


def is_write(event: dict[str, Any], town: LiveTarget) -> bool:
    reference = event.get("objectRef") or {}
    return (
        reference.get("namespace") == town.target.namespace
        and event["verb"] not in ("get", "list")
        and reference.get("resource") != "leases"
    )


def describe(event: dict[str, Any]) -> str:
    reference = event["objectRef"]
    rehearsed = "try " if "dryRun=All" in event["requestURI"] else ""
    # A creation that is refused has no name yet.
    name = reference.get("name") if reference["resource"] == "seldondeployments" else reference["resource"]
    return f"{rehearsed}{event['verb']} {name}"


class TestRefusals:
    @pytest.mark.covers("B18", "S5")
    def test_one_invalid_object_means_that_nothing_is_written(
        self, town: LiveTarget, cluster: LocalCluster
    ) -> None:
        bad = town.make("third")
        body = copy.deepcopy(dict(bad.body))
        body["spec"]["nonsense"] = 1
        town.declare(town.make("first"), town.make("second"), replace(bad, body=body))
        since = cluster.audit_position()

        applied = town.sync()

        assert outcomes(applied.results) == {
            "first": Action.SKIPPED,
            "second": Action.SKIPPED,
            "third": Action.FAILED,
        }
        assert "spec.nonsense" in applied.results[2].message
        assert "SeldonDeployment/third would be refused" in applied.results[0].message
        assert not applied.wrote
        assert town.observe().objects == ()
        writes = [describe(event) for event in cluster.audit_events(since) if is_write(event, town)]
        assert [
            step
            for step in writes
            if step.startswith(("create", "patch", "delete")) and "configmaps" not in step
        ] == []

    def test_a_missing_right_stops_the_run_and_is_named(
        self, town: LiveTarget, cluster: LocalCluster, tmp_path: Any
    ) -> None:
        rules = [
            {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "create", "update"]},
            {
                "apiGroups": ["coordination.k8s.io"],
                "resources": ["leases"],
                "verbs": ["get", "create", "update"],
            },
            {
                "apiGroups": ["machinelearning.seldon.io"],
                "resources": ["seldondeployments"],
                "verbs": ["get", "list"],
            },
            {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["list"]},
        ]
        kubeconfig = make_account(cluster, town.target.namespace, tmp_path, rules=rules)
        town.cluster = connect(kubeconfig=kubeconfig)
        town.declare(town.make("prices"), town.make("wines"))

        applied = town.sync()

        assert isinstance(applied.stopped, RightMissing)
        assert applied.stopped.verb == "create"
        assert outcomes(applied.results) == {"prices": Action.SKIPPED, "wines": Action.SKIPPED}


class Unplugged:
    """The real writer until it has applied `left` objects; nobody answers after that."""

    def __init__(self, writer: ClusterWriter, *, left: int) -> None:
        self._writer = writer
        self._left = left
        self._lock = threading.Lock()

    def guard(self, permit: Permit) -> Unplugged:
        self._writer = self._writer.guard(permit)
        return self

    def create(self, kind: Kind, namespace: str, body: Body) -> LiveObject:
        return self._writer.create(kind, namespace, body)

    def replace(self, key: ObjectKey, body: Body) -> LiveObject:
        return self._writer.replace(key, body)

    def apply(self, key: ObjectKey, body: Body, **options: Any) -> LiveObject:
        with self._lock:
            if not self._left:
                raise ClusterUnreachable("10.0.0.1", "did not answer within 10 s", tries=3, seconds=31)
            self._left -= 1
        return self._writer.apply(key, body, **options)

    def delete(self, key: ObjectKey, **options: Any) -> None:
        self._writer.delete(key, **options)


class TestOutage:
    @pytest.mark.covers("S6")
    def test_what_was_applied_before_it_is_recorded_and_the_next_run_goes_on(self, town: LiveTarget) -> None:
        whole = town.cluster
        names = [f"model-{number:02}" for number in range(60)]
        town.declare(*map(town.make, names))
        town.cluster = replace(whole, writer=Unplugged(whole.writer, left=5))

        applied = town.sync()

        assert isinstance(applied.stopped, ClusterUnreachable)
        ends = outcomes(applied.results)
        created = {name for name, action in ends.items() if action is Action.CREATED}
        failed = [result for result in applied.results if result.action is Action.FAILED]
        assert list(ends) == names
        assert len(created) == 5
        # Those that were in flight with the first that failed; nothing was begun after it.
        assert 1 <= len(failed) <= PARALLEL
        assert all("(3 tries over 31 s)" in result.message for result in failed)
        assert list(ends.values()).count(Action.SKIPPED) == 60 - 5 - len(failed)
        recorded = town.observe().record.entries
        assert {entry.key.name for entry in recorded if entry.uid} == created
        assert [entry.key.name for entry in recorded] == names
        town.cluster = whole
        assert outcomes(town.sync().results) == {
            name: Action.CREATED for name in names if name not in created
        }
