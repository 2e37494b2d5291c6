"""The CronJob and what goes with it: as data, and as the real API server takes it."""

from __future__ import annotations

import copy
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest

from reconciler.cli.commands.sync import command as sync_command
from reconciler.pipeline.doctor import list_rights
from scripts.local_cluster import LocalCluster
from tests.conftest import MakeNamespace
from tests.deploy.kustomize import DEPLOY, build, get_pod, pick, write_overlay

Objects = tuple[dict[str, Any], ...]

RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


@pytest.fixture(scope="session")
def example(cluster: LocalCluster) -> Objects:
    return build(cluster.kubectl, DEPLOY / "overlays/example")


class TestNames:
    def test_everything_is_named_after_the_environment(self, example: Objects) -> None:
        for item in example:
            if item["kind"] == "ConfigMap":
                assert item["metadata"]["name"].startswith("modelsync-settings-")
            else:
                assert item["metadata"]["name"] == "modelsync-production", item["kind"]
            assert item["metadata"]["namespace"] == "wines-production", item["kind"]

    def test_references_follow_the_names(self, cluster: LocalCluster, tmp_path: Path) -> None:
        # A dash in the name, and a git component, are what a replacement could trip over.
        overlay = write_overlay(tmp_path / "o", environment="eu-prod-2", namespace="shop", git="git-ssh")
        objects = build(cluster.kubectl, overlay)
        binding, pod = pick(objects, "RoleBinding"), get_pod(objects)
        assert pick(objects, "CronJob")["metadata"]["name"] == "modelsync-eu-prod-2"
        assert (
            binding["roleRef"]["name"] == pick(objects, "Role")["metadata"]["name"] == "modelsync-eu-prod-2"
        )
        assert binding["subjects"] == [
            {"kind": "ServiceAccount", "name": "modelsync-eu-prod-2", "namespace": "shop"}
        ]
        assert pod["spec"]["serviceAccountName"] == pick(objects, "ServiceAccount")["metadata"]["name"]
        assert {
            name for rule in pick(objects, "Role")["rules"] for name in rule.get("resourceNames", ())
        } == {"modelsync-eu-prod-2"}
        selector = pick(objects, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"]
        assert selector.items() <= pod["metadata"]["labels"].items()
        assert selector["modelsync.dev/environment"] == "eu-prod-2"

    def test_two_environments_in_one_place_do_not_collide(
        self, cluster: LocalCluster, tmp_path: Path
    ) -> None:
        names: set[tuple[str, str]] = set()
        for environment in ("staging", "production"):
            overlay = write_overlay(tmp_path / environment, environment=environment, namespace="one")
            objects = build(cluster.kubectl, overlay)
            own = {(item["kind"], item["metadata"]["name"]) for item in objects}
            assert not names & own
            names |= own

    def test_no_placeholder_is_left(self, cluster: LocalCluster, tmp_path: Path) -> None:
        overlay = write_overlay(tmp_path / "o", environment="production", namespace="shop")
        assert "modelsync-environment" not in str(build(cluster.kubectl, overlay))


class TestRole:
    def test_it_is_one_namespaced_role_without_wildcard_and_without_secrets(self, example: Objects) -> None:
        assert {item["kind"] for item in example} == {
            "ServiceAccount",
            "Role",
            "RoleBinding",
            "NetworkPolicy",
            "CronJob",
            "ConfigMap",
        }
        for rule in pick(example, "Role")["rules"]:
            said = {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}
            assert "*" not in said
            assert not {"secrets", "roles", "rolebindings", "serviceaccounts"} & said
            assert "pods" not in said or rule["verbs"] == ["list"]
            assert not {"impersonate", "bind", "escalate", "deletecollection"} & said

    def test_existing_records_and_leases_are_reached_by_name_only(self, example: Objects) -> None:
        for rule in pick(example, "Role")["rules"]:
            if {"configmaps", "leases"} & set(rule["resources"]):
                assert rule["verbs"] == ["create"] or rule["resourceNames"] == ["modelsync-production"]

    def test_doctor_looks_for_the_rights_that_the_role_grants(self, example: Objects) -> None:
        granted = {
            (group, resource, verb, name)
            for rule in pick(example, "Role")["rules"]
            for group in rule["apiGroups"]
            for resource in rule["resources"]
            for verb in rule["verbs"]
            for name in rule.get("resourceNames", [""])
        }
        asked = {
            (right.kind.group, right.kind.plural, right.verb, right.name)
            for right in list_rights("production")
        }
        assert asked <= granted
        # That the namespace can be read is found out by reading it; `get` of one served object is for a race.
        assert granted - asked == {
            ("", "namespaces", "get", ""),
            ("machinelearning.seldon.io", "seldondeployments", "get", ""),
        }


class TestCronJob:
    def test_one_run_at_a_time_and_the_schedule_retries(self, example: Objects) -> None:
        spec = pick(example, "CronJob")["spec"]
        job = spec["jobTemplate"]["spec"]
        assert spec["concurrencyPolicy"] == "Forbid"
        assert spec["timeZone"] == "UTC"
        assert (job["backoffLimit"], job["template"]["spec"]["restartPolicy"]) == (0, "Never")
        assert (spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"]) == (3, 5)
        assert job["ttlSecondsAfterFinished"] == 86_400

    def test_a_hung_run_costs_less_than_two_periods(self, example: Objects) -> None:
        spec = pick(example, "CronJob")["spec"]
        assert spec["schedule"] == "*/5 * * * *"
        period = 5 * 60
        assert 10 < spec["startingDeadlineSeconds"] <= period
        assert period < spec["jobTemplate"]["spec"]["activeDeadlineSeconds"] < 2 * period

    def test_every_setting_is_one_that_sync_reads(self, cluster: LocalCluster, tmp_path: Path) -> None:
        known = {
            option.envvar
            for option in sync_command.params
            if isinstance(option, click.Option) and option.envvar
        }
        for git in ("git-https", "git-ssh"):
            overlay = write_overlay(tmp_path / git, environment="production", namespace="shop", git=git)
            objects = build(cluster.kubectl, overlay)
            (container,) = get_pod(objects)["spec"]["containers"]
            names = {item["name"] for item in container["env"]} | set(pick(objects, "ConfigMap")["data"])
            # The first is used in the arguments; the other two are the machine's.
            assert names - {"MODELSYNC_ENVIRONMENT", "HOME", "TMPDIR"} <= known
            assert container["args"] == ["sync", "$(MODELSYNC_ENVIRONMENT)"]

    @pytest.mark.parametrize("git", ["git-https", "git-ssh"])
    def test_credentials_are_mounted_files(self, git: str, cluster: LocalCluster, tmp_path: Path) -> None:
        overlay = write_overlay(tmp_path / "o", environment="production", namespace="shop", git=git)
        pod = get_pod(build(cluster.kubectl, overlay))["spec"]
        (container,) = pod["containers"]
        assert not any("valueFrom" in item for item in container["env"])
        (mount,) = (item for item in container["volumeMounts"] if item["name"] == "git")
        assert mount["readOnly"]
        files = [item["value"] for item in container["env"] if item["name"].startswith("MODELSYNC_GIT_")]
        assert files
        assert all(file.startswith(f"{mount['mountPath']}/") for file in files)
        (volume,) = (item for item in pod["volumes"] if item["name"] == "git")
        assert volume["secret"] == {"secretName": "modelsync-git", "defaultMode": 0o440}

    def test_only_home_and_temporary_files_can_be_written(self, example: Objects) -> None:
        pod = get_pod(example)["spec"]
        (container,) = pod["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"]
        empty = {item["name"] for item in pod["volumes"] if "emptyDir" in item}
        writable = {
            item["mountPath"]: item["name"] for item in container["volumeMounts"] if not item.get("readOnly")
        }
        environment = {item["name"]: item.get("value") for item in container["env"]}
        assert writable == {environment["HOME"]: "home", environment["TMPDIR"]: "tmp"}
        assert set(writable.values()) == empty

    def test_the_token_is_given_to_these_pods_alone(self, example: Objects) -> None:
        assert pick(example, "ServiceAccount")["automountServiceAccountToken"] is False
        assert get_pod(example)["spec"]["automountServiceAccountToken"] is True


class TestNetworkPolicy:
    def test_nothing_comes_in_and_out_goes_what_a_run_needs(self, example: Objects) -> None:
        spec = pick(example, "NetworkPolicy")["spec"]
        assert spec["policyTypes"] == ["Ingress", "Egress"]
        assert spec["ingress"] == []
        ports = {port["port"]: bool(rule.get("to")) for rule in spec["egress"] for port in rule["ports"]}
        # True: inside the cluster only.
        assert ports == {53: False, 443: False, 6443: False, 22: False, 9090: True}


class TestApiServer:
    """The real one, with its own schema, defaults and Pod Security admission."""

    @pytest.fixture
    def place(self, cluster: LocalCluster, make_namespace: MakeNamespace, tmp_path: Path) -> Path:
        namespace = make_namespace("production", labels=RESTRICTED)
        return write_overlay(tmp_path / "o", environment="production", namespace=namespace, git="git-https")

    def _apply(self, cluster: LocalCluster, folder: Path) -> str:
        done = subprocess.run(
            [
                cluster.kubectl,
                "--kubeconfig",
                cluster.kubeconfig,
                "apply",
                "--server-side",
                "-k",
                str(folder),
            ],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        assert "Warning" not in done.stderr, done.stderr
        return done.stdout

    def test_it_takes_everything_without_a_warning(self, cluster: LocalCluster, place: Path) -> None:
        said = self._apply(cluster, place)
        assert said.count("serverside-applied") == 6
        assert self._apply(cluster, place) == said

    def _create_pod(self, cluster: LocalCluster, namespace: str, template: dict[str, Any]) -> tuple[int, str]:
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "sync", "labels": template["metadata"]["labels"]},
            "spec": template["spec"],
        }
        path = f"/api/v1/namespaces/{namespace}/pods"
        answer = cluster.api.request("POST", path, pod, query={"dryRun": "All", "fieldValidation": "Strict"})
        return answer.status, str(answer.body.get("message", ""))

    def test_its_pods_pass_restricted_pod_security(self, cluster: LocalCluster, place: Path) -> None:
        self._apply(cluster, place)
        objects = build(cluster.kubectl, place)
        namespace = pick(objects, "CronJob")["metadata"]["namespace"]
        assert self._create_pod(cluster, namespace, get_pod(objects)) == (201, "")

    @pytest.mark.parametrize("key", ["allowPrivilegeEscalation", "capabilities"])
    def test_pod_security_is_really_enforced_there(
        self, key: str, cluster: LocalCluster, place: Path
    ) -> None:
        self._apply(cluster, place)
        objects = build(cluster.kubectl, place)
        template = copy.deepcopy(get_pod(objects))
        del template["spec"]["containers"][0]["securityContext"][key]
        status, message = self._create_pod(
            cluster, pick(objects, "CronJob")["metadata"]["namespace"], template
        )
        assert status == 403
        assert "violates PodSecurity" in message
