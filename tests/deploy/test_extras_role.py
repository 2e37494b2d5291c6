"""Rights for organisation manifests: none without a component, and with it exactly those of its kinds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.pipeline.doctor import list_rights
from reconciler.state.objects import EXTRA_KINDS, Kind
from scripts.local_cluster import LocalCluster
from tests.conftest import MakeNamespace
from tests.deploy.kustomize import DEPLOY, build, pick, write_overlay
from tests.e2e.test_extras import CALLERS, NOTES, add_template, allow
from tests.support.accounts import make_account
from tests.support.shop import Shop

COMPONENTS = tuple(sorted(path.name for path in (DEPLOY / "components").glob("extras-*")))
VERBS = {"get", "list", "create", "patch", "delete"}


def read_rules(cluster: LocalCluster, folder: Path, namespace: str, *components: str) -> list[dict[str, Any]]:
    """The Role of an overlay that takes these components."""
    overlay = write_overlay(folder, environment="production", namespace=namespace)
    file = overlay / "kustomization.yaml"
    body = yaml.safe_load(file.read_text(encoding="utf-8"))
    base = body["components"][0].removesuffix("/base")
    body["components"] += [f"{base}/components/{name}" for name in components]
    file.write_text(yaml.safe_dump(body), encoding="utf-8")
    rules: list[dict[str, Any]] = pick(build(cluster.kubectl, overlay), "Role")["rules"]
    return rules


def test_the_components_grant_every_kind_and_nothing_else(cluster: LocalCluster, tmp_path: Path) -> None:
    bare = read_rules(cluster, tmp_path / "bare", "shop")
    full = read_rules(cluster, tmp_path / "full", "shop", *COMPONENTS)
    added = full[len(bare) :]
    assert full[: len(bare)] == bare
    granted = {
        (group, resource) for rule in added for group in rule["apiGroups"] for resource in rule["resources"]
    }
    assert granted == {(kind.group, kind.plural) for kind in EXTRA_KINDS}
    assert all(set(rule["verbs"]) == VERBS for rule in added)


def test_sync_needs_no_more_and_without_them_says_what_is_missing(
    cluster: LocalCluster, make_namespace: MakeNamespace, tmp_path: Path
) -> None:
    namespace = make_namespace("production")
    shop = Shop(tmp_path / "shop")
    shop.add_environment("production", namespace)
    allow(shop, "ConfigMap, NetworkPolicy")
    shop.declare("production/wines", {1: 100})
    add_template(shop, "notes", NOTES)
    add_template(shop, "callers", CALLERS)
    shop.commit("Start")

    bare = make_account(
        cluster, namespace, tmp_path, rules=read_rules(cluster, tmp_path / "bare", namespace), name="bare"
    )
    ended = shop.run("sync", "production", kubeconfig=bare)
    assert ended.code == 2, ended
    assert 'cannot list resource "configmaps"' in ended.out + ended.err

    granted = make_account(
        cluster,
        namespace,
        tmp_path,
        rules=read_rules(
            cluster, tmp_path / "granted", namespace, "extras-configmaps", "extras-networkpolicies"
        ),
        name="granted",
    )
    assert shop.run("sync", "production", kubeconfig=granted).code == 0
    add_template(shop, "notes", NOTES + "  more: words\n")
    shop.remove("environments/production/extras/callers.yaml.j2")
    shop.commit("Change")
    ended = shop.run("sync", "production", kubeconfig=granted)
    assert ended.code == 0, ended
    assert " may not " not in ended.out + ended.err


@pytest.mark.parametrize("kind", EXTRA_KINDS, ids=lambda kind: kind.name)
def test_doctor_looks_for_the_rights_of_the_kinds_that_are_allowed(kind: Kind) -> None:
    asked = list_rights("production", kinds=(kind.name,))
    assert {right.verb for right in asked if right.kind == kind and not right.name} == VERBS - {"get"}
    assert {right.kind for right in set(asked) - set(list_rights("production"))} == {kind}
