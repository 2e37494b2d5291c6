"""The exporter's Deployment and what goes with it: as data, and as the real API server takes it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from reconciler.cli.commands.exporter import command as exporter_command
from scripts.local_cluster import LocalCluster
from tests.conftest import MakeNamespace
from tests.deploy.kustomize import DEPLOY, build, pick, write_overlay
from tests.e2e.test_exporter import RULES

Objects = tuple[dict[str, Any], ...]

_NAME = "exporter-modelsync-eu-prod-2"
_KINDS = {"ServiceAccount", "Role", "RoleBinding", "NetworkPolicy", "Deployment"}


def write_with_exporter(folder: Path, *, namespace: str, components: tuple[str, ...] = ()) -> Path:
    """An overlay of a target with its exporter; other components after it."""
    overlay = write_overlay(folder, environment="eu-prod-2", namespace=namespace, git="git-https")
    file = overlay / "kustomization.yaml"
    body = yaml.safe_load(file.read_text(encoding="utf-8"))
    base = Path(os.path.relpath(DEPLOY, folder))
    body["components"] += [f"{base}/components/{name}" for name in ("exporter", *components)]
    file.write_text(yaml.safe_dump(body), encoding="utf-8")
    return overlay


def choose(objects: Objects) -> Objects:
    """What the exporter brings."""
    return tuple(item for item in objects if item["metadata"]["name"].startswith("exporter-"))


@pytest.fixture(scope="module")
def objects(cluster: LocalCluster, tmp_path_factory: pytest.TempPathFactory) -> Objects:
    folder = write_with_exporter(tmp_path_factory.mktemp("exporter") / "o", namespace="shop")
    return build(cluster.kubectl, folder)


class TestObjects:
    def test_all_are_named_after_the_environment_and_refer_to_each_other(self, objects: Objects) -> None:
        own = choose(objects)
        assert {item["kind"] for item in own} == _KINDS
        assert {item["metadata"]["name"] for item in own} == {_NAME}
        assert {item["metadata"]["namespace"] for item in own} == {"shop"}
        binding = pick(own, "RoleBinding")
        assert binding["roleRef"]["name"] == _NAME
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": _NAME, "namespace": "shop"}]
        pod = pick(own, "Deployment")["spec"]["template"]
        assert pod["spec"]["serviceAccountName"] == _NAME
        (source,) = pod["spec"]["containers"][0]["envFrom"]
        settings = pick(objects, "ConfigMap")["metadata"]["name"]
        assert source == {"configMapRef": {"name": settings}}

    def test_selectors_mean_its_pods_and_no_others(self, objects: Objects) -> None:
        deployment, cron_job = pick(objects, "Deployment"), pick(objects, "CronJob")
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        syncing = cron_job["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"]
        policy = pick(choose(objects), "NetworkPolicy")["spec"]["podSelector"]["matchLabels"]
        assert deployment["spec"]["selector"]["matchLabels"] == labels == policy
        assert labels["modelsync.dev/environment"] == "eu-prod-2"
        assert not policy.items() <= syncing.items()

    def test_the_target_itself_is_as_without_it(
        self, objects: Objects, cluster: LocalCluster, tmp_path: Path
    ) -> None:
        plain = write_overlay(tmp_path / "o", environment="eu-prod-2", namespace="shop", git="git-https")
        others = [item for item in objects if item not in choose(objects)]
        assert others == list(build(cluster.kubectl, plain))


class TestRole:
    def test_it_reads_one_config_map_and_what_is_applied_and_routed(self, objects: Objects) -> None:
        rules = pick(choose(objects), "Role")["rules"]
        assert rules[0]["resourceNames"] == ["modelsync-eu-prod-2"]
        # The same rights with which it runs against the real API server, for an environment of another name.
        named = [
            {**rule, "resourceNames": ["modelsync-production"]} if "resourceNames" in rule else rule
            for rule in rules
        ]
        assert named == list(RULES)

    def test_components_for_extras_give_it_nothing(self, cluster: LocalCluster, tmp_path: Path) -> None:
        names = tuple(sorted(item.name for item in (DEPLOY / "components").glob("extras-*")))
        assert names
        overlay = write_with_exporter(tmp_path / "o", namespace="shop", components=names)
        role = pick(choose(build(cluster.kubectl, overlay)), "Role")
        assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"get", "list"}


class TestPod:
    def test_it_is_scraped_where_it_listens(self, objects: Objects) -> None:
        template = pick(objects, "Deployment")["spec"]["template"]
        (container,) = template["spec"]["containers"]
        (port,) = (
            option.default
            for option in exporter_command.params
            if isinstance(option, click.Option) and option.name == "port"
        )
        assert container["ports"] == [{"name": "metrics", "containerPort": port}]
        assert template["metadata"]["annotations"] == {
            "prometheus.io/scrape": "true",
            "prometheus.io/port": str(port),
            "prometheus.io/path": "/metrics",
        }
        (ingress,) = pick(choose(objects), "NetworkPolicy")["spec"]["ingress"]
        assert ingress["ports"] == [{"protocol": "TCP", "port": port}]
        for probe in ("readinessProbe", "livenessProbe"):
            assert container[probe]["httpGet"] == {"path": "/healthz", "port": "metrics"}

    def test_its_arguments_are_ones_that_the_command_takes(self, objects: Objects) -> None:
        (container,) = pick(objects, "Deployment")["spec"]["template"]["spec"]["containers"]
        name, *arguments = container["args"]
        assert name == "exporter"
        context = exporter_command.make_context("exporter", list(arguments))
        assert context.params["environments"] == ("$(MODELSYNC_ENVIRONMENT)",)
        assert context.params["address"] == "0.0.0.0"  # noqa: S104  (in a Pod, where others have to reach it)

    def test_it_speaks_to_the_api_server_alone(self, objects: Objects) -> None:
        egress = pick(choose(objects), "NetworkPolicy")["spec"]["egress"]
        assert {port["port"] for rule in egress for port in rule["ports"]} == {53, 443, 6443}

    def test_the_api_server_takes_it_under_restricted_pod_security(
        self, cluster: LocalCluster, make_namespace: MakeNamespace, tmp_path: Path
    ) -> None:
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        namespace = make_namespace("production", labels=labels)
        own = choose(build(cluster.kubectl, write_with_exporter(tmp_path / "o", namespace=namespace)))
        template = pick(own, "Deployment")["spec"]["template"]
        account = pick(own, "ServiceAccount")
        cluster.api.demand("POST", f"/api/v1/namespaces/{namespace}/serviceaccounts", account)
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            **template,
            "metadata": {**template["metadata"], "name": "exporter"},
        }
        query = {"dryRun": "All", "fieldValidation": "Strict"}
        answer = cluster.api.request("POST", f"/api/v1/namespaces/{namespace}/pods", pod, query=query)
        assert (answer.status, answer.body.get("message", "")) == (201, "")
        answer = cluster.api.request(
            "POST", f"/apis/apps/v1/namespaces/{namespace}/deployments", pick(own, "Deployment"), query=query
        )
        assert (answer.status, answer.body.get("message", "")) == (201, "")
