"""A delete asks for exactly what was seen, and is forgotten when a list proves it."""

from __future__ import annotations

import pytest

from reconciler.state.objects import PART_OF_LABEL
from reconciler.state.plans import Action
from scripts.local_cluster import LocalCluster
from scripts.local_cluster.api import MERGE
from tests.integration.apply.acting import edit, entries, outcomes, path
from tests.support.clusters import LiveTarget


class TestPruning:
    @pytest.fixture
    def two(self, town: LiveTarget) -> LiveTarget:
        """Two objects, of which git keeps one."""
        town.declare(town.make("prices"), town.make("wines"))
        town.sync()
        town.declare(town.make("wines"))
        return town

    def test_what_left_git_is_deleted_and_then_forgotten(self, two: LiveTarget) -> None:
        applied = two.sync()

        assert outcomes(applied.results) == {"prices": Action.DELETED}
        assert two.find("prices") is None
        assert entries(two.observe().record) == ["wines"]

    @pytest.mark.covers("B15", "T14")
    def test_an_object_made_anew_between_the_look_and_the_delete_is_kept(self, two: LiveTarget) -> None:
        manifest = two.make("prices")

        def remake() -> None:
            two.delete("prices")
            two.cluster.writer.apply(manifest.key, manifest.body, manager="somebody")

        applied = two.sync(meanwhile=remake)

        assert outcomes(applied.results) == {"prices": Action.SKIPPED}
        assert "made anew" in applied.results[0].message
        assert two.find("prices") is not None

    @pytest.mark.covers("B15", "T14")
    def test_an_object_that_lost_our_label_meanwhile_is_kept(
        self, two: LiveTarget, cluster: LocalCluster
    ) -> None:
        unlabel = {"metadata": {"labels": {PART_OF_LABEL: None}}}
        applied = two.sync(
            meanwhile=lambda: cluster.api.demand("PATCH", path(two, "prices"), unlabel, content_type=MERGE)
        )

        assert outcomes(applied.results) == {"prices": Action.SKIPPED}
        assert "not ours" in applied.results[0].message
        assert two.find("prices") is not None

    @pytest.mark.covers("B15", "T14")
    def test_an_object_edited_meanwhile_is_kept(self, two: LiveTarget, cluster: LocalCluster) -> None:
        applied = two.sync(meanwhile=lambda: edit(cluster, two, "prices", 50))

        assert outcomes(applied.results) == {"prices": Action.SKIPPED}
        assert "edited" in applied.results[0].message

    def test_a_status_written_meanwhile_does_not_save_it(
        self, two: LiveTarget, cluster: LocalCluster
    ) -> None:
        status = {"status": {"state": "Creating"}}
        applied = two.sync(
            meanwhile=lambda: cluster.api.demand(
                "PATCH", f"{path(two, 'prices')}/status", status, content_type=MERGE
            )
        )

        assert outcomes(applied.results) == {"prices": Action.DELETED}

    def test_one_deleted_meanwhile_is_as_good_as_deleted(self, two: LiveTarget) -> None:
        applied = two.sync(meanwhile=lambda: two.delete("prices"))

        assert outcomes(applied.results) == {"prices": Action.DELETED}
        assert entries(two.observe().record) == ["wines"]

    @pytest.mark.covers("B16", "T2", "T15", "S9")
    def test_a_finalizer_is_waited_for_and_the_record_remembers(
        self, two: LiveTarget, cluster: LocalCluster
    ) -> None:
        held = {"metadata": {"finalizers": ["example.com/hold"]}}
        cluster.api.demand("PATCH", path(two, "prices"), held, content_type=MERGE)

        applied = two.sync()

        assert applied.results[0].message == "is being deleted; finalizers hold it: example.com/hold"
        assert entries(two.observe().record) == ["prices", "wines"]
        cluster.api.demand("PATCH", path(two, "prices"), {"metadata": {"finalizers": []}}, content_type=MERGE)
        two.sync()
        assert entries(two.observe().record) == ["wines"]
