"""Plans applied to a real API server: conflicts, preconditions, order, and what the record keeps."""

from __future__ import annotations

import copy
import threading
from dataclasses import replace
from typing import Any

import pytest

from reconciler.apply.clock import SystemClock
from reconciler.apply.events import record_events
from reconciler.apply.recorder import save_record
from reconciler.clients.cluster.interface import (
    PARALLEL,
    Cluster,
    ClusterUnreachable,
    ClusterWriter,
    Permit,
    RightMissing,
)
from reconciler.clients.cluster.kinds import CONFIG_MAP, EVENT
from reconciler.clients.cluster.kubernetes import connect
from reconciler.observe.inventory import encode_record
from reconciler.state.inventory import TargetRecord
from reconciler.state.objects import PART_OF_LABEL, Body, Kind, LiveObject, ObjectKey
from reconciler.state.plans import Action
from reconciler.state.targets import Target
from scripts.local_cluster import LocalCluster
from scripts.local_cluster.api import MERGE
from tests.conftest import MakeNamespace
from tests.support.accounts import make_account
from tests.support.clusters import LiveTarget


@pytest.fixture
def town(cluster: LocalCluster, make_namespace: MakeNamespace) -> LiveTarget:
    target = Target(environment="production", namespace=make_namespace())
    return LiveTarget(cluster=connect(kubeconfig=cluster.kubeconfig), target=target)


def path(town: LiveTarget, name: str) -> str:
    return f"/apis/machinelearning.seldon.io/v1/namespaces/{town.target.namespace}/seldondeployments/{name}"


def edit(cluster: LocalCluster, town: LiveTarget, name: str, traffic: int) -> None:
    """A person changes the first predictor's traffic with kubectl edit."""
    predictors = copy.deepcopy(town.demand(name).body["spec"]["predictors"])
    predictors[0]["traffic"] = traffic
    cluster.api.demand(
        "PATCH",
        path(town, name),
        {"spec": {"predictors": predictors}},
        content_type=MERGE,
        query={"fieldManager": "kubectl-edit"},
    )


def traffic(town: LiveTarget, name: str) -> list[int]:
    return [predictor["traffic"] for predictor in town.demand(name).body["spec"]["predictors"]]


def outcomes(results: Any) -> dict[str, Action]:
    return {result.key.name: result.action for result in results}


def entries(record: TargetRecord) -> list[str]:
    return [entry.key.name for entry in record.entries]


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


