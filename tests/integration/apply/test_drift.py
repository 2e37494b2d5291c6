"""Edits by hand are healed as they were seen; objects of others are taken over where git says so."""

from __future__ import annotations

import copy

import pytest

from reconciler.state.objects import PART_OF_LABEL
from reconciler.state.plans import Action
from scripts.local_cluster import LocalCluster
from scripts.local_cluster.api import MERGE
from tests.integration.apply.acting import edit, entries, outcomes, path, traffic
from tests.support.clusters import LiveTarget


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
