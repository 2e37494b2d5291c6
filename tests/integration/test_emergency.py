"""Break glass against a real API server: what is gone back to, what is refused, and what is left behind."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from reconciler.apply.clock import SystemClock
from reconciler.apply.lease import LeaseHeld, LeaseTerms
from reconciler.clients.cluster.interface import NamespaceMissing, RightMissing
from reconciler.clients.cluster.kinds import CONFIG_MAP
from reconciler.clients.cluster.kubernetes import connect
from reconciler.observe.inventory import ID_LABEL, encode_record
from reconciler.pipeline.emergency import (
    EmergencyRequest,
    EmergencyTools,
    end_emergency,
    prepare_rollback,
    roll_back,
)
from reconciler.pipeline.refusals import EmergencyRefused
from reconciler.plan.shares import read_shares
from reconciler.render.digest import digest_manifest
from reconciler.settings import SettingsError
from reconciler.state.emergencies import Rollback
from reconciler.state.inventory import DIGEST_LENGTH, EmergencyMark, GoodSet, TargetRecord
from reconciler.state.objects import Manifest, ObjectKey
from reconciler.state.targets import Target
from scripts.local_cluster import LocalCluster
from scripts.local_cluster.api import MERGE
from tests.conftest import MakeNamespace
from tests.support.accounts import make_account
from tests.support.clusters import LiveTarget

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
REASON = "v5 answers nonsense"


class HeldClock(SystemClock):
    """A clock whose time of day stands still."""

    def now(self) -> datetime:
        return NOON


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A target that serves v3 and v5; v3 alone was good, and its manifest is kept."""

    town: LiveTarget
    api: LocalCluster
    old: Manifest

    @property
    def namespace(self) -> str:
        return self.town.target.namespace

    def tools(self, kubeconfig: Path | None = None) -> EmergencyTools:
        return EmergencyTools(
            cluster=connect(kubeconfig=kubeconfig) if kubeconfig else self.town.cluster,
            clock=HeldClock(),
            holder="ann@desk/1",
            terms=LeaseTerms(wait=0.0),
        )

    def request(self, **other: Any) -> EmergencyRequest:
        known = {"environment": "production", "deployment": "wines", "namespace": self.namespace}
        return EmergencyRequest(**{"reason": REASON, "duration": timedelta(hours=2), **known, **other})

    def prepare(self, **other: Any) -> Rollback:
        return prepare_rollback(self.request(**other), self.tools())

    def break_glass(self) -> Rollback:
        shown = self.prepare()
        assert roll_back(shown, self.tools()) == ()
        return shown

    def read(self) -> TargetRecord:
        return self.town.observe().record

    def write(self, **changes: Any) -> None:
        key = ObjectKey(kind=CONFIG_MAP, namespace=self.namespace, name="modelsync-production")
        body = encode_record(replace(self.read(), **changes), self.town.target)
        self.town.cluster.writer.replace(key, body)

    def patch(self, path: str, body: object) -> None:
        self.api.api.demand("PATCH", path, body, content_type=MERGE, query={"fieldManager": "kubectl-edit"})

    def edit(self, traffic: int) -> None:
        """A person changes the first predictor's traffic with kubectl edit."""
        predictors = [dict(item) for item in self.town.demand("wines").body["spec"]["predictors"]]
        predictors[0]["traffic"] = traffic
        group = "/apis/machinelearning.seldon.io/v1"
        path = f"{group}/namespaces/{self.namespace}/seldondeployments/wines"
        self.patch(path, {"spec": {"predictors": predictors}})

    def shares(self) -> dict[str, int]:
        return {p["name"]: p["traffic"] for p in self.town.demand("wines").body["spec"]["predictors"]}


def make_good(manifest: Manifest, *, body: bool = True) -> GoodSet:
    return GoodSet(
        deployment=manifest.deployment,
        model="wines",
        revision="main@sha1:77ad03e",
        digest=manifest.digest.removeprefix("sha256:")[:DIGEST_LENGTH],
        shares=read_shares(manifest.body),
        body=json.dumps(manifest.body) if body else "",
    )


@pytest.fixture
def desk(cluster: LocalCluster, make_namespace: MakeNamespace) -> Desk:
    target = Target(environment="production", namespace=make_namespace())
    town = LiveTarget(cluster=connect(kubeconfig=cluster.kubeconfig), target=target)
    old = town.make("wines", {"v3": 100}, commit="77ad03e")
    town.declare(town.make("wines", {"v3": 90, "v5": 10}))
    town.sync()
    desk = Desk(town=town, api=cluster, old=old)
    desk.write(good=(make_good(old),), quiet="all was well")
    return desk


