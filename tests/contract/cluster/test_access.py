"""How a cluster is reached, and what a caller may not do there is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.clients.cluster.interface import (
    Cluster,
    ClusterMisconfigured,
    ClusterUnreachable,
    RightMissing,
    Unauthenticated,
)
from reconciler.clients.cluster.kinds import CONFIG_MAP, LEASE, POD
from reconciler.clients.cluster.kubeconfig import read_kubeconfig
from reconciler.clients.cluster.kubernetes import connect, read_with_library
from reconciler.clients.cluster.rest import RestReader
from reconciler.clients.cluster.transport import HttpTransport, Patience
from reconciler.state.objects import SELDON_DEPLOYMENT
from scripts.local_cluster import LocalCluster
from tests.contract.cluster.bodies import MANAGER, config_map, key, wines
from tests.contract.cluster.conftest import Adapter
from tests.support.accounts import make_account


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
