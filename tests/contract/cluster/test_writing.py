"""What is written through the cluster port: conflicts, preconditions, dry runs."""

from __future__ import annotations

import pytest

from reconciler.clients.cluster.interface import (
    AlreadyExists,
    Cluster,
    Conflict,
    FieldConflict,
    FieldHolder,
    Invalid,
    NamespaceMissing,
    NamespaceTerminating,
    NotFound,
    WebhookUnavailable,
)
from reconciler.clients.cluster.kinds import CONFIG_MAP
from reconciler.state.objects import SELDON_DEPLOYMENT, ObjectKey
from scripts.local_cluster import LocalCluster
from tests.conftest import MakeNamespace
from tests.contract.cluster.bodies import MANAGER, config_map, key, wines
from tests.contract.cluster.conftest import Adapter


def read_traffic(port: Cluster, namespace: str) -> int:
    live = port.reader.get(SELDON_DEPLOYMENT, namespace, "wines")
    assert live is not None
    traffic: int = live.body["spec"]["predictors"][0]["traffic"]
    return traffic


class TestApplying:
    def test_the_same_again_changes_nothing(self, port: Cluster, namespace: str) -> None:
        first = port.writer.apply(key(namespace), wines(namespace), manager=MANAGER)
        again = port.writer.apply(key(namespace), wines(namespace), manager=MANAGER, uid=first.uid)

        assert again.resource_version == first.resource_version

    @pytest.mark.covers("B9")
    def test_fields_that_another_manager_holds_conflict_by_name(self, port: Cluster, namespace: str) -> None:
        port.writer.apply(key(namespace), wines(namespace, 100), manager=MANAGER)
        port.writer.apply(key(namespace), wines(namespace, 50), manager="kubectl-edit", force=True)

        with pytest.raises(FieldConflict) as caught:
            port.writer.apply(key(namespace), wines(namespace, 100), manager=MANAGER)

        assert caught.value.holders == (FieldHolder(manager="kubectl-edit", fields=(".spec.predictors",)),)
        assert "kubectl-edit" in str(caught.value)

    def test_force_takes_them_back_on_the_version_that_was_seen(self, port: Cluster, namespace: str) -> None:
        port.writer.apply(key(namespace), wines(namespace, 100), manager=MANAGER)
        seen = port.writer.apply(key(namespace), wines(namespace, 50), manager="kubectl-edit", force=True)

        forced = port.writer.apply(
            key(namespace),
            wines(namespace, 100),
            manager=MANAGER,
            force=True,
            uid=seen.uid,
            resource_version=seen.resource_version,
        )

        assert forced.generation == seen.generation + 1
        assert read_traffic(port, namespace) == 100
        with pytest.raises(Conflict):
            port.writer.apply(
                key(namespace),
                wines(namespace, 70),
                manager=MANAGER,
                force=True,
                uid=seen.uid,
                resource_version=seen.resource_version,
            )

    def test_an_object_made_anew_is_not_the_one_that_was_seen(self, port: Cluster, namespace: str) -> None:
        seen = port.writer.apply(key(namespace), wines(namespace), manager=MANAGER)
        port.writer.delete(key(namespace), uid=seen.uid, resource_version=seen.resource_version)
        with pytest.raises(Conflict):
            port.writer.apply(key(namespace), wines(namespace), manager=MANAGER, uid=seen.uid)

        port.writer.apply(key(namespace), wines(namespace), manager="somebody")
        with pytest.raises(Conflict, match="made anew"):
            port.writer.apply(key(namespace), wines(namespace), manager=MANAGER, uid=seen.uid)

    def test_unknown_fields_and_wrong_types_are_refused(self, port: Cluster, namespace: str) -> None:
        with pytest.raises(Invalid, match=r"spec\.nonsense"):
            port.writer.apply(key(namespace), wines(namespace, nonsense=1), manager=MANAGER)
        with pytest.raises(Invalid, match=r"spec\.predictors\[0\]\.traffic"):
            port.writer.apply(key(namespace), wines(namespace, "100"), manager=MANAGER)  # type: ignore[arg-type]  # on purpose
        misspelt = {**wines(namespace), "metadata": {"name": "wines", "labells": {"team": "wine"}}}
        with pytest.raises(Invalid, match=r"metadata\.labells"):
            port.writer.apply(key(namespace), misspelt, manager=MANAGER)
        port.writer.apply(key(namespace), wines(namespace), manager=MANAGER)
        with pytest.raises(Invalid, match=r"spec\.nonsense"):
            port.writer.apply(key(namespace), wines(namespace, nonsense=1), manager=MANAGER, force=True)
        with pytest.raises(Invalid, match=r"data2"):
            port.writer.apply(
                ObjectKey(kind=CONFIG_MAP, namespace=namespace, name="a"),
                {**config_map("a"), "data2": {}},
                manager=MANAGER,
            )

    @pytest.mark.covers("T10")
    def test_a_namespace_that_is_missing_or_going_is_told_apart(
        self, port: Cluster, cluster: LocalCluster, make_namespace: MakeNamespace
    ) -> None:
        with pytest.raises(NamespaceMissing, match="nowhere does not exist"):
            port.writer.apply(key("nowhere"), wines("nowhere"), manager=MANAGER)
        going = make_namespace()
        cluster.api.demand("DELETE", f"/api/v1/namespaces/{going}")
        with pytest.raises(NamespaceTerminating):
            port.writer.apply(key(going), wines(going), manager=MANAGER)
        with pytest.raises(NamespaceTerminating):
            port.writer.create(CONFIG_MAP, going, config_map("a"))
        seen = port.reader.read_namespace(going)
        assert seen is not None
        assert seen.deleting

    @pytest.mark.covers("T10")
    def test_a_webhook_that_does_not_answer_is_no_verdict_on_the_object(
        self, adapter: Adapter, cluster: LocalCluster, make_namespace: MakeNamespace
    ) -> None:
        namespace = make_namespace(labels={"webhook": "down"})
        register_dead_webhook(cluster, namespace)
        port = adapter(cluster.kubeconfig)

        with pytest.raises(WebhookUnavailable, match="admission webhook did not answer"):
            port.dry_run.apply(key(namespace), wines(namespace), manager=MANAGER)