class TestGoingBack:
    def test_what_is_shown_is_what_is_done_and_nothing_is_written_before(self, desk: Desk) -> None:
        before = desk.read()
        shown = desk.prepare()

        assert desk.read() == before
        assert [(share.version, share.percent) for share in shown.applied] == [("v3", 90), ("v5", 10)]
        assert [(share.version, share.percent) for share in shown.mark.shares] == [("v3", 100)]
        assert shown.name == "production/wines"
        assert shown.mark.until == NOON + timedelta(hours=2)
        assert shown.mark.by

        assert roll_back(shown, desk.tools()) == ()
        assert desk.shares() == {"v3": 100}

    def test_the_object_stays_the_environments_own_and_the_record_knows_how_it_was_left(
        self, desk: Desk
    ) -> None:
        uid = desk.town.demand("wines").uid

        desk.break_glass()

        live = desk.town.demand("wines")
        assert live.uid == uid
        assert {entry["manager"] for entry in live.body["metadata"]["managedFields"]} == {
            "modelsync-production"
        }
        (entry,) = desk.read().entries
        assert (entry.uid, entry.generation, entry.digest) == (live.uid, live.generation, desk.old.digest)

    def test_the_mark_the_history_and_an_event_tell_it_and_the_target_is_not_quiet(self, desk: Desk) -> None:
        shown = desk.break_glass()

        record = desk.read()
        assert record.marks == (shown.mark,)
        assert record.quiet == ""
        told = (
            f"emergency rollback of production/wines to v3 100 % by {shown.mark.by} until "
            f"2026-11-23 14:00:00 UTC: {REASON}"
        )
        assert record.history[-1].summary == told
        events = desk.api.api.demand("GET", f"/api/v1/namespaces/{desk.namespace}/events")["items"]
        assert [item["message"] for item in events] == [f"configured by main@sha1:77ad03e: {told}"]

    def test_what_a_person_holds_meanwhile_is_taken_back_from_exactly_them(self, desk: Desk) -> None:
        desk.edit(50)

        desk.break_glass()

        assert desk.shares() == {"v3": 100}

    def test_an_object_that_was_deleted_is_made_again(self, desk: Desk) -> None:
        desk.town.delete("wines")

        shown = desk.break_glass()

        assert shown.applied == ()
        assert desk.shares() == {"v3": 100}

    def test_where_the_last_good_set_is_applied_the_one_before_it_is_gone_back_to(self, desk: Desk) -> None:
        (now,) = desk.town.manifests
        desk.write(good=(make_good(now, body=False),), before=(make_good(desk.old),))

        desk.break_glass()

        assert desk.shares() == {"v3": 100}

    def test_the_namespace_is_found_by_the_record(self, desk: Desk) -> None:
        environment = f"lonely-{desk.namespace[-8:]}"
        target = Target(environment=environment, namespace=desk.namespace)
        lonely = LiveTarget(cluster=desk.town.cluster, target=target)
        label = {"metadata": {"labels": {"modelsync.dev/environment": environment}}}
        desk.patch(f"/api/v1/namespaces/{desk.namespace}", label)
        lonely.declare(lonely.make("prices"))
        lonely.sync()

        with pytest.raises(EmergencyRefused, match=f"no good set of {environment}/prices is kept"):
            desk.prepare(environment=environment, deployment="prices", namespace="")


