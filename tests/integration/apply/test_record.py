"""The record tells what was applied and loses nothing, whoever else writes it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.apply.recorder import save_record
from reconciler.clients.cluster.kinds import CONFIG_MAP
from reconciler.observe.inventory import encode_record
from reconciler.state.objects import ObjectKey
from reconciler.state.plans import Action
from scripts.local_cluster import LocalCluster
from scripts.local_cluster.api import MERGE
from tests.integration.apply.acting import entries, outcomes
from tests.support.clusters import LiveTarget


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
