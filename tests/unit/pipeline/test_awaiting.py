"""How a wait goes on: how often it looks, what it bears, and when it ends. Time passes by sleeping alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from reconciler.clients.cluster.interface import ClusterUnreachable, NamespaceMissing, RightMissing
from reconciler.clients.source.interface import GitAccess
from reconciler.clients.source.remote import open_repository
from reconciler.observe.inventory import encode_record
from reconciler.pipeline.awaiting import WaitRequest, WaitTools, wait_for
from reconciler.state.inventory import TargetRecord
from reconciler.state.outcomes import Outcome
from reconciler.state.targets import Target
from reconciler.state.waits import Waited
from tests.support.answering import ManualClock, Script, answering
from tests.support.git_servers import Repository
from tests.unit.policy.building import DEPLOYMENT, SOUND

TARGET = Target(environment="production", namespace="wines-production")
NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
DOWN = Script(status=503, body={"message": "shutting down"})
MISSING = Script(status=404, body={"reason": "NotFound", "details": {"name": "wines"}})
FORBIDDEN = Script(
    status=403, body={"message": 'configmaps "x" is forbidden: User "ci" cannot get resource "configmaps"'}
)


@dataclass(slots=True)
class Clock(ManualClock):
    """The same with a time of day."""

    started: datetime = field(default=NOON)

    def now(self) -> datetime:
        return self.started + timedelta(seconds=self.time)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Two commits of one repository, the second with other shares."""

    repository: Repository
    first: str
    second: str

    @contextmanager
    def tools(self, clock: Clock, *answers: Script) -> Iterator[WaitTools]:
        with open_repository(str(self.repository.path), GitAccess()) as source, answering(*answers) as reader:
            yield WaitTools(source=source, reader=reader, clock=clock)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    repository = Repository(tmp_path / "work")
    first = repository.commit("Serve wines", **SOUND)
    shares = SOUND[DEPLOYMENT].replace("90", "50").replace("10", "50")
    return Scene(repository=repository, first=first, second=repository.commit("Half", **{DEPLOYMENT: shares}))


def record(attempted: str) -> Script:
    """The API server's answer with a record whose last run was about this commit."""
    body: Mapping[str, Any] = encode_record(
        TargetRecord(exists=True, attempted=f"main@sha1:{attempted}" if attempted else ""), TARGET
    )
    metadata = {**body["metadata"], "uid": "1", "resourceVersion": "1"}
    return Script(body={**body, "metadata": metadata})


def wait(scene: Scene, clock: Clock, *answers: Script, **more: Any) -> tuple[Waited, list[str]]:
    """How it ended, and what was told meanwhile."""
    told: list[str] = []
    request = WaitRequest(name="production/wines", ref="main", **more)
    with scene.tools(clock, *answers) as tools:
        return wait_for(request, tools, told.append), told


def test_while_no_run_takes_it_up_each_look_is_one_request(scene: Scene) -> None:
    clock = Clock()
    waited, told = wait(scene, clock, record(scene.first), timeout=60)
    assert waited.outcome is Outcome.UNDECIDED
    assert (waited.requests, clock.slept) == (13, [5.0] * 12)
    first, second = (f"main@sha1:{sha[:7]}" for sha in (scene.first, scene.second))
    reason = f"no run has taken it up yet; the last one was about {first}"
    assert set(told) == {f"waiting for production/wines {second}: {reason}"}


def test_the_time_is_kept_to_the_second(scene: Scene) -> None:
    clock = Clock()
    assert wait(scene, clock, record(scene.first), timeout=7)[0].seconds == 7
    assert clock.slept == [5.0, 2.0]


def test_without_time_it_looks_once(scene: Scene) -> None:
    clock = Clock()
    waited, told = wait(scene, clock, record(scene.first), timeout=0)
    assert (waited.outcome, waited.requests, clock.slept, told) == (Outcome.UNDECIDED, 1, [], [])


def test_a_cluster_that_goes_away_may_come_back(scene: Scene) -> None:
    clock = Clock()
    waited, told = wait(scene, clock, record(scene.first), *([DOWN] * 3), record(scene.first), timeout=20)
    assert waited.outcome is Outcome.UNDECIDED
    assert any("the API server at" in line for line in told)
    assert "no run has taken it up yet" in waited.reason


def test_one_that_stays_away_is_the_reason_in_the_end(scene: Scene) -> None:
    waited, _ = wait(scene, Clock(), record(scene.first), DOWN, timeout=20)
    assert waited.outcome is Outcome.UNDECIDED
    assert "the API server at" in waited.reason


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ((DOWN,), ClusterUnreachable),
        ((MISSING,), NamespaceMissing),
        ((FORBIDDEN,), RightMissing),
    ],
    ids=["unreachable", "wrong cluster", "no right"],
)
def test_what_is_wrong_at_the_first_look_ends_it(
    scene: Scene, answers: tuple[Script, ...], error: type[Exception]
) -> None:
    clock = Clock()
    with pytest.raises(error):
        wait(scene, clock, *answers)
    assert clock.slept == []


def test_a_right_that_is_taken_away_ends_it(scene: Scene) -> None:
    with pytest.raises(RightMissing):
        wait(scene, Clock(), record(scene.first), FORBIDDEN)


def test_a_later_commit_takes_its_place(scene: Scene) -> None:
    waited, told = wait(scene, Clock(), record(scene.second), MISSING, timeout=5, revision=scene.first)
    assert waited.overtaken == f"main@sha1:{scene.first}"
    assert waited.revision == f"main@sha1:{scene.second}"
    assert "SeldonDeployment/wines is not in the cluster" in told[0]


def test_what_is_no_commit_of_this_repository_takes_no_place(scene: Scene) -> None:
    waited, _ = wait(scene, Clock(), record("f" * 40), timeout=10)
    assert (waited.overtaken, waited.outcome) == ("", Outcome.UNDECIDED)
    assert "the last one was about main@sha1:fffffff" in waited.reason


def test_a_faulty_declaration_is_told_before_anything_is_waited_for(scene: Scene) -> None:
    broken = SOUND[DEPLOYMENT].replace("traffic: 10", "traffic: 11")
    scene.repository.commit("Broken", **{DEPLOYMENT: broken})
    clock = Clock()
    waited, _ = wait(scene, clock, record(scene.first))
    assert (waited.outcome, clock.slept) == (Outcome.FINDINGS, [])
    assert waited.reason.startswith("its declaration is faulty there: production/wines: live traffic sums to")