class TestWhatIsRefused:
    """Each with what was found and what to do; nothing is written."""

    @pytest.fixture(autouse=True)
    def nothing_changes(self, desk: Desk) -> Any:
        before = desk.town.demand("wines")
        yield
        after = desk.town.demand("wines")
        assert after.body["spec"] == before.body["spec"]
        assert desk.api.api.demand("GET", f"/api/v1/namespaces/{desk.namespace}/events")["items"] == []

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"duration": timedelta(hours=4, seconds=1)}, "may take 1 minute to 4 hours"),
            ({"duration": timedelta(seconds=59)}, "may take 1 minute to 4 hours"),
            ({"reason": " "}, "--reason must say in one line why"),
            ({"reason": "a\nb"}, "--reason must say in one line why"),
            ({"reason": "x" * 501}, "longer than 500 characters"),
            ({"deployment": "wines,x=y"}, "is no name"),
            ({"environment": "Production"}, "is no name"),
        ],
    )
    def test_what_cannot_be_meant(self, desk: Desk, changes: dict[str, Any], said: str) -> None:
        with pytest.raises(SettingsError, match=said):
            desk.prepare(**changes)

    def test_four_hours_can_be_meant(self, desk: Desk) -> None:
        assert desk.prepare(duration=timedelta(hours=4)).mark.until == NOON + timedelta(hours=4)

    def test_a_deployment_that_is_at_its_last_good_set(self, desk: Desk) -> None:
        (now,) = desk.town.manifests
        desk.write(good=(make_good(now, body=False),))
        with pytest.raises(EmergencyRefused, match=r"at its last good set already \(v3 90 %, v5 10 %\)"):
            desk.prepare()

    def test_an_emergency_upon_another(self, desk: Desk) -> None:
        other = EmergencyMark(
            deployment="wines",
            by="bob",
            reason="slow",
            since=NOON,
            until=NOON + timedelta(hours=1),
            shares=(),
        )
        desk.write(marks=(other,))
        with pytest.raises(EmergencyRefused, match="was taken back already by bob until 2026-11-23 13:00:00"):
            desk.prepare()

    def test_a_record_that_is_gone_or_not_to_be_believed(self, desk: Desk) -> None:
        place = f"/api/v1/namespaces/{desk.namespace}/configmaps/modelsync-production"
        desk.patch(place, {"data": {"inventory": "{"}})
        with pytest.raises(EmergencyRefused, match="is damaged or was not written for this target"):
            desk.prepare()
        desk.api.api.demand("DELETE", place)
        with pytest.raises(EmergencyRefused, match="production has no record"):
            desk.prepare()

    def test_an_environment_that_is_nowhere(self, desk: Desk) -> None:
        with pytest.raises(EmergencyRefused, match="nowhere has no record in this cluster"):
            desk.prepare(environment="nowhere", namespace="")

    def test_a_namespace_that_is_not_there_or_not_labelled(self, desk: Desk) -> None:
        with pytest.raises(NamespaceMissing):
            desk.prepare(namespace="not-there")
        label = {"metadata": {"labels": {"modelsync.dev/environment": "staging"}}}
        desk.patch(f"/api/v1/namespaces/{desk.namespace}", label)
        with pytest.raises(EmergencyRefused, match="carries modelsync.dev/environment=staging"):
            desk.prepare()

    def test_a_run_that_is_writing(self, desk: Desk) -> None:
        shown = desk.prepare()
        with desk.town.lease(), pytest.raises(LeaseHeld, match="is being written by test"):
            roll_back(shown, desk.tools())

    def test_what_the_api_server_refuses(self, desk: Desk) -> None:
        body = json.loads(json.dumps(desk.old.body))
        body["spec"]["nonsense"] = 1
        desk.write(good=(replace(make_good(with_body(desk.old, body))),))
        with pytest.raises(EmergencyRefused, match="was not rolled back: .*nonsense"):
            roll_back(desk.prepare(), desk.tools())
        assert desk.read().marks == ()


def with_body(manifest: Manifest, body: Any) -> Manifest:
    return replace(manifest, body=body, digest=digest_manifest(body))


class TestInBetween:
    """Between what was shown and what is done."""

    def test_another_form_of_the_object_ends_it(self, desk: Desk) -> None:
        shown = desk.prepare()
        desk.edit(60)

        with pytest.raises(EmergencyRefused, match="was changed since it was shown; nothing was written"):
            roll_back(shown, desk.tools())
        assert desk.shares() == {"v3": 60, "v5": 10}
        assert desk.read().marks == ()

    def test_another_good_set_ends_it(self, desk: Desk) -> None:
        shown = desk.prepare()
        desk.write(good=(make_good(desk.town.make("wines", {"v4": 100})),))

        with pytest.raises(EmergencyRefused, match="was changed since it was shown"):
            roll_back(shown, desk.tools())

    def test_an_object_of_somebody_else_is_left_alone(self, desk: Desk) -> None:
        group = "/apis/machinelearning.seldon.io/v1"
        path = f"{group}/namespaces/{desk.namespace}/seldondeployments/wines"
        desk.patch(path, {"metadata": {"labels": {"applyset.kubernetes.io/part-of": "applyset-other-v1"}}})

        with pytest.raises(EmergencyRefused, match="is not production's"):
            desk.prepare()