class TestDrift:
    @pytest.mark.covers("B38", "B9")
    def test_a_persons_edit_is_taken_back_by_name(self, town: LiveTarget, cluster: LocalCluster) -> None:
        town.declare(town.make("prices"), town.make("wines", {"v3": 90, "v5": 10}))
        town.sync()
        edit(cluster, town, "wines", 50)

        applied = town.sync()

        assert outcomes(applied.results) == {"wines": Action.CONFIGURED}
        assert applied.results[0].message == 'taken back: spec.predictors from "kubectl-edit"'
        assert traffic(town, "wines") == [90, 10]
        assert town.plan(town.observe()).changes == ()

    @pytest.mark.covers("B9")
    def test_an_edit_made_after_the_look_is_reported_and_not_overrun(
        self, town: LiveTarget, cluster: LocalCluster
    ) -> None:
        town.declare(town.make("wines", {"v3": 100}))
        town.sync()
        town.declare(town.make("wines", {"v3": 90, "v5": 10}))

        applied = town.sync(meanwhile=lambda: edit(cluster, town, "wines", 50))

        assert outcomes(applied.results) == {"wines": Action.FAILED}
        assert 'spec.predictors is held by "kubectl-edit"' in applied.results[0].message
        assert traffic(town, "wines") == [50]

    def test_a_second_edit_after_the_look_stops_the_healing_of_the_first(
        self, town: LiveTarget, cluster: LocalCluster
    ) -> None:
        town.declare(town.make("wines"))
        town.sync()
        edit(cluster, town, "wines", 50)

        applied = town.sync(meanwhile=lambda: edit(cluster, town, "wines", 60))

        assert outcomes(applied.results) == {"wines": Action.FAILED}
        assert "changed again" in applied.results[0].message
        assert traffic(town, "wines") == [60]

    def test_the_operators_status_writes_do_not_stop_the_healing(
        self, town: LiveTarget, cluster: LocalCluster
    ) -> None:
        town.declare(town.make("wines"))
        town.sync()
        edit(cluster, town, "wines", 50)

        def report() -> None:
            cluster.api.demand(
                "PATCH",
                f"{path(town, 'wines')}/status",
                {"status": {"state": "Available"}},
                content_type=MERGE,
                query={"fieldManager": "manager"},
            )

        applied = town.sync(meanwhile=report)

        assert outcomes(applied.results) == {"wines": Action.CONFIGURED}
        assert traffic(town, "wines") == [100]

    @pytest.mark.covers("T6")
    def test_what_another_environment_holds_is_never_taken(
        self, town: LiveTarget, cluster: LocalCluster
    ) -> None:
        manifest = town.make("wines")
        town.declare(manifest)
        town.sync()
        edit(cluster, town, "wines", 50)
        staging = town.make("wines", {"v3": 40, "v5": 60})

        def take() -> None:
            town.cluster.writer.apply(manifest.key, staging.body, manager="modelsync-staging", force=True)

        taken_meanwhile = town.sync(meanwhile=take)
        seen_as_taken = town.sync()

        assert outcomes(taken_meanwhile.results) == {"wines": Action.FAILED}
        assert "another environment" in taken_meanwhile.results[0].message
        assert outcomes(seen_as_taken.results) == {"wines": Action.SKIPPED}
        assert traffic(town, "wines") == [40, 60]

    @pytest.mark.covers("B22")
    def test_a_held_object_does_not_keep_the_others_from_being_written(
        self, town: LiveTarget, cluster: LocalCluster
    ) -> None:
        town.declare(town.make("wines"))
        town.sync()
        town.declare(town.make("prices"), town.make("wines", {"v3": 90, "v5": 10}))

        applied = town.sync(meanwhile=lambda: edit(cluster, town, "wines", 50))

        assert outcomes(applied.results) == {"prices": Action.CREATED, "wines": Action.FAILED}

    def test_an_object_deleted_by_hand_is_made_again(self, town: LiveTarget) -> None:
        town.declare(town.make("wines"))
        town.sync()
        town.delete("wines")

        assert outcomes(town.sync().results) == {"wines": Action.CREATED}


class TestAdoption:
    def place(self, town: LiveTarget, cluster: LocalCluster) -> None:
        body = copy.deepcopy(dict(town.make("wines", {"v1": 100}).body))
        body["metadata"]["labels"] = {"team": "wine"}
        body["metadata"]["annotations"] = {}
        cluster.api.demand("POST", path(town, ""), body, query={"fieldManager": "kubectl-create"})

    @pytest.mark.covers("B10")
    def test_an_object_of_others_is_left_alone_without_a_word_in_git(
        self, town: LiveTarget, cluster: LocalCluster
    ) -> None:
        self.place(town, cluster)
        town.declare(town.make("wines"))

        assert outcomes(town.sync().results) == {"wines": Action.SKIPPED}
        assert entries(town.observe().record) == []
        assert PART_OF_LABEL not in town.demand("wines").labels

    @pytest.mark.covers("B10")
    def test_it_is_taken_over_where_git_says_so(self, town: LiveTarget, cluster: LocalCluster) -> None:
        self.place(town, cluster)
        uid = town.demand("wines").uid
        town.declare(town.make("wines", adopt=True))

        applied = town.sync()

        assert outcomes(applied.results) == {"wines": Action.CONFIGURED}
        assert applied.results[0].message == 'taken over: spec.predictors from "kubectl-create"'
        live = town.demand("wines")
        assert live.uid == uid
        assert live.labels[PART_OF_LABEL] == town.part_of
        assert live.labels["team"] == "wine"
        assert town.observe().record.entries[0].adopted
        assert town.plan(town.observe()).changes == ()


