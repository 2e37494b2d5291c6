"""The record in a real ConfigMap: how much it takes, and what others do to it in the middle of a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

import pytest

from reconciler.apply.clock import SystemClock
from reconciler.apply.lease import LeaseLost, TargetLease
from reconciler.apply.recorder import save_record
from reconciler.clients.cluster.interface import Conflict
from reconciler.clients.cluster.kinds import CONFIG_MAP
from reconciler.clients.cluster.kubernetes import connect
from reconciler.observe.inventory import encode_record
from reconciler.state.inventory import EmergencyMark, TargetRecord
from reconciler.state.objects import ObjectKey
from reconciler.state.targets import Target
from scripts.local_cluster import LocalCluster
from scripts.local_cluster.api import MERGE
from tests.conftest import MakeNamespace
from tests.support.clusters import LiveTarget
from tests.support.records import make_record

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)


@dataclass(slots=True, kw_only=True)
class Meddling:
    """A fence that holds, and lets somebody act before each of the first `times` writes."""

    act: Callable[[], object]
    times: int = 1
    transitions: int = 3

    def check(self) -> float:
        if self.times:
            self.times -= 1
            self.act()
        return 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A target with a record, and somebody else who can write it."""

    town: LiveTarget
    api: LocalCluster

    @property
    def place(self) -> str:
        return f"/api/v1/namespaces/{self.town.target.namespace}/configmaps/modelsync-production"

    def read(self) -> TargetRecord:
        return self.town.observe().record

    def write(self, record: TargetRecord) -> None:
        key = ObjectKey(kind=CONFIG_MAP, namespace=self.town.target.namespace, name="modelsync-production")
        self.town.cluster.writer.replace(key, encode_record(record, self.town.target))

    def touch(self) -> None:
        """Somebody's annotation: the record says the same in another version."""
        self.api.api.demand(
            "PATCH",
            self.place,
            {"metadata": {"annotations": {"team/seen": self.read().resource_version}}},
            content_type=MERGE,
        )

    def save(self, record: TargetRecord, known: TargetRecord, fence: Meddling) -> TargetRecord:
        return save_record(self.town.cluster, self.town.target, record, known=known, fence=fence)


@pytest.fixture
def desk(cluster: LocalCluster, make_namespace: MakeNamespace) -> Desk:
    target = Target(environment="production", namespace=make_namespace())
    town = LiveTarget(cluster=connect(kubeconfig=cluster.kubeconfig), target=target)
    town.declare(town.make("prices"), town.make("wines"))
    town.sync()
    return Desk(town=town, api=cluster)


def mark(name: str, reason: str = "it answers nonsense") -> EmergencyMark:
    return EmergencyMark(
        deployment=name, by="ann", reason=reason, since=NOON, until=NOON + timedelta(hours=2), shares=()
    )


def names(record: TargetRecord) -> list[str]:
    return [item.deployment for item in record.marks]


@pytest.mark.covers("T19")
def test_the_api_server_takes_a_record_of_ten_thousand_objects(
    cluster: LocalCluster, make_namespace: MakeNamespace
) -> None:
    target = Target(environment="production", namespace=make_namespace())
    town = LiveTarget(cluster=connect(kubeconfig=cluster.kubeconfig), target=target)
    large = make_record(10_000, target.namespace)

    with town.lease() as lease:
        save_record(town.cluster, target, large, known=TargetRecord(), fence=lease)

    read = town.observe().record
    assert (read.entries, read.good, read.results) == (large.entries, large.good, large.results)