class TestRights:
    """The caller's own, and no others."""

    def account(self, desk: Desk, folder: Path, *, without: str = "") -> Path:
        verbs = {
            "namespaces": ("", ["get"]),
            "configmaps": ("", ["get", "update"]),
            "leases": ("coordination.k8s.io", ["get", "create", "update"]),
            "seldondeployments": ("machinelearning.seldon.io", ["get", "patch"]),
        }
        rules = [
            {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
            for resource, (group, those) in verbs.items()
            for verb in those
            if f"{verb} {resource}" != without
        ]
        return make_account(desk.api, desk.namespace, folder, rules=rules, name="ann")

    def test_those_in_the_namespace_are_enough_and_the_event_is_only_noted(
        self, desk: Desk, tmp_path: Path
    ) -> None:
        tools = desk.tools(self.account(desk, tmp_path))
        shown = prepare_rollback(desk.request(), tools)

        (note,) = roll_back(shown, tools)

        assert "Kubernetes Events could not be written" in note
        assert shown.mark.by == f"system:serviceaccount:{desk.namespace}:ann"
        assert desk.shares() == {"v3": 100}

    @pytest.mark.parametrize(
        "right",
        [
            "patch seldondeployments",
            "get seldondeployments",
            "update configmaps",
            "get configmaps",
            "update leases",
            "get leases",
        ],
    )
    def test_one_that_is_missing_is_named_before_anything_is_shown(
        self, desk: Desk, tmp_path: Path, right: str
    ) -> None:
        tools = desk.tools(self.account(desk, tmp_path, without=right))

        with pytest.raises(RightMissing, match=f"may not {right}"):
            prepare_rollback(desk.request(), tools)
        assert desk.read().marks == ()
        assert desk.shares() == {"v3": 90, "v5": 10}

    @pytest.mark.parametrize("kind", ["seldondeployments", "leases"])
    def test_what_is_gone_needs_the_right_to_make_it(self, desk: Desk, tmp_path: Path, kind: str) -> None:
        tools = desk.tools(self.account(desk, tmp_path, without="create leases"))
        if kind == "leases":
            group = f"/apis/coordination.k8s.io/v1/namespaces/{desk.namespace}"
            desk.api.api.demand("DELETE", f"{group}/leases/modelsync-production")
        else:
            desk.town.delete("wines")

        with pytest.raises(RightMissing, match=f"may not create {kind}"):
            prepare_rollback(desk.request(), tools)

    def test_what_is_there_needs_no_right_to_make_it(self, desk: Desk, tmp_path: Path) -> None:
        tools = desk.tools(self.account(desk, tmp_path, without="create leases"))

        roll_back(prepare_rollback(desk.request(), tools), tools)

        assert desk.shares() == {"v3": 100}

    def test_who_may_not_read_the_namespace_goes_by_the_record_and_is_told_so(
        self, desk: Desk, tmp_path: Path
    ) -> None:
        tools = desk.tools(self.account(desk, tmp_path, without="get namespaces"))
        shown = prepare_rollback(desk.request(), tools)
        (note,) = shown.notes
        assert f":ann may not get the namespace {desk.namespace}, so whether it is labelled for" in note

        roll_back(shown, tools)
        assert desk.shares() == {"v3": 100}
        end_emergency(desk.request(), tools)
        assert desk.read().marks == ()

    def test_what_the_record_is_not_for_is_refused_without_the_namespace_as_well(
        self, desk: Desk, tmp_path: Path
    ) -> None:
        tools = desk.tools(self.account(desk, tmp_path, without="get namespaces"))
        place = f"/api/v1/namespaces/{desk.namespace}/configmaps/modelsync-production"
        desk.patch(place, {"metadata": {"labels": {ID_LABEL: "applyset-other-v1"}}})

        with pytest.raises(EmergencyRefused, match="was not written for this target"):
            prepare_rollback(desk.request(), tools)

    def test_who_may_not_look_everywhere_names_the_namespace(self, desk: Desk, tmp_path: Path) -> None:
        tools = desk.tools(self.account(desk, tmp_path))

        with pytest.raises(SettingsError, match="name it: --namespace NAMESPACE"):
            prepare_rollback(desk.request(namespace=""), tools)


class TestEnding:
    def test_the_mark_goes_and_the_object_stays(self, desk: Desk) -> None:
        shown = desk.break_glass()

        assert end_emergency(desk.request(), desk.tools()) == shown.mark

        record = desk.read()
        assert record.marks == ()
        assert "emergency of production/wines ended by" in record.history[-1].summary
        assert desk.shares() == {"v3": 100}

    def test_there_must_be_one(self, desk: Desk) -> None:
        with pytest.raises(EmergencyRefused, match="is in no emergency"):
            end_emergency(desk.request(), desk.tools())
        with pytest.raises(SettingsError, match="is no name"):
            end_emergency(desk.request(deployment="wines/x"), desk.tools())