class TestPruning:
    @pytest.fixture
    def two(self, town: LiveTarget) -> LiveTarget:
        """Two objects, of which git keeps one."""
        town.declare(town.make("prices"), town.make("wines"))
        town.sync()
        town.declare(town.make("wines"))
        return town

    def test_what_left_git_is_deleted_and_then_forgotten(self, two: LiveTarget) -> None:
        applied = two.sync()

        assert outcomes(applied.results) == {"prices": Action.DELETED}
        assert two.find("prices") is None
        assert entries(two.observe().record) == ["wines"]

    @pytest.mark.covers("B15", "T14")
    def test_an_object_made_anew_between_the_look_and_the_delete_is_kept(self, two: LiveTarget) -> None:
        manifest = two.make("prices")

        def remake() -> None:
            two.delete("prices")
            two.cluster.writer.apply(manifest.key, manifest.body, manager="somebody")

        applied = two.sync(meanwhile=remake)

        assert outcomes(applied.results) == {"prices": Action.SKIPPED}
        assert "made anew" in applied.results[0].message
        assert two.find("prices") is not None

    @pytest.mark.covers("B15", "T14")
    def test_an_object_that_lost_our_label_meanwhile_is_kept(
        self, two: LiveTarget, cluster: LocalCluster
    ) -> None:
        unlabel = {"metadata": {"labels": {PART_OF_LABEL: None}}}
        applied = two.sync(
            meanwhile=lambda: cluster.api.demand("PATCH", path(two, "prices"), unlabel, content_type=MERGE)
        )

        assert outcomes(applied.results) == {"prices": Action.SKIPPED}
        assert "not ours" in applied.results[0].message
        assert two.find("prices") is not None

    @pytest.mark.covers("B15", "T14")
    def test_an_object_edited_meanwhile_is_kept(self, two: LiveTarget, cluster: LocalCluster) -> None:
        applied = two.sync(meanwhile=lambda: edit(cluster, two, "prices", 50))

        assert outcomes(applied.results) == {"prices": Action.SKIPPED}
        assert "edited" in applied.results[0].message

    def test_a_status_written_meanwhile_does_not_save_it(
        self, two: LiveTarget, cluster: LocalCluster
    ) -> None:
        status = {"status": {"state": "Creating"}}
        applied = two.sync(
            meanwhile=lambda: cluster.api.demand(
                "PATCH", f"{path(two, 'prices')}/status", status, content_type=MERGE
            )
        )

        assert outcomes(applied.results) == {"prices": Action.DELETED}

    def test_one_deleted_meanwhile_is_as_good_as_deleted(self, two: LiveTarget) -> None:
        applied = two.sync(meanwhile=lambda: two.delete("prices"))

        assert outcomes(applied.results) == {"prices": Action.DELETED}
        assert entries(two.observe().record) == ["wines"]

    @pytest.mark.covers("B16", "T2", "T15", "S9")
    def test_a_finalizer_is_waited_for_and_the_record_remembers(
        self, two: LiveTarget, cluster: LocalCluster
    ) -> None:
        held = {"metadata": {"finalizers": ["example.com/hold"]}}
        cluster.api.demand("PATCH", path(two, "prices"), held, content_type=MERGE)

        applied = two.sync()

        assert applied.results[0].message == "is being deleted; finalizers hold it: example.com/hold"
        assert entries(two.observe().record) == ["prices", "wines"]
        cluster.api.demand("PATCH", path(two, "prices"), {"metadata": {"finalizers": []}}, content_type=MERGE)
        two.sync()
        assert entries(two.observe().record) == ["wines"]