def register_dead_webhook(cluster: LocalCluster, namespace: str) -> None:
    """A validating webhook for this namespace alone, at a port where nothing listens."""
    cluster.api.demand(
        "POST",
        "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": f"dead-{namespace}"},
            "webhooks": [
                {
                    "name": "v1.vseldondeployment.kb.io",
                    "clientConfig": {"url": "https://127.0.0.1:1/validate"},
                    "rules": [
                        {
                            "apiGroups": ["machinelearning.seldon.io"],
                            "apiVersions": ["v1"],
                            "operations": ["CREATE", "UPDATE"],
                            "resources": ["seldondeployments"],
                        }
                    ],
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
                    "admissionReviewVersions": ["v1"],
                    "sideEffects": "None",
                    "timeoutSeconds": 2,
                }
            ],
        },
    )


class TestCreatingAndReplacing:
    def test_what_exists_is_not_created_again(self, port: Cluster, namespace: str) -> None:
        port.writer.create(CONFIG_MAP, namespace, config_map("a"))
        with pytest.raises(AlreadyExists):
            port.writer.create(CONFIG_MAP, namespace, config_map("a"))

    @pytest.mark.covers("B26")
    def test_replacing_asks_for_the_version_that_was_read(self, port: Cluster, namespace: str) -> None:
        first = port.writer.create(CONFIG_MAP, namespace, config_map("a"))
        body = config_map("a", resourceVersion=first.resource_version)
        second = port.writer.replace(key(namespace, "a", CONFIG_MAP), {**body, "data": {"a": "c"}})

        assert second.resource_version != first.resource_version
        with pytest.raises(Conflict):
            port.writer.replace(key(namespace, "a", CONFIG_MAP), body)

    def test_what_is_gone_is_not_replaced(self, port: Cluster, namespace: str) -> None:
        body = config_map("a", resourceVersion="1")
        with pytest.raises((NotFound, Conflict)):
            port.writer.replace(key(namespace, "a", CONFIG_MAP), body)


class TestDeleting:
    @pytest.mark.covers("B15", "T14")
    def test_deletes_exactly_the_object_and_version_that_was_seen(
        self, port: Cluster, namespace: str
    ) -> None:
        seen = port.writer.apply(key(namespace), wines(namespace), manager=MANAGER)

        with pytest.raises(Conflict):
            port.writer.delete(key(namespace), uid="another", resource_version=seen.resource_version)
        with pytest.raises(Conflict):
            port.writer.delete(key(namespace), uid=seen.uid, resource_version="1")
        (left,) = port.reader.list_metadata(SELDON_DEPLOYMENT, namespace)
        assert (left.uid, left.resource_version) == (seen.uid, seen.resource_version)

        port.writer.delete(key(namespace), uid=seen.uid, resource_version=seen.resource_version)
        assert port.reader.get(SELDON_DEPLOYMENT, namespace, "wines") is None
        with pytest.raises(NotFound):
            port.writer.delete(key(namespace), uid=seen.uid, resource_version=seen.resource_version)


class TestDryRun:
    def test_answers_as_the_real_one_and_stores_nothing(self, port: Cluster, namespace: str) -> None:
        tried = port.dry_run.apply(key(namespace), wines(namespace), manager=MANAGER)
        assert tried.generation == 1
        assert tried.body["metadata"]["managedFields"][0]["manager"] == MANAGER
        assert port.reader.get(SELDON_DEPLOYMENT, namespace, "wines") is None

        stored = port.writer.apply(key(namespace), wines(namespace), manager=MANAGER)
        port.dry_run.apply(key(namespace), wines(namespace, 50), manager=MANAGER)
        port.dry_run.delete(key(namespace), uid=stored.uid, resource_version=stored.resource_version)
        port.dry_run.create(CONFIG_MAP, namespace, config_map("a"))

        (left,) = port.reader.list_metadata(SELDON_DEPLOYMENT, namespace)
        assert (left.uid, left.resource_version) == (stored.uid, stored.resource_version)
        assert port.reader.get(CONFIG_MAP, namespace, "a") is None

    def test_refuses_what_the_real_one_would(self, port: Cluster, namespace: str) -> None:
        port.writer.apply(key(namespace), wines(namespace, 50), manager="deployer")
        with pytest.raises(FieldConflict):
            port.dry_run.apply(key(namespace), wines(namespace, 100), manager=MANAGER)
        with pytest.raises(Invalid):
            port.dry_run.apply(key(namespace), wines(namespace, nonsense=1), manager=MANAGER)
