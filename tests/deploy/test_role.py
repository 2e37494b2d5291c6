"""The Role is exact: with it sync can do all that it does, and without any single right something is missed.

Each right is taken away in turn, and the whole story of a target is run again: a first sync, one with
nothing to do, a look at the status, a change, a healed edit, a retired deployment, and one that somebody else
touches while it is being deleted.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.local_cluster import LocalCluster
from scripts.local_cluster.api import MERGE
from tests.conftest import MakeNamespace
from tests.deploy.kustomize import DEPLOY, build, get_pod, pick, write_overlay
from tests.deploy.racing_proxy import RacingProxy
from tests.support.accounts import make_account
from tests.support.proxy import Request
from tests.support.shop import Ended, Shop

Rule = Mapping[str, Any]

_OBJECTS = "/apis/machinelearning.seldon.io/v1/namespaces/{}/seldondeployments"
_SYNC = ("sync", "production", "--lease-duration", "1s", "--lease-wait", "2s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """One verb on one resource of one rule."""

    rule: int
    resource: str
    verb: str

    def __str__(self) -> str:
        return f"{self.verb}-{self.resource}-{self.rule}"


def read_rules() -> tuple[Rule, ...]:
    """The Role as it stands in the base; the placeholder in it is the environment's name."""
    text = (DEPLOY / "base/role.yaml").read_text(encoding="utf-8")
    rules: list[Rule] = yaml.safe_load(text.replace("modelsync-environment", "modelsync-production"))["rules"]
    return tuple(rules)


RULES = read_rules()
RIGHTS = tuple(
    Right(rule=index, resource=resource, verb=verb)
    for index, rule in enumerate(RULES)
    for resource in rule["resources"]
    for verb in rule["verbs"]
)


