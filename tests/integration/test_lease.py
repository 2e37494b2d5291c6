"""One writer per target, against a real API server; time is short, but real where threads renew."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.apply.lease import LeaseHeld, LeaseLost, TargetLease
from reconciler.apply.recorder import save_record
from reconciler.apply.stop import Interrupted
from reconciler.clients.cluster.interface import ClusterError
from reconciler.clients.cluster.kinds import LEASE
from reconciler.clients.cluster.kubernetes import connect
from reconciler.state.plans import Action
from reconciler.state.targets import Target
from scripts.local_cluster import LocalCluster
from scripts.local_cluster.api import MERGE
from tests.conftest import MakeNamespace
from tests.faults.between import Between, is_apply
from tests.support.clusters import LiveTarget
from tests.support.proxy import Reply, Request
from tests.support.waiting import wait_until


@pytest.fixture
def town(cluster: LocalCluster, make_namespace: MakeNamespace) -> LiveTarget:
    target = Target(environment="production", namespace=make_namespace())
    return LiveTarget(cluster=connect(kubeconfig=cluster.kubeconfig), target=target, holder="first")


def another(town: LiveTarget, holder: str = "second") -> LiveTarget:
    return LiveTarget(cluster=town.cluster, target=town.target, holder=holder)


def read_spec(town: LiveTarget) -> Mapping[str, Any]:
    live = town.cluster.reader.get(LEASE, town.target.namespace, "modelsync-production")
    return {} if live is None else live.body["spec"]


def set_spec(cluster: LocalCluster, town: LiveTarget, **spec: Any) -> None:
    place = f"/apis/coordination.k8s.io/v1/namespaces/{town.target.namespace}/leases/modelsync-production"
    cluster.api.demand("PATCH", place, {"spec": spec}, content_type=MERGE)


def hold_and_die(town: LiveTarget, cluster: LocalCluster, duration: int) -> None:
    """Leave the Lease as a run leaves it that was killed."""
    with town.lease():
        pass
    set_spec(cluster, town, holderIdentity="dead", leaseDurationSeconds=duration)


def test_it_is_held_inside_and_given_back_at_the_end(town: LiveTarget) -> None:
    with town.lease() as lease:
        # Others may take it once it was not renewed for so long; in its last fifth nothing is begun.
        assert 3 < lease.check() <= 15
        assert read_spec(town)["holderIdentity"] == "first"
        assert read_spec(town)["leaseDurationSeconds"] == 15
        assert lease.transitions == 0

    assert "holderIdentity" not in read_spec(town)
    with another(town).lease() as lease:
        assert lease.transitions == 1


def test_it_is_given_back_when_the_run_fails(town: LiveTarget) -> None:
    with pytest.raises(KeyError), town.lease():
        raise KeyError("anything")

    assert "holderIdentity" not in read_spec(town)


@pytest.mark.covers("B28")
def test_a_run_that_is_broken_off_leaves_it_to_run_out(town: LiveTarget) -> None:
    """What it sent last may still be on its way."""
    with pytest.raises(KeyboardInterrupt), town.lease(duration=1.0):
        raise KeyboardInterrupt

    assert read_spec(town)["holderIdentity"] == "first"
    with another(town).lease(wait=10.0) as lease:
        assert lease.transitions == 1


@pytest.mark.covers("B29")
def test_waiting_for_it_ends_when_the_run_is_to_end(town: LiveTarget) -> None:
    with town.lease():
        waiting = another(town)
        waiting.stop.request("SIGTERM")
        with pytest.raises(Interrupted, match="ended by SIGTERM"):
            waiting.lease(wait=600.0).__enter__()


def test_a_lease_held_elsewhere_is_waited_for_and_then_told(town: LiveTarget) -> None:
    started = time.monotonic()
    # Whoever waited for as long as the other's lease lasts would meet the end of the test's own time.
    with town.lease(duration=900.0), pytest.raises(LeaseHeld, match="being written by first since") as caught:
        another(town).lease(wait=1.0).__enter__()

    assert caught.value.holder == "first"
    assert time.monotonic() - started >= 1


@pytest.mark.covers("S12")
def test_a_run_that_ends_lets_the_waiting_one_go_on(town: LiveTarget) -> None:
    first = town.lease()
    first.__enter__()
    timer = threading.Timer(0.7, first.__exit__, (None, None, None))
    timer.start()
    with another(town).lease(wait=10.0) as lease:
        lease.check()
        assert read_spec(town)["holderIdentity"] == "second"
    timer.join()


@pytest.mark.covers("S0")
def test_a_run_that_died_keeps_others_out_for_its_duration_alone(
    town: LiveTarget, cluster: LocalCluster
) -> None:
    hold_and_die(town, cluster, duration=2)
    started = time.monotonic()

    with another(town).lease(wait=10.0) as lease:
        waited = time.monotonic() - started
        lease.check()

    # Had it not come free by then, the ten seconds' wait would have ended in LeaseHeld.
    assert waited >= 2


@pytest.mark.covers("T13")
def test_the_holders_clock_is_not_believed(town: LiveTarget, cluster: LocalCluster) -> None:
    hold_and_die(town, cluster, duration=2)
    for renewed in ("2020-01-01T00:00:00.000000Z", "2040-01-01T00:00:00.000000Z"):
        set_spec(cluster, town, holderIdentity="dead", renewTime=renewed, leaseDurationSeconds=2)
        started = time.monotonic()
        with another(town).lease(wait=10.0):
            assert time.monotonic() - started >= 2


@pytest.mark.covers("B26", "B28", "T13")
def test_two_that_come_at_once_do_not_both_get_it(town: LiveTarget) -> None:
    inside, most = 0, 0
    lock = threading.Lock()
    errors: list[ClusterError] = []

    def run(number: int) -> None:
        nonlocal inside, most
        try:
            with another(town, f"run-{number}").lease(wait=20.0) as lease:
                with lock:
                    inside += 1
                    most = max(most, inside)
                lease.check()
                time.sleep(0.1)
                with lock:
                    inside -= 1
        except ClusterError as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert most == 1
    assert read_spec(town)["leaseTransitions"] == 3


def test_it_is_renewed_while_it_is_held(town: LiveTarget) -> None:
    with town.lease(duration=1.5) as lease:
        before = read_spec(town)["renewTime"]
        for _ in range(8):
            time.sleep(0.3)
            lease.check()
        assert read_spec(town)["renewTime"] > before


def wait_until_lost(lease: TargetLease) -> LeaseLost:
    def ask() -> LeaseLost | None:
        try:
            lease.check()
        except LeaseLost as error:
            return error
        return None

    return wait_until(ask, "the loss of the lease", patience=60)


@pytest.mark.covers("B28", "T13")
def test_a_lease_taken_over_stops_the_writer(town: LiveTarget, cluster: LocalCluster) -> None:
    with town.lease(duration=1.0) as lease:
        set_spec(cluster, town, holderIdentity="thief", leaseTransitions=9)
        assert "thief took it over" in str(wait_until_lost(lease))

    assert read_spec(town)["holderIdentity"] == "thief"


def test_a_deleted_lease_stops_the_writer(town: LiveTarget, cluster: LocalCluster) -> None:
    place = f"/apis/coordination.k8s.io/v1/namespaces/{town.target.namespace}/leases/modelsync-production"
    with town.lease(duration=1.0) as lease:
        cluster.api.demand("DELETE", place)
        assert "it was deleted" in str(wait_until_lost(lease))


def test_metadata_that_others_touch_does_not_matter(town: LiveTarget, cluster: LocalCluster) -> None:
    place = f"/apis/coordination.k8s.io/v1/namespaces/{town.target.namespace}/leases/modelsync-production"
    with town.lease(duration=1.0) as lease:
        cluster.api.demand("PATCH", place, {"metadata": {"labels": {"a": "b"}}}, content_type=MERGE)
        for _ in range(8):
            time.sleep(0.2)
            lease.check()


@pytest.mark.covers("B28", "T13")
def test_what_others_write_of_it_is_no_renewal(town: LiveTarget, cluster: LocalCluster) -> None:
    """Whoever waits counts from the last write, whoever made it; so the holder must write itself."""
    place = f"/apis/coordination.k8s.io/v1/namespaces/{town.target.namespace}/leases/modelsync-production"
    with town.lease(duration=1.5) as lease:
        before = read_spec(town)["renewTime"]

        def touch() -> bool:
            label = {"metadata": {"labels": {"a": str(time.monotonic())}}}
            cluster.api.demand("PATCH", place, label, content_type=MERGE)
            lease.check()
            return bool(read_spec(town)["renewTime"] > before)

        wait_until(touch, "a renewal", patience=30)


@pytest.mark.covers("B28", "T13")
def test_a_writer_that_is_late_does_not_overwrite_the_record_of_a_later_one(town: LiveTarget) -> None:
    town.declare(town.make("wines"))
    town.sync()
    with town.lease() as early:
        known = town.observe().record
        transitions = early.transitions
    later = another(town)
    later.declare(later.make("wines", {"v3": 90, "v5": 10}))
    later.sync()

    class Stale:
        """A fence that believes it still holds."""

        transitions = 0

        def check(self) -> float:
            """Nothing is wrong, it thinks."""
            return 60.0

    assert transitions > 0

    with pytest.raises(LeaseLost, match="written by a later run"):
        save_record(
            town.cluster, town.target, replace(known, attempted="main@sha1:0"), known=known, fence=Stale()
        )


@pytest.mark.covers("B28", "T13")
def test_a_lost_lease_stops_a_run_before_its_first_write(town: LiveTarget, cluster: LocalCluster) -> None:
    town.declare(town.make("prices"), town.make("wines"))

    town.duration = 1.0

    def steal() -> None:
        set_spec(cluster, town, holderIdentity="thief", leaseTransitions=9)
        time.sleep(1.0)

    with pytest.raises(LeaseLost):
        town.sync(meanwhile=steal)

    assert town.observe().objects == ()
    assert not town.observe().record.exists


@pytest.mark.covers("B28", "T13")
def test_a_write_whose_answer_was_lost_is_not_tried_again_once_the_lease_is(
    town: LiveTarget, cluster: LocalCluster, tmp_path: Path
) -> None:
    town.declare(town.make("wines"))
    town.duration = 1.0
    applies: list[str] = []

    def lose(request: Request) -> Reply | None:
        if not is_apply(request):
            return None
        applies.append(request.path)
        set_spec(cluster, town, holderIdentity="thief", leaseTransitions=9)
        time.sleep(1.0)
        return Reply(status=503)

    with Between(cluster, after=lose) as proxy:
        town.cluster = connect(kubeconfig=proxy.write_kubeconfig(tmp_path / "kubeconfig"))
        stopped = town.sync().stopped

    assert isinstance(stopped, LeaseLost)
    assert len(applies) == 1
    (told,) = town.reports
    assert told.action is Action.FAILED
    assert told.message.startswith("not known whether it landed: ")


def test_who_is_never_let_write_it_waits_between_tries_and_gives_up(
    town: LiveTarget, cluster: LocalCluster, tmp_path: Path
) -> None:
    tries: list[str] = []

    def refuse(request: Request) -> Reply | None:
        if request.method == "GET":
            return None
        tries.append(request.path)
        return Reply(status=409)

    with Between(cluster, before=refuse) as proxy:
        town.cluster = connect(kubeconfig=proxy.write_kubeconfig(tmp_path / "kubeconfig"))
        with pytest.raises(LeaseHeld, match="being written by others"), town.lease(wait=1.2):
            raise AssertionError("the Lease could not be written")

    # One at once, then one each half second.
    assert 2 <= len(tries) <= 4
