"""The engine beside a real API server and a proxy between: many at once, and answers that go astray."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reconciler.apply.stop import Interrupted
from reconciler.clients.cluster.interface import PARALLEL, ClusterUnreachable
from reconciler.clients.cluster.kubernetes import connect
from reconciler.clients.cluster.transport import Patience
from reconciler.state.inventory import ObjectResult
from reconciler.state.plans import Action
from reconciler.state.targets import Target
from scripts.local_cluster import LocalCluster
from scripts.local_cluster.api import MERGE
from tests.conftest import MakeNamespace
from tests.faults.sweep_proxy import trust_admin, write_kubeconfig
from tests.support.clusters import LiveTarget
from tests.support.proxy import Drop, Hook, Proxy, Repeat, Reply, Request, let_pass

QUICK = Patience(timeout=30, tries=2, pause=0.01)


@dataclass(slots=True)
class Between:
    """What happens to requests; `before` and `after` may be set in the middle of a test."""

    before: Hook = let_pass
    after: Hook = let_pass
    seen: list[Request] = field(default_factory=list)


@pytest.fixture
def between() -> Between:
    return Between()


@pytest.fixture
def town(
    cluster: LocalCluster, make_namespace: MakeNamespace, between: Between, tmp_path: Path
) -> Iterator[LiveTarget]:
    """A target that is reached through the proxy."""
    with Proxy(
        cluster.server,
        lambda request: between.before(request),
        after=lambda request: between.after(request),
        context=trust_admin(cluster),
    ) as proxy:
        between.seen = proxy.requests
        kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", proxy)
        target = Target(environment="production", namespace=make_namespace())
        yield LiveTarget(cluster=connect(kubeconfig=kubeconfig, patience=QUICK), target=target)


def is_write(request: Request, method: str, name: str = "") -> bool:
    wanted = f"/seldondeployments/{name}"
    return request.method == method and wanted in request.path and "dryRun" not in request.query


def name_of(request: Request) -> str:
    return request.path.rpartition("/")[2]


def find(results: tuple[ObjectResult, ...], name: str) -> ObjectResult:
    return next(result for result in results if result.key.name == name)


def declare_many(town: LiveTarget, count: int) -> list[str]:
    names = [f"model-{number:03}" for number in range(count)]
    town.declare(*map(town.make, names))
    return names


class TestManyAtOnce:
    def test_objects_are_tried_and_written_as_many_at_once_as_the_limit(
        self, town: LiveTarget, between: Between
    ) -> None:
        """A rehearsal is answered only once as many as the limit are under way, or a minute has passed."""
        gate = threading.Barrier(PARALLEL)
        waited = []

        def hold(request: Request) -> None:
            if "/seldondeployments" in request.path and request.method != "GET":
                waited.append(gate.wait(60))

        between.before = hold
        names = declare_many(town, 2 * PARALLEL)

        applied = town.sync()

        assert not gate.broken
        assert len(waited) == 4 * PARALLEL
        assert [result.key.name for result in applied.results] == names == [r.key.name for r in town.reports]
        assert {result.action for result in applied.results} == {Action.CREATED}

    @pytest.mark.covers("B19")
    def test_what_loses_a_variant_waits_for_what_gains_one(self, town: LiveTarget, between: Between) -> None:
        town.declare(
            *(town.make(f"a-{n}", {"v1": 50, "v2": 50}) for n in range(8)),
            *(town.make(f"b-{n}") for n in range(8)),
        )
        town.sync()
        start = len(between.seen)
        town.declare(
            *(town.make(f"a-{n}", {"v2": 100}) for n in range(8)),
            *(town.make(f"b-{n}", {"v3": 90, "v4": 10}) for n in range(8)),
            *(town.make(f"c-{n}") for n in range(8)),
        )

        town.sync()

        written = [name_of(request) for request in between.seen[start:] if is_write(request, "PATCH")]
        assert [name[0] for name in written] == ["c"] * 8 + ["b"] * 8 + ["a"] * 8


class TestUnseen:
    """What may have landed though nobody said so is told as neither."""

    @pytest.mark.covers("S6")
    def test_a_write_that_landed_and_is_answered_by_a_timeout_of_the_gateway_is_not_claimed_either_way(
        self, town: LiveTarget, between: Between
    ) -> None:
        gone = Reply(status=504, body=b"gateway timeout")
        between.after = lambda request: gone if is_write(request, "PATCH", "wines") else None
        town.declare(town.make("wines"))

        applied = town.sync()

        (result,) = applied.results
        assert isinstance(applied.stopped, ClusterUnreachable)
        assert result.action is Action.FAILED
        assert result.message.startswith("not known whether it landed: the API server at ")
        assert applied.wrote
        assert town.find("wines") is not None
        between.after = let_pass
        assert town.sync().results == ()
        assert town.observe().record.entries[0].uid

    def test_one_that_never_left_is_told_as_not_made(self, town: LiveTarget, between: Between) -> None:
        between.before = lambda request: (
            Reply(status=429, headers={"Retry-After": "60"}) if is_write(request, "PATCH") else None
        )
        town.declare(town.make("wines"))

        applied = town.sync()

        (result,) = applied.results
        assert "it asked to come back in 60 s" in result.message
        assert "not known" not in result.message
        assert not applied.wrote

    def test_an_answer_that_was_lost_once_is_asked_for_again(
        self, town: LiveTarget, between: Between
    ) -> None:
        lost: list[Request] = []

        def lose(request: Request) -> Drop | None:
            if not is_write(request, "PATCH") or lost:
                return None
            lost.append(request)
            return Drop()

        between.after = lose
        town.declare(town.make("wines"))

        (result,) = town.sync().results

        assert lost
        assert (result.action, result.message) == (Action.CREATED, "")

    @pytest.mark.parametrize("astray", ["lost", "twice"])
    def test_a_forced_write_whose_first_answer_went_astray_is_known_as_ours(
        self, town: LiveTarget, between: Between, cluster: LocalCluster, astray: str
    ) -> None:
        """Its version is a precondition, so that the second time it is refused."""
        town.declare(town.make("wines"))
        town.sync()
        edit(cluster, town, "wines", 50)
        met: list[Request] = []

        def first_forced(request: Request) -> bool:
            if not is_write(request, "PATCH") or request.query["force"] != ["true"] or met:
                return False
            met.append(request)
            return True

        if astray == "lost":
            between.after = lambda request: Drop() if first_forced(request) else None
        else:
            between.before = lambda request: Repeat() if first_forced(request) else None

        (result,) = town.sync().results

        assert met
        assert result.action is Action.CONFIGURED
        assert result.message == 'taken back: spec.predictors from "kubectl-edit"'
        assert town.demand("wines").body["spec"]["predictors"][0]["traffic"] == 100

    @pytest.mark.covers("B16", "S9")
    def test_deletes_whose_answers_are_lost_are_settled_by_a_list(
        self, town: LiveTarget, between: Between
    ) -> None:
        names = declare_many(town, 6)
        town.sync()
        town.declare()
        town.retired = frozenset(names)
        between.after = lambda request: Drop() if is_write(request, "DELETE", names[2]) else None

        applied = town.sync()

        assert find(applied.results, names[2]).action is Action.DELETED
        assert town.observe().objects == ()
        assert town.observe().record.entries == ()

    def test_a_delete_that_never_answers_is_told_by_what_a_list_shows(
        self, town: LiveTarget, between: Between
    ) -> None:
        town.declare(town.make("wines"))
        town.sync()
        town.declare()
        town.retired = frozenset({"wines"})
        between.after = lambda request: Reply(status=500) if is_write(request, "DELETE") else None

        (result,) = town.sync().results

        assert (result.action, result.message) == (Action.DELETED, "its answer was lost, but it is gone")

    def test_one_that_is_lost_before_the_server_has_it_leaves_the_object_and_the_record(
        self, town: LiveTarget, between: Between
    ) -> None:
        town.declare(town.make("wines"))
        town.sync()
        town.declare()
        town.retired = frozenset({"wines"})
        between.before = lambda request: Drop() if is_write(request, "DELETE") else None

        applied = town.sync()

        (result,) = applied.results
        assert result.action is Action.FAILED
        assert result.message.startswith("not known whether it landed")
        assert [entry.key.name for entry in applied.record.entries] == ["wines"]


class TestPruning:
    @pytest.mark.covers("B16", "T15")
    def test_one_that_a_controller_lets_go_soon_is_gone_at_the_end_of_the_run(
        self, town: LiveTarget, between: Between, cluster: LocalCluster
    ) -> None:
        town.declare(town.make("wines"))
        town.sync()
        place = path(town, "wines")
        held = {"metadata": {"finalizers": ["example.com/hold"]}}
        cluster.api.demand("PATCH", place, held, content_type=MERGE)
        town.declare()
        town.retired = frozenset({"wines"})
        lists = 0

        def let_go(request: Request) -> None:
            """Between the first look after the delete and the second."""
            nonlocal lists
            if request.method == "GET" and request.path.endswith("/seldondeployments"):
                lists += 1
                if lists == 2:
                    cluster.api.demand("PATCH", place, {"metadata": {"finalizers": None}}, content_type=MERGE)

        between.after = let_go

        applied = town.sync()

        assert applied.record.entries == ()
        assert town.find("wines") is None

    @pytest.mark.covers("T14")
    def test_a_word_to_keep_it_that_came_meanwhile_is_heard(
        self, town: LiveTarget, cluster: LocalCluster
    ) -> None:
        """An annotation moves no generation, so that only the annotations themselves tell."""
        town.declare(town.make("wines"))
        town.sync()
        town.declare()
        town.retired = frozenset({"wines"})
        word = {"metadata": {"annotations": {"example.com/keep": "please"}}}

        applied = town.sync(
            meanwhile=lambda: cluster.api.demand("PATCH", path(town, "wines"), word, content_type=MERGE)
        )

        assert applied.results[0].action is Action.SKIPPED
        assert "was edited since this run looked; kept" in applied.results[0].message


class TestStopping:
    @pytest.mark.covers("B29")
    @pytest.mark.parametrize("stage", ["rehearsal", "write", "delete"])
    def test_what_is_in_flight_is_finished_and_nothing_new_is_begun(
        self, town: LiveTarget, between: Between, stage: str
    ) -> None:
        names = declare_many(town, 60)
        if stage == "delete":
            town.sync()
            town.declare()
            town.retired = frozenset(names)
        method = {"rehearsal": "POST", "write": "PATCH", "delete": "DELETE"}[stage]

        def wish(request: Request) -> None:
            if request.method == method and ("dryRun" in request.query) is (stage == "rehearsal"):
                town.stop.request("SIGTERM")

        between.before = wish

        applied = town.sync()

        assert isinstance(applied.stopped, Interrupted)
        done = [result for result in applied.results if result.action in (Action.CREATED, Action.DELETED)]
        left = [result for result in applied.results if result.action is Action.SKIPPED]
        assert len(done) <= PARALLEL
        assert (stage == "rehearsal") == (not done)
        assert len(done) + len(left) == 60
        assert {result.message for result in left} == {"not tried: the run stopped before it"}
        objects = {live.key.name for live in town.observe().objects}
        named = {result.key.name for result in done}
        assert objects == (set(names) - named if stage == "delete" else named)
        recorded = town.observe().record.entries
        assert {entry.key.name for entry in recorded if entry.uid} == objects


def path(town: LiveTarget, name: str) -> str:
    return f"/apis/machinelearning.seldon.io/v1/namespaces/{town.target.namespace}/seldondeployments/{name}"


def edit(cluster: LocalCluster, town: LiveTarget, name: str, traffic: int) -> None:
    """A person changes the first predictor's traffic with kubectl edit."""
    predictors = json.loads(json.dumps(town.demand(name).body["spec"]["predictors"]))
    predictors[0]["traffic"] = traffic
    cluster.api.demand(
        "PATCH",
        path(town, name),
        {"spec": {"predictors": predictors}},
        content_type=MERGE,
        query={"fieldManager": "kubectl-edit"},
    )
