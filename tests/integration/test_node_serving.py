"""Models that serve: from MLflow through a bucket to real model servers, by the operator's own Pods."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from scripts.local_cluster import LocalCluster, Part
from scripts.local_cluster.node.guard import VARIABLE
from scripts.local_cluster.storage import MODELS, locate_storage
from scripts.local_mlflow import MlflowServer
from tests.integration.mlflow_fixtures import SharedMlflow
from tests.support.pods import SHELL_IMAGE, PodSpace, make_space
from tests.support.serving import read_predictions, write_request
from tests.support.shop import Shop
from tests.support.waiting import wait_until

# Model servers and a registry start slowly where other tests run beside them.
pytestmark = pytest.mark.timeout(600)

SECRET = "artifacts-s3"
MODEL_PORT, EXECUTOR_PORT = 9000, 8000
WINES: Mapping[str, Sequence[float]] = {"alcohol": [9.5, 11.0, 12.75], "sulphates": [0.5, 0.75, 1.0]}
TRAIN = f"""
import json, mlflow, pandas
from sklearn.linear_model import LinearRegression

wines = pandas.DataFrame({dict(WINES)!r})
for version, quality in ((1, [5.0, 6.0, 7.5]), (2, [4.0, 6.5, 7.0])):
    model = LinearRegression().fit(wines, quality)
    with mlflow.start_run():
        mlflow.sklearn.log_model(
            model, name="model", registered_model_name="wines", pip_requirements=["scikit-learn"]
        )
    place = mlflow.MlflowClient().get_model_version_download_uri("wines", str(version))
    print(json.dumps([place, list(map(float, model.predict(wines)))]))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """One version: where its artifacts lie, and what it predicts for WINES."""

    uri: str
    predictions: tuple[float, ...]


@pytest.fixture(scope="module")
def serving() -> Iterator[LocalCluster]:
    with LocalCluster(parts=(Part.OPERATOR, Part.NODE)) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def versions(serving: LocalCluster, tmp_path_factory: pytest.TempPathFactory) -> tuple[Trained, ...]:
    """Two versions, trained and stored by a real MLflow whose artifacts lie in the cluster's bucket."""
    environment = locate_storage(serving).client_environment()
    destination = f"s3://{MODELS}/artifacts"
    folder = tmp_path_factory.mktemp("mlflow")
    with MlflowServer(folder, destination=destination, environment=environment) as server:
        pid, started = server.process
        registry = SharedMlflow(
            uri=server.uri, python=str(server.python), artifacts="", pid=pid, started=started
        )
        said = registry.run(TRAIN)
    assert list(server.artifacts.iterdir()) == []
    trained = []
    for line in said.splitlines():
        if line.startswith("["):
            place, predictions = json.loads(line)
            uri = place.replace("mlflow-artifacts:/", f"{destination}/")
            trained.append(Trained(uri=uri, predictions=tuple(predictions)))
    return tuple(trained)


@pytest.fixture(scope="module")
def space(serving: LocalCluster) -> PodSpace:
    made = make_space(serving)
    made.make("Secret", SECRET, locate_storage(serving).secret_data())
    return made


def predictor(name: str, traffic: int, uri: str) -> dict[str, Any]:
    # What a skeleton says of probes is kept; the operator's own would look once in 20 seconds.
    probes = {
        "readinessProbe": {"periodSeconds": 1, "failureThreshold": 300},
        "livenessProbe": {"initialDelaySeconds": 120},
    }
    return {
        "name": name,
        "traffic": traffic,
        "replicas": 1,
        "graph": {
            "name": "wines",
            "implementation": "MLFLOW_SERVER",
            "modelUri": uri,
            "envSecretRefName": SECRET,
        },
        "componentSpecs": [{"spec": {"containers": [{"name": "wines", **probes}]}}],
    }


def path_of(space: PodSpace, name: str = "") -> str:
    base = f"/apis/machinelearning.seldon.io/v1/namespaces/{space.namespace}/seldondeployments"
    return f"{base}/{name}" if name else base


