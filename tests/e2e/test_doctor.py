"""`doctor` as a whole process: what it finds in declarations and cluster, and that it changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.local_cluster import LocalCluster
from tests.conftest import MakeNamespace
from tests.e2e.conftest import Team
from tests.support.accounts import make_account
from tests.support.shop import Ended, Shop


def list_looks(ended: Ended) -> dict[str, str]:
    """The verdicts of doctor's lines by the text after them."""
    lines = [line for line in ended.out.splitlines() if not line.startswith(" ")]
    return {line[10:]: line[:9].strip() for line in lines}


class TestDoctor:
    def test_all_is_well(self, team: Team) -> None:
        ended = team.run("doctor")
        looks = list_looks(ended)
        registry = [verdict for text, verdict in looks.items() if text.startswith("registry: ")]
        others = {verdict for text, verdict in looks.items() if not text.startswith("registry: ")}
        assert (ended.code, ended.err) == (0, ""), ended.out
        assert (registry, others) == (["not asked"], {"ok"})
        assert len(looks) == 6

    def test_changes_nothing(self, team: Team) -> None:
        start = team.cluster.audit_position()
        assert team.run("doctor").code == 0
        asked = [
            event
            for event in team.cluster.audit_events(start)
            if event.get("userAgent", "").startswith("modelsync/")
        ]
        # Asking for one's own rights and name is a create that stores nothing (authorization.k8s.io).
        stored = [
            event["objectRef"]["resource"]
            for event in asked
            if event["verb"] not in ("get", "list")
            and event["objectRef"].get("apiGroup") not in ("authorization.k8s.io", "authentication.k8s.io")
        ]
        assert asked
        assert stored == []

    def test_findings_in_the_declarations(self, team: Team) -> None:
        team.shop.declare("production/wines", {1: 1})
        ended = team.run("doctor")
        assert ended.code == 1
        assert "missing   declarations: 1 error in 1 environment, 2 deployments" in ended.out
        assert "modelsync validate says where." in ended.out

    def test_a_namespace_that_does_not_exist_is_told_with_the_command_that_makes_it(self, team: Team) -> None:
        team.shop.add_environment("production", "not-there")
        ended = team.run("doctor")
        assert ended.code == 1
        assert "(namespace not-there): the namespace does not exist" in ended.out
        assert "kubectl create namespace not-there" in ended.out
        assert "modelsync.dev/environment=production" in ended.out

    @pytest.mark.parametrize(
        ("label", "said"),
        [("", "the namespace lacks its label"), ("staging", "the namespace is labelled for staging")],
        ids=["none", "another"],
    )
    def test_a_label_that_is_wrong(
        self, team: Team, make_namespace: MakeNamespace, label: str, said: str
    ) -> None:
        namespace = make_namespace(label)
        team.shop.add_environment("production", namespace)
        ended = team.run("doctor")
        assert ended.code == 1
        assert said in ended.out
        assert f"kubectl label namespace {namespace} modelsync.dev/environment=production" in ended.out

    def test_rights_that_are_missing_are_named(self, team: Team, tmp_path: Path) -> None:
        kubeconfig = make_account(
            team.cluster,
            team.namespace,
            tmp_path,
            rules=[
                {
                    "apiGroups": ["machinelearning.seldon.io"],
                    "resources": ["seldondeployments"],
                    "verbs": ["list", "create", "patch"],
                },
                {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"]},
                {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["*"]},
                {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["*"]},
                {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "list"]},
                {"apiGroups": [""], "resources": ["resourcequotas"], "verbs": ["list"]},
                {"apiGroups": ["networking.istio.io"], "resources": ["*"], "verbs": ["list"]},
            ],
        )
        ended = team.shop.run("doctor", kubeconfig=kubeconfig)
        assert ended.code == 1, ended.out
        missing = [text for text, verdict in list_looks(ended).items() if verdict == "missing"]
        assert [text.partition("the caller may not ")[2] for text in missing] == [
            "delete seldondeployments, list deployments, list pods"
        ]

    def test_a_cluster_without_the_kind(self, shop: Shop) -> None:
        with LocalCluster(crds=False) as bare:
            ended = shop.run("doctor", kubeconfig=bare.kubeconfig)
        assert ended.code == 1
        said = "the CustomResourceDefinition seldondeployments.machinelearning.seldon.io is missing"
        lacking = [
            text for text, verdict in list_looks(ended).items() if verdict == "missing" and said in text
        ]
        assert [text.partition(" ")[0] for text in lacking] == ["production", "staging"]

    def test_no_kubeconfig_at_all(self, shop: Shop) -> None:
        ended = shop.run("doctor", kubeconfig=Path("nowhere"))
        assert ended.code == 1
        assert "missing   cluster: no cluster to talk to" in ended.out
