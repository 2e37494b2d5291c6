"""What a Pod declares, as a node without containers reads it: images, paths, variables, volumes, probes."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scripts.local_cluster.node.environment import (
    CONFIG_MAP,
    SECRET,
    ConfigError,
    Source,
    decode_secret,
    expand,
    needed_sources,
    resolve,
)
from scripts.local_cluster.node.images import ImageMissing, Programs, strip_version
from scripts.local_cluster.node.paths import Mount, mounts_of, rewrite
from scripts.local_cluster.node.probes import LIVENESS, READINESS, STARTUP, find_port, read_probe
from scripts.local_cluster.node.volumes import MountError, make_volumes, volume_sources

ADDRESS = "127.20.0.1"
POD: Mapping[str, Any] = {
    "metadata": {
        "name": "wines-0",
        "namespace": "production",
        "uid": "u-1",
        "labels": {"seldon-app": "wines-v1"},
        "annotations": {"note": 'says "hello"\nand more', "a": "1"},
    },
    "spec": {"nodeName": "serving", "serviceAccountName": "default", "containers": []},
}
KEYS = Source(kind=SECRET, name="keys")
SETTINGS = Source(kind=CONFIG_MAP, name="settings")


class TestImages:
    @pytest.mark.parametrize(
        ("image", "repository"),
        [
            ("seldonio/mlserver:1.7.1-mlflow", "seldonio/mlserver"),
            ("docker.io/seldonio/mlserver:1", "seldonio/mlserver"),
            ("docker.io/library/busybox", "busybox"),
            ("registry.example.com:5000/wines@sha256:abc", "registry.example.com:5000/wines"),
            ("registry.example.com:5000/team/wines:2", "registry.example.com:5000/team/wines"),
        ],
    )
    def test_count_by_their_repository(self, image: str, repository: str) -> None:
        assert strip_version(image) == repository

    def test_of_the_storage_initializer_are_rclone_that_gives_up_soon(self) -> None:
        program = Programs(rclone=Path("/bin/rclone")).find("seldonio/rclone-storage-initializer:1", ADDRESS)
        assert program.entrypoint == ("/bin/rclone", "copy")
        assert program.environment["RCLONE_RETRIES"] == "1"

    def test_of_mlserver_listen_on_the_pod_whatever_the_pod_says(self, tmp_path: Path) -> None:
        mlserver = tmp_path / "mlserver"
        mlserver.touch()
        program = Programs(rclone=Path("r"), mlserver=mlserver).find("seldonio/mlserver:1.7.1", ADDRESS)
        assert program.arguments == (str(mlserver), "start", "/mnt/models")
        assert program.own == {"MLSERVER_HOST": ADDRESS}

    @pytest.mark.parametrize(
        ("image", "is_there"),
        [
            ("seldonio/mlserver:1.7.1", True),
            ("seldonio/mlserver:1.7.1-mlflow", True),
            ("seldonio/mlserver@sha256:0a-b", True),
            ("seldonio/mlserver:1.7.1-sklearn", False),
            ("docker.io/seldonio/mlserver:1.7.1-alibi-explain@sha256:0a", False),
        ],
    )
    def test_of_mlserver_bring_the_runtime_that_their_tag_names(
        self, tmp_path: Path, image: str, is_there: bool
    ) -> None:
        mlserver = tmp_path / "mlserver"
        mlserver.touch()
        programs = Programs(rclone=Path("r"), mlserver=mlserver)
        if is_there:
            assert programs.find(image, ADDRESS).arguments
        else:
            with pytest.raises(ImageMissing, match="only that for MLflow"):
                programs.find(image, ADDRESS)

    def test_of_mlserver_where_it_is_not_installed_say_how_to_install_it(self, tmp_path: Path) -> None:
        with pytest.raises(ImageMissing, match="run scripts/bootstrap mlserver"):
            Programs(rclone=Path("r"), mlserver=tmp_path / "no").find("seldonio/mlserver:1", ADDRESS)

    def test_of_the_executor_know_the_pods_address(self) -> None:
        program = Programs(rclone=Path("r")).find("seldonio/seldon-core-executor:1.17.1", ADDRESS)
        assert program.entrypoint[1:] == ("-m", "scripts.local_cluster.executor")
        assert program.own["MODELSYNC_POD_IP"] == ADDRESS

    def test_of_examples_are_found_by_name(self) -> None:
        program = Programs(rclone=Path("r")).find("example/output-transformer:1", ADDRESS)
        assert program.entrypoint[2] == "scripts.local_cluster.executor.components.output_transformer"

    @pytest.mark.parametrize("image", ["acme/wines:1", "example/no-such:1", "example/../x:1", "mlserver"])
    def test_that_nobody_knows_are_missing(self, image: str) -> None:
        with pytest.raises(ImageMissing, match="this node has no program for it"):
            Programs(rclone=Path("r")).find(image, ADDRESS)


class TestPaths:
    MOUNTS = (
        Mount(path="/mnt/models", place=Path("/pods/1/model")),
        Mount(path="/mnt/models/extra", place=Path("/pods/1/extra")),
    )

    @pytest.mark.parametrize(
        ("text", "rewritten"),
        [
            ("/mnt/models", "/pods/1/model"),
            ("/mnt/models/MLmodel", "/pods/1/model/MLmodel"),
            ("/mnt/models/extra/a", "/pods/1/extra/a"),
            ("--from=/mnt/models --to=/mnt/models/b", "--from=/pods/1/model --to=/pods/1/model/b"),
            ('{"path": "/mnt/models"}', '{"path": "/pods/1/model"}'),
            ("/mnt/models-old", "/mnt/models-old"),
            ("/mnt/models.bak", "/mnt/models.bak"),
            ("/x/mnt/models", "/x/mnt/models"),
            ("s3://mlflow/1", "s3://mlflow/1"),
        ],
    )
    def test_are_replaced_where_a_whole_mount_path_stands(self, text: str, rewritten: str) -> None:
        assert rewrite(text, self.MOUNTS) == rewritten

    def test_of_a_container_are_its_mounts_and_its_last_words(self) -> None:
        container = {
            "volumeMounts": [
                {"name": "model", "mountPath": "/mnt/models/"},
                {"name": "model", "mountPath": "/mnt/one", "subPath": "one"},
                {"name": "kube-api-access-x", "mountPath": "/var/run/secrets"},
            ]
        }
        mounts = mounts_of(container, {"model": Path("/p/model")}, Path("/p/words"))
        assert {mount.path: str(mount.place) for mount in mounts} == {
            "/mnt/models": "/p/model",
            "/mnt/one": "/p/model/one",
            "/dev/termination-log": "/p/words",
        }


class TestEnvironment:
    def resolve(self, *env: Mapping[str, Any], **container: Any) -> dict[str, str]:
        sources = {KEYS: {"user": "anna", "key": "s3cret"}, SETTINGS: {"mode": "fast"}}
        return resolve({"env": list(env), **container}, POD, address=ADDRESS, sources=sources)

    def test_takes_all_of_an_object_and_lets_single_variables_win(self) -> None:
        origins = [{"secretRef": {"name": "keys"}}, {"prefix": "S_", "configMapRef": {"name": "settings"}}]
        assert self.resolve({"name": "user", "value": "bob"}, envFrom=origins) == {
            "user": "bob",
            "key": "s3cret",
            "S_mode": "fast",
        }

    def test_knows_the_pod(self) -> None:
        def field(name: str, path: str) -> Mapping[str, Any]:
            return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}

        assert self.resolve(
            field("NAME", "metadata.name"),
            field("IP", "status.podIP"),
            field("APP", "metadata.labels['seldon-app']"),
            field("NODE", "spec.nodeName"),
        ) == {"NAME": "wines-0", "IP": ADDRESS, "APP": "wines-v1", "NODE": "serving"}

    def test_refers_to_earlier_variables(self) -> None:
        assert self.resolve({"name": "A", "value": "1"}, {"name": "B", "value": "$(A)2$(C)$$(A)"}) == {
            "A": "1",
            "B": "12$(C)$(A)",
        }

    @pytest.mark.parametrize(
        ("reference", "said"),
        [
            (
                {"secretKeyRef": {"name": "keys", "key": "no"}},
                "couldn't find key no in Secret production/keys",
            ),
            ({"configMapKeyRef": {"name": "gone", "key": "a"}}, 'configmap "gone" not found'),
            ({"resourceFieldRef": {"resource": "limits.cpu"}}, "resourceFieldRef"),
        ],
    )
    def test_says_what_is_missing(self, reference: Mapping[str, Any], said: str) -> None:
        container = {"env": [{"name": "A", "valueFrom": reference}]}
        sources = {KEYS: {"user": "anna"}, Source(kind=CONFIG_MAP, name="gone"): None}
        with pytest.raises(ConfigError, match=said):
            resolve(container, POD, address=ADDRESS, sources=sources)

    def test_leaves_out_what_is_optional_and_missing(self) -> None:
        container = {
            "envFrom": [{"secretRef": {"name": "keys", "optional": True}}],
            "env": [
                {"name": "A", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "k", "optional": True}}}
            ],
        }
        assert needed_sources(container) == (KEYS,)
        assert resolve(container, POD, address=ADDRESS, sources={KEYS: None}) == {}

    def test_reads_secrets(self) -> None:
        assert decode_secret({"key": base64.b64encode("schlüssel".encode()).decode()}) == {"key": "schlüssel"}

    def test_expands_commands_by_the_same_rule(self) -> None:
        assert expand("--port=$(PORT)", {"PORT": "9000"}) == "--port=9000"


class TestVolumes:
    def make(self, folder: Path, *volumes: Mapping[str, Any]) -> dict[str, Path]:
        sources = {KEYS: {"key": "s3cret", "user": "anna"}, SETTINGS: None}
        pod = {**POD, "spec": {"volumes": list(volumes)}}
        assert set(volume_sources(pod)) <= set(sources)
        return make_volumes(pod, folder, address=ADDRESS, sources=sources)

    def test_are_empty_folders_that_keep_what_they_get(self, tmp_path: Path) -> None:
        place = self.make(tmp_path, {"name": "model", "emptyDir": {}})["model"]
        (place / "MLmodel").write_text("x", encoding="utf-8")
        assert self.make(tmp_path, {"name": "model", "emptyDir": {}}) == {"model": place}
        assert [file.name for file in place.iterdir()] == ["MLmodel"]

    def test_hold_secrets_and_the_pods_annotations(self, tmp_path: Path) -> None:
        items = [{"path": "annotations", "fieldRef": {"fieldPath": "metadata.annotations"}}]
        made = self.make(
            tmp_path,
            {"name": "keys", "secret": {"secretName": "keys", "items": [{"key": "key", "path": "a/k"}]}},
            {"name": "podinfo", "downwardAPI": {"items": items}},
        )
        assert (made["keys"] / "a" / "k").read_text(encoding="utf-8") == "s3cret"
        text = (made["podinfo"] / "annotations").read_text(encoding="utf-8")
        assert text == 'a="1"\nnote="says \\"hello\\"\\nand more"'

    def test_of_the_api_servers_own_token_are_left_out(self, tmp_path: Path) -> None:
        token = {"name": "kube-api-access-x", "projected": {"sources": [{"serviceAccountToken": {}}]}}
        assert self.make(tmp_path, token) == {}

    @pytest.mark.parametrize(
        ("volume", "said"),
        [
            ({"configMap": {"name": "settings"}}, 'configmap "settings" not found'),
            ({"secret": {"secretName": "keys", "items": [{"key": "no", "path": "x"}]}}, "secret key: no"),
            ({"persistentVolumeClaim": {"claimName": "c"}}, "no volumes of persistentVolumeClaim"),
        ],
    )
    def test_that_cannot_be_had_say_why(self, volume: Mapping[str, Any], said: str, tmp_path: Path) -> None:
        with pytest.raises(MountError, match=said):
            self.make(tmp_path, {"name": "v", **volume})


class TestProbes:
    CONTAINER: Mapping[str, Any] = {
        "ports": [{"name": "http", "containerPort": 9000}],
        "readinessProbe": {
            "httpGet": {"path": "/v2/health/ready", "port": "http"},
            "initialDelaySeconds": 20,
            "periodSeconds": 5,
            "timeoutSeconds": 60,
        },
        "livenessProbe": {"tcpSocket": {"port": 9000}},
    }

    def test_are_read_with_the_apis_defaults(self) -> None:
        liveness = read_probe(self.CONTAINER, LIVENESS)
        assert liveness is not None
        assert (liveness.delay, liveness.period, liveness.timeout) == (0, 10, 1)
        assert (liveness.successes, liveness.failures) == (1, 3)
        assert read_probe(self.CONTAINER, STARTUP) is None

    def test_keep_their_own_times(self) -> None:
        readiness = read_probe(self.CONTAINER, READINESS)
        assert readiness is not None
        assert (readiness.delay, readiness.period, readiness.timeout) == (20, 5, 60)

    @pytest.mark.parametrize(("port", "number"), [("http", 9000), (8000, 8000), ("8000", 8000), ("no", 0)])
    def test_find_ports_by_name(self, port: int | str, number: int) -> None:
        assert find_port(self.CONTAINER, port) == number