def find_pods(space: PodSpace) -> dict[str, str]:
    """The names of the Pods by predictor."""
    query = {"labelSelector": "seldon.io/model=true"}
    found = space.cluster.api.demand("GET", space.path("pods"), query=query)
    return {pod["metadata"]["labels"]["version"]: pod["metadata"]["name"] for pod in found["items"]}


def ask(address: str, port: int) -> tuple[float, ...]:
    url = f"http://{address}:{port}/v2/models/wines/infer"
    answer = httpx.post(url, content=write_request(WINES), timeout=30, trust_env=False)
    assert answer.status_code == 200, answer.text
    return read_predictions(answer.text)


@pytest.fixture(scope="module")
def pods(space: PodSpace, versions: tuple[Trained, ...]) -> Mapping[str, str]:
    """Both versions side by side, ready."""
    body = {
        "apiVersion": "machinelearning.seldon.io/v1",
        "kind": "SeldonDeployment",
        "metadata": {"name": "wines"},
        "spec": {
            "protocol": "v2",
            "predictors": [predictor("v1", 80, versions[0].uri), predictor("v2", 20, versions[1].uri)],
        },
    }
    space.cluster.api.demand("POST", path_of(space), body)
    wait_until(lambda: len(find_pods(space)) == 2, "two Pods")
    found = find_pods(space)
    for name in found.values():
        space.wait_ready(name)
    return found


def test_both_versions_predict_what_their_models_predict_directly_and_through_the_executor(
    space: PodSpace, pods: Mapping[str, str], versions: tuple[Trained, ...]
) -> None:
    assert versions[0].predictions != versions[1].predictions
    for name, version in (("v1", versions[0]), ("v2", versions[1])):
        address = space.address(pods[name])
        assert ask(address, MODEL_PORT) == pytest.approx(version.predictions, rel=1e-12)
        assert ask(address, EXECUTOR_PORT) == pytest.approx(version.predictions, rel=1e-12)


def test_the_operator_sees_them_available_and_istio_finds_them(
    space: PodSpace, pods: Mapping[str, str]
) -> None:
    def state() -> str:
        live = space.cluster.api.demand("GET", path_of(space, "wines"))
        return str(live.get("status", {}).get("state"))

    wait_until(lambda: state() == "Available", "the SeldonDeployment is available")
    for name in pods.values():
        assert space.endpoint(name) == space.address(name)


def test_a_killed_model_server_comes_back_and_nobody_is_sent_to_it_meanwhile(
    space: PodSpace, pods: Mapping[str, str], versions: tuple[Trained, ...]
) -> None:
    name = pods["v1"]
    address = space.address(name)
    (server,) = (
        status
        for status in space.status(name)["containerStatuses"]
        if status["image"].startswith("seldonio/mlserver")
    )
    psutil.Process(int(server["containerID"].removeprefix("process://"))).kill()
    wait_until(lambda: space.endpoint(name) is None, "the endpoint is gone")
    space.wait_ready(name, ready=False)
    assert ask(space.address(pods["v2"]), EXECUTOR_PORT)
    space.wait_ready(name)
    assert space.endpoint(name) == address
    assert ask(address, EXECUTOR_PORT) == pytest.approx(versions[0].predictions, rel=1e-12)


