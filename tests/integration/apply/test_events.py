"""Each change is told by an Event, within bounds."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.apply.clock import SystemClock
from reconciler.apply.events import record_events
from reconciler.clients.cluster.interface import Cluster
from reconciler.clients.cluster.kinds import EVENT
from reconciler.clients.cluster.kubernetes import connect
from scripts.local_cluster import LocalCluster
from tests.support.accounts import make_account
from tests.support.clusters import LiveTarget


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
