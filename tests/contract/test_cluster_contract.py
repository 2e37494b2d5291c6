"""What every implementation of the cluster port must do, asked of a real API server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.clients.cluster.interface import (
    AlreadyExists,
    Cluster,
    ClusterMisconfigured,
    ClusterUnreachable,
    Conflict,
    FieldConflict,
    FieldHolder,
    Invalid,
    KindMissing,
    NamespaceMissing,
    NamespaceTerminating,
    NotFound,
    ObjectMetadata,
    RightMissing,
    Unauthenticated,
    WebhookUnavailable,
)
from reconciler.clients.cluster.kinds import CONFIG_MAP, DEPLOYMENT, LEASE, POD
from reconciler.clients.cluster.kubeconfig import read_kubeconfig
from reconciler.clients.cluster.kubernetes import connect, read_with_library
from reconciler.clients.cluster.rest import RestReader
from reconciler.clients.cluster.transport import HttpTransport, Patience
from reconciler.state.objects import SELDON_DEPLOYMENT, Body, Kind, ObjectKey
from scripts.local_cluster import LocalCluster
from tests.conftest import MakeNamespace
from tests.support.accounts import make_account

MANAGER = "modelsync-production"
UNKNOWN = Kind(group="example.com", version="v1", plural="grapes", name="Grape")
Adapter = Callable[[Path], Cluster]


@pytest.fixture(params=[connect], ids=["kubernetes"])
def adapter(request: pytest.FixtureRequest) -> Adapter:
    """Each implementation of the port, given a kubeconfig."""
    make: Callable[..., Cluster] = request.param
    return lambda kubeconfig: make(kubeconfig=kubeconfig)


@pytest.fixture
def port(adapter: Adapter, cluster: LocalCluster) -> Cluster:
    return adapter(cluster.kubeconfig)


@pytest.fixture
def namespace(make_namespace: MakeNamespace) -> str:
    return make_namespace()


def wines(namespace: str, traffic: int = 100, *, name: str = "wines", **spec: object) -> Body:
    predictor = {
        "name": "v3",
        "traffic": traffic,
        "graph": {
            "name": "wines",
            "type": "MODEL",
            "implementation": "MLFLOW_SERVER",
            "modelUri": "s3://mlflow/3",
        },
    }
    return {
        "apiVersion": SELDON_DEPLOYMENT.api_version,
        "kind": SELDON_DEPLOYMENT.name,
        "metadata": {"name": name, "namespace": namespace, "labels": {"team": "wine"}},
        "spec": {"predictors": [predictor], **spec},
    }


def config_map(name: str, **metadata: object) -> Body:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, **metadata},
        "data": {"a": "b"},
    }


def key(namespace: str, name: str = "wines", kind: Kind = SELDON_DEPLOYMENT) -> ObjectKey:
    return ObjectKey(kind=kind, namespace=namespace, name=name)


def read_traffic(port: Cluster, namespace: str) -> int:
    live = port.reader.get(SELDON_DEPLOYMENT, namespace, "wines")
    assert live is not None
    traffic: int = live.body["spec"]["predictors"][0]["traffic"]
    return traffic


def test_a_kubeconfig_leads_to_the_same_server_as_the_same_caller_however_it_is_read(
    cluster: LocalCluster,
) -> None:
    plain = read_kubeconfig(cluster.kubeconfig, None)
    by_library = read_with_library(str(cluster.kubeconfig), None, where="the kubeconfig")

    assert plain is not None
    assert plain == by_library
    callers = [RestReader(HttpTransport(access)).read_identity() for access, _ in (plain, by_library)]
    assert callers[0] == callers[1]
    assert "system:masters" in callers[0].groups


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
        assert port.reader.requests_by_verb == {"GET": 2, "POST": 1}


class TestRights:
    def test_a_missing_right_is_named_with_whom_it_is_missing_for(
        self, adapter: Adapter, cluster: LocalCluster, namespace: str, tmp_path: Path
    ) -> None:
        port = adapter(make_account(cluster, namespace, tmp_path))

        with pytest.raises(RightMissing) as caught:
            port.reader.list(SELDON_DEPLOYMENT, namespace)

        assert caught.value.verb == "list"
        assert caught.value.resource == "seldondeployments"
        assert caught.value.namespace == namespace
        assert caught.value.user == f"system:serviceaccount:{namespace}:sync"
        assert (
            'apiGroups: ["machinelearning.seldon.io"], resources: [seldondeployments], verbs: [list]'
            in str(caught.value)
        )

    def test_every_verb_tells_its_own_right(
        self, adapter: Adapter, cluster: LocalCluster, namespace: str, tmp_path: Path
    ) -> None:
        port = adapter(make_account(cluster, namespace, tmp_path))
        calls: dict[str, Callable[[], object]] = {
            "get": lambda: port.reader.get(CONFIG_MAP, namespace, "a"),
            "create": lambda: port.writer.create(LEASE, namespace, {"metadata": {"name": "a"}}),
            "update": lambda: port.writer.replace(key(namespace, "a", CONFIG_MAP), config_map("a")),
            "patch": lambda: port.writer.apply(key(namespace), wines(namespace), manager=MANAGER),
            "delete": lambda: port.writer.delete(key(namespace), uid="1", resource_version="1"),
        }
        for verb, call in calls.items():
            with pytest.raises(RightMissing) as caught:
                call()
            assert caught.value.verb == verb

    def test_a_log_needs_a_right_of_its_own(
        self, adapter: Adapter, cluster: LocalCluster, namespace: str, tmp_path: Path
    ) -> None:
        port = adapter(make_account(cluster, namespace, tmp_path))
        with pytest.raises(RightMissing) as caught:
            port.reader.read_log(key(namespace, "a", POD), "main", previous=True, lines=5)
        assert caught.value.resource == "pods/log"

    def test_can_tells_what_the_caller_may_do(
        self, adapter: Adapter, cluster: LocalCluster, namespace: str, tmp_path: Path
    ) -> None:
        rules = [
            {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["ours"], "verbs": ["get"]}
        ]
        port = adapter(make_account(cluster, namespace, tmp_path, rules=rules))

        assert port.reader.can("get", CONFIG_MAP, namespace, "ours")
        assert not port.reader.can("get", CONFIG_MAP, namespace, "theirs")
        assert not port.reader.can("list", SELDON_DEPLOYMENT, namespace)

    def test_credentials_that_are_not_accepted_are_no_outage(
        self, adapter: Adapter, cluster: LocalCluster, namespace: str, tmp_path: Path
    ) -> None:
        port = adapter(cluster.kubeconfig_for_token("nonsense", tmp_path / "kubeconfig"))

        with pytest.raises(Unauthenticated, match="does not accept the credentials"):
            port.reader.get(CONFIG_MAP, namespace, "a")


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


class TestConnecting:
    def test_the_context_names_the_callers_own_namespace(
        self, cluster: LocalCluster, namespace: str, tmp_path: Path
    ) -> None:
        file = cluster.kubeconfig_for_token("t", tmp_path / "kubeconfig")
        assert connect(kubeconfig=file).namespace == "default"

    def test_a_kubeconfig_that_cannot_be_used_says_so(self, tmp_path: Path) -> None:
        with pytest.raises(ClusterMisconfigured, match=r"missing\.yaml cannot be used"):
            connect(kubeconfig=tmp_path / "missing.yaml")
        broken = tmp_path / "broken.yaml"
        for text in ("", "[]", "a: [", "apiVersion: v1\nkind: Config\n", "just text"):
            broken.write_text(text)
            with pytest.raises(ClusterMisconfigured, match=r"broken\.yaml cannot be used"):
                connect(kubeconfig=broken)

    def test_a_context_that_does_not_exist_says_so(self, cluster: LocalCluster) -> None:
        with pytest.raises(ClusterMisconfigured, match="nowhere"):
            connect(kubeconfig=cluster.kubeconfig, context="nowhere")

    def test_a_server_that_cannot_be_trusted_is_no_outage(
        self, cluster: LocalCluster, tmp_path: Path
    ) -> None:
        text = cluster.kubeconfig.read_text()
        stranger = tmp_path / "kubeconfig"
        lines = [line for line in text.splitlines() if "certificate-authority" not in line]
        stranger.write_text("\n".join(lines))

        with pytest.raises(ClusterMisconfigured, match="could not be trusted"):
            connect(kubeconfig=stranger).reader.read_server_version()

    def test_nobody_listening_is_an_outage_with_its_tries(
        self, cluster: LocalCluster, tmp_path: Path
    ) -> None:
        nobody = tmp_path / "kubeconfig"
        nobody.write_text(cluster.kubeconfig.read_text().replace(cluster.server, "https://127.0.0.1:1"))
        patience = Patience(timeout=0.5, pause=0.01)

        with pytest.raises(ClusterUnreachable, match=r"127\.0\.0\.1:1 could not be connected to .*\(3 tries"):
            connect(kubeconfig=nobody, patience=patience).reader.read_server_version()

    def test_requests_carry_our_name(self, port: Cluster, cluster: LocalCluster, namespace: str) -> None:
        since = cluster.audit_position()
        port.reader.get(CONFIG_MAP, namespace, "a")

        ours: list[dict[str, Any]] = [
            event
            for event in cluster.audit_events(since)
            if (event.get("objectRef") or {}).get("namespace") == namespace
        ]
        assert [event["userAgent"].partition("/")[0] for event in ours] == ["modelsync"]