@pytest.mark.covers("B26")
class TestWritesInBetween:
    def test_a_touch_is_met_by_reading_again(self, desk: Desk) -> None:
        known = desk.read()

        desk.save(replace(known, attempted="main@sha1:1"), known, Meddling(act=desk.touch, times=3))

        assert desk.read().attempted == "main@sha1:1"
        assert desk.read().entries == known.entries

    def test_a_record_that_never_rests_ends_the_run_after_a_few_tries(self, desk: Desk) -> None:
        known = desk.read()
        endless = Meddling(act=desk.touch, times=1000)

        with pytest.raises(Conflict, match="others kept writing to it"):
            desk.save(replace(known, attempted="main@sha1:1"), known, endless)

        assert 1000 - endless.times < 10
        assert desk.read().attempted == known.attempted

    @pytest.mark.covers("B39", "T22")
    @pytest.mark.parametrize("harm", ["delete", "damage", "forge"])
    def test_a_record_that_is_lost_meanwhile_is_written_whole(self, desk: Desk, harm: str) -> None:
        known = desk.read()
        wanted = replace(known, attempted="main@sha1:1", marks=(mark("wines"),))
        patches = {
            "damage": {"data": {"inventory": "{"}},
            "forge": {"metadata": {"labels": {"applyset.kubernetes.io/id": "applyset-of-others-v1"}}},
        }

        def act() -> None:
            if harm == "delete":
                desk.api.api.demand("DELETE", desk.place)
            else:
                desk.api.api.demand("PATCH", desk.place, patches[harm], content_type=MERGE)

        desk.save(wanted, known, Meddling(act=act))

        read = desk.read()
        assert not read.forged
        assert (read.entries, read.attempted, read.marks) == (known.entries, "main@sha1:1", wanted.marks)

    @pytest.mark.covers("T13")
    def test_a_later_writers_record_is_not_overwritten(self, desk: Desk) -> None:
        known = desk.read()

        def act() -> None:
            desk.write(replace(desk.read(), fence=9, attempted="main@sha1:later"))

        with pytest.raises(LeaseLost, match="written by a later run"):
            desk.save(replace(known, attempted="main@sha1:1"), known, Meddling(act=act))

        assert desk.read().attempted == "main@sha1:later"


@pytest.mark.covers("T13", "B28")
def test_a_lease_that_was_deleted_makes_no_later_writer_a_stale_one(desk: Desk) -> None:
    desk.write(replace(desk.read(), fence=9))
    leases = f"/apis/coordination.k8s.io/v1/namespaces/{desk.town.target.namespace}/leases"
    desk.api.api.demand("DELETE", f"{leases}/modelsync-production")
    known = desk.read()

    with TargetLease(
        desk.town.cluster, desk.town.target, holder="later", clock=SystemClock(), after=known.fence
    ) as lease:
        assert lease.transitions == 10
        wanted = replace(known, attempted="main@sha1:1")
        save_record(desk.town.cluster, desk.town.target, wanted, known=known, fence=lease)

    assert (desk.read().attempted, desk.read().fence) == ("main@sha1:1", 10)


class TestMarksOfPeople:
    """Somebody breaks glass, or ends it, while a run is on its way."""

    def test_one_that_is_set_meanwhile_is_kept(self, desk: Desk) -> None:
        desk.write(replace(desk.read(), marks=(mark("prices"),)))
        known = desk.read()

        def act() -> None:
            now = desk.read()
            desk.write(replace(now, marks=(*now.marks, mark("wines"))))

        desk.save(replace(known, attempted="main@sha1:1"), known, Meddling(act=act))

        assert names(desk.read()) == ["prices", "wines"]

    def test_one_that_is_ended_meanwhile_does_not_come_back(self, desk: Desk) -> None:
        desk.write(replace(desk.read(), marks=(mark("prices"), mark("wines"))))
        known = desk.read()

        def act() -> None:
            desk.write(replace(desk.read(), marks=(mark("prices"),)))

        desk.save(replace(known, attempted="main@sha1:1"), known, Meddling(act=act))

        assert names(desk.read()) == ["prices"]

    def test_one_that_ran_out_in_this_run_stays_away(self, desk: Desk) -> None:
        desk.write(replace(desk.read(), marks=(mark("prices"), mark("wines"))))
        known = desk.read()

        desk.save(
            replace(known, attempted="main@sha1:1", marks=(mark("wines"),)), known, Meddling(act=desk.touch)
        )

        assert names(desk.read()) == ["wines"]

    def test_one_that_is_set_anew_meanwhile_says_what_it_says_now(self, desk: Desk) -> None:
        desk.write(replace(desk.read(), marks=(mark("wines"),)))
        known = desk.read()

        def act() -> None:
            desk.write(replace(desk.read(), marks=(mark("wines", "another reason"),)))

        desk.save(replace(known, attempted="main@sha1:1"), known, Meddling(act=act))

        assert [item.reason for item in desk.read().marks] == ["another reason"]
