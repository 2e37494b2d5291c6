"""The whole matrix on one cluster: at the same time what needs no outage, then the outages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from reconciler.clients.cluster.kubernetes import connect
from scripts.local_cluster import controllers, operator
from scripts.local_cluster.cluster import LocalCluster
from tests.e2e.health.bodies import build_body, build_predictor
from tests.e2e.health.common import BOTH, CURRENT, ONE, begin
from tests.e2e.health.meddling import endless_loop
from tests.e2e.health.observer import Observer
from tests.e2e.health.outages import CONTROLLERS_DOWN, OPERATOR_DOWN, Outage
from tests.e2e.health.situations import SITUATIONS
from tests.e2e.health.stage import Stage

WEBHOOK = f"/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/{operator.WEBHOOK}"
AT_ONCE = 10


class Matrix:
    """Plays everything; afterwards `stages` hold what was done, and the observer what was seen."""

    def __init__(self, cluster: LocalCluster) -> None:
        self.cluster = cluster
        self.observer = Observer(connect(kubeconfig=cluster.kubeconfig, context=None))
        self.stages: list[Stage] = []

    def play(self) -> None:
        """Everything, in two to three minutes. Raises AssertionError where a word that must come does not."""
        titles = (
            *(title for title, _ in SITUATIONS),
            *(title for title, _ in OPERATOR_DOWN + CONTROLLERS_DOWN),
        )
        assert len(set(titles)) == len(titles)
        self.observer.start()
        try:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                _finish(pool, [partial(self._play, self._set(title), act) for title, act in SITUATIONS])
                self._play_outage(pool, OPERATOR_DOWN, self._stop_operator, self._start_operator)
                self._play_outage(
                    pool,
                    CONTROLLERS_DOWN,
                    partial(self.cluster.stop_process, controllers.MANAGER),
                    partial(self.cluster.start_process, controllers.MANAGER),
                )
            self._play(self._set("operator restarted in mid-change"), self._restart_operator)
            self._play(self._set("webhook down"), self._refuse_without_webhook)
            self._play(self._set("the operator's endless loop"), endless_loop)
        finally:
            self.observer.stop()

    def _set(self, title: str) -> Stage:
        """A stage in a namespace of its own."""
        namespace = f"health-{len(self.stages)}"
        stage = Stage(title=title, namespace=namespace, api=self.cluster.api, observer=self.observer)
        self.stages.append(stage)
        self.cluster.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        return stage

    def _play(self, stage: Stage, act: Callable[[Stage], None]) -> None:
        act(stage)
        self._clear(stage)

    def _clear(self, stage: Stage) -> None:
        """Take away what is left, so that it costs the others no time."""
        for key in stage.keys:
            self.observer.forget(key)
            self.cluster.api.request("DELETE", stage.path(key[1]))

    def _play_outage(
        self,
        pool: ThreadPoolExecutor,
        outages: tuple[tuple[str, Outage], ...],
        stop: Callable[[], object],
        start: Callable[[], object],
    ) -> None:
        stages = [self._set(title) for title, _ in outages]
        acts = [act(stage) for stage, (_, act) in zip(stages, outages, strict=True)]
        turn: list[Callable[[], Any]] = [partial(next, act, None) for act in acts]
        _finish(pool, turn)
        stop()
        _finish(pool, turn)
        start()
        _finish(pool, turn)
        _finish(pool, [partial(self._clear, stage) for stage in stages])

    def _stop_operator(self) -> None:
        """Its webhook goes too: nothing could be edited without an answer of it, and nothing get stale."""
        self.cluster.stop_process(operator.NAME)
        self._webhook = self.cluster.api.demand("GET", WEBHOOK)
        self.cluster.api.demand("DELETE", WEBHOOK)

    def _start_operator(self) -> None:
        process = self.cluster.start_process(operator.NAME)
        kept = {key: self._webhook[key] for key in ("apiVersion", "kind", "webhooks")}
        self.cluster.api.apply({**kept, "metadata": {"name": operator.WEBHOOK}})
        self.cluster.wait_for(process, lambda: operator.is_ready(self.cluster))

    def _restart_operator(self, stage: Stage) -> None:
        begin(stage)

        def change_and_kill() -> None:
            stage.apply(build_body(stage.namespace, build_predictor("v1", 90), build_predictor("v2", 10)))
            self.cluster.stop_process(operator.NAME, grace=0)
            self.cluster.start_process(operator.NAME)

        stage.step(
            "v2 joins at 10 %, and the operator is killed and started again",
            change_and_kill,
            CURRENT,
            served=BOTH,
        )

    def _refuse_without_webhook(self, stage: Stage) -> None:
        begin(stage)
        body = build_body(stage.namespace, build_predictor("v1", 90), build_predictor("v2", 10))

        def refuse() -> None:
            self.cluster.stop_process(operator.NAME)
            assert stage.try_apply(body) == 500

        stage.step("the operator is down, and an edit is refused for it", refuse, CURRENT, served=ONE)
        process = self.cluster.start_process(operator.NAME)
        self.cluster.wait_for(process, lambda: operator.is_ready(self.cluster))
        stage.step("it is back, and takes the edit", partial(stage.apply, body), CURRENT, served=BOTH)


def _finish(pool: ThreadPoolExecutor, acts: Iterable[Callable[[], Any]]) -> None:
    """All of them at once; raises what the first of them to fail raised, after all have ended."""
    running = [pool.submit(act) for act in acts]
    for future in running:
        future.exception()
    for future in running:
        future.result()