def without(right: Right) -> tuple[Rule, ...]:
    """The Role without one right."""
    rules = [dict(rule) for rule in RULES]
    rule = rules[right.rule]
    rule["verbs"] = [verb for verb in rule["verbs"] if verb != right.verb]
    return tuple(rule for rule in rules if rule["verbs"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A repository and a namespace, and the account that syncs one into the other."""

    cluster: LocalCluster
    shop: Shop
    namespace: str
    kubeconfig: Path

    def sync(self, kubeconfig: Path | None = None) -> Ended:
        return self.shop.run(*_SYNC, kubeconfig=kubeconfig or self.kubeconfig)

    def status(self) -> Ended:
        return self.shop.run("status", "production", kubeconfig=self.kubeconfig)

    def patch(self, name: str, body: object, manager: str) -> None:
        path = f"{_OBJECTS.format(self.namespace)}/{name}"
        query = {"fieldManager": manager}
        self.cluster.api.demand("PATCH", path, body, content_type=MERGE, query=query)

    def list_objects(self) -> list[str]:
        items = self.cluster.api.demand("GET", _OBJECTS.format(self.namespace))["items"]
        return [item["metadata"]["name"] for item in items]


def make_stage(cluster: LocalCluster, namespace: str, folder: Path, kubeconfig: Path) -> Stage:
    # As in a Pod, the caller's own namespace is the target's.
    settings = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    settings["contexts"][0]["context"]["namespace"] = namespace
    kubeconfig.write_text(yaml.safe_dump(settings), encoding="utf-8")
    shop = Shop(folder / "shop")
    shop.add_environment("production", namespace)
    return Stage(cluster=cluster, shop=shop, namespace=namespace, kubeconfig=kubeconfig)


def tell_story(stage: Stage, folder: Path) -> Iterator[tuple[str, Ended]]:
    """Each chapter's name, and how its sync ended."""
    shop = stage.shop
    shop.declare("production/wines", {1: 100})
    shop.declare("production/prices", {1: 100})
    shop.declare("production/beers", {1: 100})
    shop.commit("First")
    yield "first run", stage.sync()
    yield "nothing to do", stage.sync()
    yield "status", stage.status()

    shop.declare("production/wines", {1: 90, 2: 10})
    shop.commit("Change")
    yield "change", stage.sync()

    stage.patch("wines", {"spec": {"predictors": []}}, "kubectl-edit")
    yield "heal", stage.sync()

    shop.declare("production/prices", {1: 100}, more="retire: true")
    shop.commit("Retire")
    yield "prune", stage.sync()

    shop.declare("production/beers", {1: 100}, more="retire: true")
    shop.commit("Retire another")

    def touch(request: Request) -> None:
        if request.method == "DELETE" and request.path.endswith("/beers") and not touched:
            touched.append(request)
            # The one thing that may move while an object is deleted: what the operator says of it.
            stage.patch("beers/status", {"status": {"state": "Creating"}}, "operator")

    touched: list[Request] = []
    with RacingProxy(stage.cluster, touch) as proxy:
        yield "race", stage.sync(proxy.redirect(stage.kubeconfig, folder / "racing.kubeconfig"))
    assert touched, "nothing was deleted, so nobody could be quicker"


def is_clean(ended: Ended) -> bool:
    """Whether the run did all that it wanted to, and complained of no right."""
    return ended.code == 0 and " may not " not in ended.out + ended.err


def test_the_role_is_sufficient(cluster: LocalCluster, make_namespace: MakeNamespace, tmp_path: Path) -> None:
    """The overlay as applied, its own ServiceAccount's token, and the command line of its own container."""
    namespace = make_namespace("production")
    overlay = write_overlay(tmp_path / "overlay", environment="production", namespace=namespace)
    subprocess.run(
        [cluster.kubectl, "--kubeconfig", cluster.kubeconfig, "apply", "--server-side", "-k", str(overlay)],
        check=True,
        capture_output=True,
        timeout=60,
    )
    objects = build(cluster.kubectl, overlay)
    account = get_pod(objects)["spec"]["serviceAccountName"]
    token = cluster.api.demand(
        "POST",
        f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token",
        {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}},
    )["status"]["token"]
    stage = make_stage(
        cluster, namespace, tmp_path, cluster.kubeconfig_for_token(token, tmp_path / "token.kubeconfig")
    )

    position = cluster.audit_position()
    for chapter, ended in tell_story(stage, tmp_path):
        assert is_clean(ended), f"{chapter}: {ended}"
    assert stage.list_objects() == ["wines"]

    settings = pick(objects, "ConfigMap")["data"]
    (container,) = get_pod(objects)["spec"]["containers"]
    arguments = [re.sub(r"\$\((\w+)\)", lambda found: settings[found[1]], item) for item in container["args"]]
    ended = stage.shop.run(*arguments, kubeconfig=stage.kubeconfig)
    assert ended.code == 0, ended
    assert "production: in sync with" in ended.out

    user = f"system:serviceaccount:{namespace}:{account}"
    events = [item for item in cluster.audit_events(position) if item["user"]["username"] == user]
    assert len(events) > 50
    refused = [item for item in events if item["annotations"]["authorization.k8s.io/decision"] != "allow"]
    # While there is no record yet it is looked for in all namespaces, which no Role of one of them allows.
    assert [(item["verb"], item["requestURI"].partition("?")[0]) for item in refused] == [
        ("list", "/api/v1/configmaps")
    ]


@pytest.mark.parametrize("right", RIGHTS, ids=str)
def test_no_right_is_superfluous(
    right: Right, cluster: LocalCluster, make_namespace: MakeNamespace, tmp_path: Path
) -> None:
    namespace = make_namespace("production")
    kubeconfig = make_account(cluster, namespace, tmp_path, rules=without(right))
    stage = make_stage(cluster, namespace, tmp_path, kubeconfig)
    for _, ended in tell_story(stage, tmp_path):
        if not is_clean(ended):
            # Whoever reads it is told which right it is, in the API server's own words.
            assert f'cannot {right.verb} resource "{right.resource}"' in ended.out + ended.err, ended
            return
    pytest.fail(f"all of the story ends well without {right}")


def test_without_any_right_nothing_is_changed_and_the_run_says_so(
    cluster: LocalCluster, make_namespace: MakeNamespace, tmp_path: Path
) -> None:
    namespace = make_namespace("production")
    stage = make_stage(cluster, namespace, tmp_path, make_account(cluster, namespace, tmp_path))
    _, ended = next(tell_story(stage, tmp_path))
    assert ended.code == 2
    assert " may not " in ended.out + ended.err
    assert stage.list_objects() == []