@pytest.mark.parametrize(
    ("uri", "wrong", "code", "said"),
    [
        ("s3://mlflow/artifacts/1", {"RCLONE_CONFIG_S3_SECRET_ACCESS_KEY": "wrong"}, 1, "Forbidden"),
        ("s3://no-such-bucket/1", {}, 3, "directory not found"),
        ("models:/wines/1", {}, 1, "didn't find section in config file"),
    ],
)
def test_a_model_that_cannot_be_fetched_holds_its_pod_back_and_the_log_says_why(
    space: PodSpace, uri: str, wrong: Mapping[str, str], code: int, said: str
) -> None:
    secret = f"wrong-{code}-{len(uri)}"
    space.make("Secret", secret, {**locate_storage(space.cluster).secret_data(), **wrong})
    name = space.run({"name": "main", "image": SHELL_IMAGE}, **fetching(uri, secret))
    space.wait_reason(name, "CrashLoopBackOff", initial=True)
    ended = space.container(name, initial=True)["lastState"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (code, "Error")
    assert space.container(name)["state"] == {"waiting": {"reason": "PodInitializing"}}
    assert said in space.log(name, "fetch", previous="true")


def test_an_empty_path_is_fetched_without_a_fault_and_told_by_an_event(space: PodSpace) -> None:
    name = space.run(
        {"name": "main", "image": SHELL_IMAGE, "command": ["sleep", "600"]},
        **fetching("s3://mlflow/artifacts/no-such-path", SECRET),
    )
    space.wait_ready(name)
    assert space.container(name, initial=True)["state"]["terminated"]["reason"] == "Completed"
    told = "ended well, but /mnt/models is empty: there is nothing at s3://mlflow/artifacts/no-such-path"
    wait_until(lambda: told in space.events(name).get("NothingCopied", ""), "the event")


def fetching(uri: str, secret: str) -> dict[str, Any]:
    """A storage initializer as the operator puts it into Pods."""
    return {
        "initContainers": [
            {
                "name": "fetch",
                "image": "seldonio/rclone-storage-initializer:1.14.1",
                "args": [uri, "/mnt/models"],
                "envFrom": [{"secretRef": {"name": secret}}],
                "volumeMounts": [{"name": "model", "mountPath": "/mnt/models"}],
            }
        ],
        "volumes": [{"name": "model", "emptyDir": {}}],
    }


def test_with_its_deployment_all_that_served_goes(space: PodSpace, pods: Mapping[str, str]) -> None:
    names = list(pods.values())
    folders = [str(path) for path in (space.cluster.state.folder / "pods").glob("*wines*")]
    assert len(folders) == 2
    space.cluster.api.demand("DELETE", path_of(space, "wines"))
    for name in names:
        space.wait_gone(name)
        assert space.endpoint(name) is None
    wait_until(lambda: not any(Path(folder).exists() for folder in folders), "the folders are gone")
    assert [home for home in list_homes() if home.startswith(tuple(folders))] == []


def list_homes() -> list[str]:
    """The working folders of all Pods' programs on this machine."""
    found = []
    for process in psutil.process_iter():
        try:
            if VARIABLE in process.environ():
                found.append(process.cwd())
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


@pytest.mark.parametrize(
    ("environment", "to", "wrong", "said"),
    [
        (
            "locked",
            f"s3://{MODELS}/artifacts",
            {"RCLONE_CONFIG_S3_SECRET_ACCESS_KEY": "wrong"},
            "the storage refused or could not be asked; see the keys in the Secret",
        ),
        ("lost", "s3://no-such-bucket", {}, "there is no such bucket or folder in the storage"),
        ("empty", f"s3://{MODELS}/nothing-here", {}, "when it cannot load a model; see whether there is one"),
    ],
)
def test_modelsync_says_what_keeps_a_model_from_serving(
    serving: LocalCluster, tmp_path: Path, environment: str, to: str, wrong: Mapping[str, str], said: str
) -> None:
    labels = {"modelsync.dev/environment": environment}
    metadata = {"name": environment, "labels": labels}
    serving.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    space = PodSpace(cluster=serving, namespace=environment)
    space.make("Secret", SECRET, {**locate_storage(serving).secret_data(), **wrong})
    shop = Shop(tmp_path / "shop")
    shop.add_environment(environment, environment)
    file = tmp_path / "shop" / "environments" / environment / "environment.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("s3://mlflow/artifacts", to), encoding="utf-8")
    shop.declare(f"{environment}/wines", {1: 100})
    shop.commit()
    applied = shop.run("sync", environment, "--wait", "0s", kubeconfig=serving.kubeconfig)
    assert applied.code in (0, 6), applied.err + applied.out

    def status() -> str:
        return shop.run("status", environment, kubeconfig=serving.kubeconfig).out

    wait_until(lambda: said in " ".join(status().split()), f"modelsync status says: {said}")
    serving.api.demand("DELETE", path_of(space, "wines"))