class TestRecord:
    @pytest.mark.covers("B8")
    def test_a_run_with_nothing_new_does_not_write_it(self, town: LiveTarget) -> None:
        town.declare(town.make("wines"))
        town.sync()
        before = town.observe().record.resource_version

        town.sync()

        assert town.observe().record.resource_version == before

    @pytest.mark.covers("B39", "T22")
    def test_a_lost_record_is_rebuilt_from_labels_and_prunes_nothing_meanwhile(
        self, town: LiveTarget, cluster: LocalCluster
    ) -> None:
        town.declare(town.make("prices"), town.make("wines"))
        town.sync()
        cluster.api.demand(
            "DELETE", f"/api/v1/namespaces/{town.target.namespace}/configmaps/modelsync-production"
        )
        town.declare(town.make("wines"))

        assert outcomes(town.sync().results) == {"prices": Action.SKIPPED}
        assert entries(town.observe().record) == ["prices", "wines"]
        assert outcomes(town.sync().results) == {"prices": Action.DELETED}

    @pytest.mark.covers("T22")
    def test_a_forged_record_is_replaced(self, town: LiveTarget, cluster: LocalCluster) -> None:
        town.declare(town.make("wines"))
        town.sync()
        body = {"metadata": {"labels": {"applyset.kubernetes.io/id": "applyset-someone-elses-v1"}}}
        place = f"/api/v1/namespaces/{town.target.namespace}/configmaps/modelsync-production"
        cluster.api.demand("PATCH", place, body, content_type=MERGE)
        assert town.observe().record.forged

        town.sync()

        record = town.observe().record
        assert not record.forged
        assert entries(record) == ["wines"]

    @pytest.mark.covers("B26")
    def test_someone_elses_write_in_between_is_met_and_loses_no_entry(self, town: LiveTarget) -> None:
        town.declare(town.make("wines"))
        town.sync()
        known = town.observe().record
        extra = replace(known.entries[0], key=replace(known.entries[0].key, name="prices"))
        town.declare(town.make("wines", {"v3": 90, "v5": 10}))

        def write() -> None:
            added = replace(known, entries=(extra, *known.entries))
            key = ObjectKey(kind=CONFIG_MAP, namespace=town.target.namespace, name="modelsync-production")
            town.cluster.writer.replace(key, encode_record(added, town.target))

        with town.lease() as lease:
            write()
            save_record(
                town.cluster, town.target, replace(known, attempted="main@sha1:1"), known=known, fence=lease
            )

        record = town.observe().record
        assert entries(record) == ["prices", "wines"]
        assert record.attempted == "main@sha1:1"


class TestEvents:
    def read(self, cluster: Cluster, namespace: str) -> list[dict[str, Any]]:
        return [dict(live.body) for live in cluster.reader.list(EVENT, namespace)]

    @pytest.mark.covers("B34", "S11")
    def test_each_change_is_told_once(self, town: LiveTarget) -> None:
        town.declare(town.make("wines"))
        applied = town.sync()

        for _ in range(2):
            notes = record_events(
                town.cluster,
                town.target,
                results=applied.results,
                record=applied.record,
                revision="main@sha1:4be2a91",
                now=SystemClock().now(),
            )
            assert notes == ()

        (event,) = self.read(town.cluster, town.target.namespace)
        assert event["reason"] == "Created"
        assert event["message"] == "created by main@sha1:4be2a91"
        assert event["involvedObject"]["uid"] == town.demand("wines").uid

    def test_many_changes_are_told_in_bounds(self, town: LiveTarget) -> None:
        town.declare(*(town.make(f"model-{number:02}") for number in range(30)))
        applied = town.sync()

        record_events(
            town.cluster,
            town.target,
            results=applied.results,
            record=applied.record,
            revision="main@sha1:4be2a91",
            now=SystemClock().now(),
        )

        (event,) = self.read(town.cluster, town.target.namespace)
        assert event["involvedObject"]["kind"] == "ConfigMap"
        assert event["message"] == "configured by main@sha1:4be2a91: 30 objects: 30 created"

    def test_events_that_cannot_be_written_are_noted_and_nothing_fails(
        self, town: LiveTarget, cluster: LocalCluster, tmp_path: Any
    ) -> None:
        town.declare(town.make("wines"))
        applied = town.sync()
        powerless = connect(kubeconfig=make_account(cluster, town.target.namespace, tmp_path))

        (note,) = record_events(
            powerless,
            town.target,
            results=applied.results,
            record=applied.record,
            revision="main@sha1:4be2a91",
            now=SystemClock().now(),
        )

        assert "Events could not be written" in note
        assert "may not create events" in note
