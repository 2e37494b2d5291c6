"""What is read through the cluster port, asked of a real API server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.clients.cluster.interface import Cluster, ClusterUnreachable, KindMissing, ObjectMetadata
from reconciler.clients.cluster.kinds import CONFIG_MAP, DEPLOYMENT, POD
from reconciler.clients.cluster.kubernetes import connect
from reconciler.clients.cluster.transport import Patience
from reconciler.state.objects import SELDON_DEPLOYMENT, Kind
from scripts.local_cluster import LocalCluster
from tests.conftest import MakeNamespace
from tests.contract.cluster.bodies import MANAGER, config_map, key, wines

UNKNOWN = Kind(group="example.com", version="v1", plural="grapes", name="Grape")


class TestReading:
    def test_an_object_that_is_not_there_is_none(self, port: Cluster, namespace: str) -> None:
        assert port.reader.get(SELDON_DEPLOYMENT, namespace, "wines") is None
        assert port.reader.get(CONFIG_MAP, namespace, "modelsync-production") is None

    def test_an_object_comes_with_its_identity_labels_and_body(self, port: Cluster, namespace: str) -> None:
        applied = port.writer.apply(key(namespace), wines(namespace), manager=MANAGER)

        live = port.reader.get(SELDON_DEPLOYMENT, namespace, "wines")

        assert live is not None
        assert live == replace(applied, body=live.body)
        assert applied.body["metadata"] == live.body["metadata"]
        assert "spec" not in applied.body
        assert live.key == key(namespace)
        assert live.uid
        assert live.resource_version
        assert live.generation == 1
        assert live.labels == {"team": "wine"}
        assert not live.deleting
        assert live.body["spec"]["predictors"][0]["traffic"] == 100

    def test_a_kind_that_is_not_served_is_named_with_its_definition(
        self, port: Cluster, namespace: str
    ) -> None:
        for ask in (
            lambda: port.reader.list(UNKNOWN, namespace),
            lambda: port.reader.get(UNKNOWN, namespace, "riesling"),
            lambda: port.writer.apply(
                key(namespace, "riesling", UNKNOWN),
                {"apiVersion": "example.com/v1", "kind": "Grape", "metadata": {"name": "riesling"}},
                manager=MANAGER,
            ),
        ):
            with pytest.raises(KindMissing, match=r"grapes\.example\.com is missing"):
                ask()

    def test_a_list_is_complete_over_many_pages_and_sorted(
        self, cluster: LocalCluster, namespace: str
    ) -> None:
        small_pages = connect(kubeconfig=cluster.kubeconfig, page=3)
        for number in reversed(range(8)):
            small_pages.writer.create(CONFIG_MAP, namespace, config_map(f"map-{number}"))
        before = small_pages.reader.requests

        found = small_pages.reader.list(CONFIG_MAP, namespace)

        assert [live.key.name for live in found] == [f"map-{number}" for number in range(8)]
        assert small_pages.reader.requests - before == 3

    def test_a_list_can_be_narrowed_by_label(self, port: Cluster, namespace: str) -> None:
        port.writer.create(CONFIG_MAP, namespace, config_map("ours", labels={"team": "wine"}))
        port.writer.create(CONFIG_MAP, namespace, config_map("theirs"))

        found = port.reader.list(CONFIG_MAP, namespace, label_selector="team=wine")

        assert [live.key.name for live in found] == ["ours"]

    @pytest.mark.parametrize("page", [500, 2])
    def test_metadata_alone_tells_of_the_same_objects_in_the_same_requests(
        self, cluster: LocalCluster, namespace: str, page: int
    ) -> None:
        port = connect(kubeconfig=cluster.kubeconfig, page=page)
        for name in ("wines", "prices", "taste"):
            port.writer.apply(key(namespace, name), wines(namespace, name=name), manager=MANAGER)
        before = port.reader.requests
        whole = port.reader.list(SELDON_DEPLOYMENT, namespace)
        between = port.reader.requests

        found = port.reader.list_metadata(SELDON_DEPLOYMENT, namespace)

        assert port.reader.requests - between == between - before
        assert found == tuple(
            ObjectMetadata(
                key=live.key,
                uid=live.uid,
                resource_version=live.resource_version,
                generation=live.generation,
                labels=live.labels,
                annotations=live.annotations,
                deleting=live.deleting,
            )
            for live in whole
        )

    def test_metadata_of_built_in_kinds_can_be_narrowed_by_label(self, port: Cluster, namespace: str) -> None:
        port.writer.create(CONFIG_MAP, namespace, config_map("ours", labels={"team": "wine"}))
        port.writer.create(CONFIG_MAP, namespace, config_map("theirs"))

        (found,) = port.reader.list_metadata(CONFIG_MAP, namespace, label_selector="team=wine")

        assert found.key.name == "ours"
        assert found.labels == {"team": "wine"}

    def test_the_api_server_sends_nothing_else_of_the_objects(
        self, cluster: LocalCluster, namespace: str
    ) -> None:
        port = connect(kubeconfig=cluster.kubeconfig, patience=Patience(size=20_000))
        big = {**config_map("big"), "data": {"a": "b" * 30_000}}
        place = key(namespace, "big", CONFIG_MAP)
        applied = port.writer.apply(place, big, manager=MANAGER)

        (found,) = port.reader.list_metadata(CONFIG_MAP, namespace)

        assert found.uid == applied.uid
        with pytest.raises(ClusterUnreachable, match="more than 20000 bytes"):
            port.reader.list(CONFIG_MAP, namespace)
        port.writer.delete(place, uid=found.uid, resource_version=found.resource_version)

    def test_items_of_built_in_kinds_are_read_like_others(self, port: Cluster, namespace: str) -> None:
        assert port.reader.list(DEPLOYMENT, namespace) == ()

    def test_a_namespace_comes_with_labels_and_uid(
        self, port: Cluster, make_namespace: MakeNamespace
    ) -> None:
        name = make_namespace("staging")

        namespace = port.reader.read_namespace(name)

        assert namespace is not None
        assert namespace.labels["modelsync.dev/environment"] == "staging"
        assert namespace.uid
        assert not namespace.deleting
        assert port.reader.read_namespace("nowhere") is None

    def test_says_which_server_and_who_the_caller_is(self, port: Cluster) -> None:
        assert port.reader.read_server_version().startswith("v1.")
        assert "system:masters" in port.reader.read_identity().groups
        assert port.reader.server.startswith("127.0.0.1:")

    def test_a_log_that_cannot_be_had_is_empty(
        self, port: Cluster, cluster: LocalCluster, namespace: str
    ) -> None:
        """No node runs Pods here: one that is nowhere, and one that was never placed."""
        container = {"name": "main", "image": "example"}
        here = f"/api/v1/namespaces/{namespace}"
        # No controller makes it here, and a Pod asks for it.
        cluster.api.demand("POST", f"{here}/serviceaccounts", {"metadata": {"name": "default"}})
        cluster.api.demand(
            "POST",
            f"{here}/pods",
            {
                "metadata": {"name": "waits"},
                "spec": {"containers": [container], "automountServiceAccountToken": False},
            },
        )
        for name in ("nowhere", "waits"):
            pod = key(namespace, name, POD)
            assert port.reader.read_log(pod, "main", previous=True, lines=5) == ""

    def test_every_try_is_counted(self, port: Cluster, namespace: str) -> None:
        port.reader.get(CONFIG_MAP, namespace, "a")
        port.reader.list(CONFIG_MAP, namespace)
        port.writer.create(CONFIG_MAP, namespace, config_map("a"))

        assert port.reader.requests == 3
