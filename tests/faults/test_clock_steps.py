"""Clocks that step by an hour, or disagree by two, across the Lease and the record."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest

from reconciler.apply.clock import SystemClock
from reconciler.apply.lease import LeaseHeld, LeaseTerms, TargetLease
from reconciler.clients.cluster.interface import Cluster
from reconciler.clients.cluster.kinds import LEASE
from reconciler.clients.cluster.kubernetes import connect
from reconciler.clients.source.interface import GitAccess
from reconciler.clients.source.remote import open_repository
from reconciler.pipeline.sync.run import SyncRequest, SyncTools, sync
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome
from reconciler.state.runs import TargetRun
from reconciler.state.targets import Target
from tests.e2e.conftest import Team

HOUR = timedelta(hours=1)


class SteppingClock(SystemClock):
    """The machine's clock, whose time of day is set by hand. What measures spans never steps."""

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self.offset = offset

    def now(self) -> datetime:
        return super().now() + self.offset


def open_cluster(team: Team) -> Cluster:
    return connect(kubeconfig=team.cluster.kubeconfig)


def make_lease(team: Team, holder: str, clock: SteppingClock, **terms: float) -> TargetLease:
    target = Target(environment="production", namespace=team.namespace)
    return TargetLease(open_cluster(team), target, holder=holder, clock=clock, terms=LeaseTerms(**terms))


def run_sync(team: Team, clock: SteppingClock) -> TargetRun:
    """One run by that clock."""
    with open_repository(str(team.shop.folder), GitAccess()) as source:
        tools = SyncTools(source=source, cluster=open_cluster(team), clock=clock, progress=lambda _line: None)
        (run,) = sync(SyncRequest(environments=("production",)), Settings(), tools).targets
    return run


@pytest.mark.covers("T13", "B28")
@pytest.mark.parametrize("step", [HOUR, -HOUR], ids=["an-hour-on", "an-hour-back"])
def test_a_clock_that_steps_while_the_lease_is_held_neither_loses_nor_breaks_it(
    team: Team, step: timedelta
) -> None:
    clock = SteppingClock()
    renewed: list[str] = []
    with make_lease(team, "first", clock, duration=3.0) as lease:
        clock.offset = step
        with pytest.raises(LeaseHeld, match="being written by first"):
            make_lease(team, "second", SteppingClock(), duration=3.0, wait=4.0).__enter__()
        lease.check()
        live = open_cluster(team).reader.get(LEASE, team.namespace, "modelsync-production")
        assert live is not None
        renewed.append(str(live.body["spec"]["renewTime"]))

    assert abs(datetime.fromisoformat(renewed[0].replace("Z", "+00:00")) - clock.now()) < HOUR / 2


@pytest.mark.covers("T13", "B28")
def test_writers_whose_clocks_disagree_by_two_hours_take_turns(team: Team) -> None:
    inside: list[str] = []
    most = 0
    lock = threading.Lock()

    def write(holder: str, clock: SteppingClock) -> None:
        nonlocal most
        for _ in range(3):
            with make_lease(team, holder, clock, duration=15.0, wait=60.0) as lease:
                with lock:
                    inside.append(holder)
                    most = max(most, len(inside))
                lease.check()
                clock.offset = -clock.offset
                lease.check()
                with lock:
                    inside.remove(holder)

    threads = [
        threading.Thread(target=write, args=("ahead", SteppingClock(HOUR))),
        threading.Thread(target=write, args=("behind", SteppingClock(-HOUR))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    live = open_cluster(team).reader.get(LEASE, team.namespace, "modelsync-production")
    assert live is not None
    assert live.body["spec"]["leaseTransitions"] == 5
    assert most == 1


@pytest.mark.covers("T13")
def test_runs_by_clocks_that_step_change_nothing_that_is_as_declared(team: Team) -> None:
    assert run_sync(team, SteppingClock()).outcome is Outcome.DONE
    versions = {name: item["metadata"]["resourceVersion"] for name, item in team.live().items()}

    for offset in (HOUR, -HOUR, HOUR, timedelta()):
        run = run_sync(team, SteppingClock(offset))
        assert run.outcome in (Outcome.DONE, Outcome.UNHEALTHY), run.message
        assert run.results == ()
    assert {name: item["metadata"]["resourceVersion"] for name, item in team.live().items()} == versions

    team.shop.declare("production/wines", {1: 50, 2: 50})
    team.shop.commit("Move")
    assert run_sync(team, SteppingClock(-HOUR)).outcome is Outcome.DONE
    assert team.shares("wines") == {"v1": 50, "v2": 50}
