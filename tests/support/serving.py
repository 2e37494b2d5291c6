"""A team whose models really serve: a real registry, storage, operator, gateway and model servers."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.local_cluster import LocalCluster
from scripts.local_cluster.storage import MODELS, locate_storage, make_bucket
from tests.integration.mlflow_fixtures import SharedMlflow
from tests.support.shop import Ended, Shop
from tests.support.traffic import Question

NAMESPACE = "wines-production"
DEPLOYMENT = "production/wines"
PATIENCE = "4m"  # for model servers on a busy machine
# A Pod gets nothing of this machine's environment, so neither may its counterpart: OpenBLAS can be told which
# instructions to add by, and then sums differ in the last bit.
_PREDICT = """
import json, os
for name in [name for name in os.environ if name.startswith("OPENBLAS_")]:
    del os.environ[name]
import mlflow, pandas
wines = pandas.DataFrame(json.loads({wines}))
own = {{}}
for version in "12":
    model = mlflow.pyfunc.load_model(f"models:/wine-quality/{{version}}")
    own[version] = [float(value) for value in model.predict(wines)]
print(json.dumps(own))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingTeam:
    """One environment `production`, one deployment `wines` of the registry's `wine-quality`, v1 and v2."""

    cluster: LocalCluster
    shop: Shop
    mlflow: SharedMlflow

    def declare(self, shares: Mapping[int, int]) -> None:
        """Commit percents by version."""
        self.shop.declare(DEPLOYMENT, shares)
        self.shop.commit(f"wines: {dict(shares)}")

    def sync(self) -> Ended:
        """`modelsync sync`, until what is declared serves."""
        return self.shop.run(
            "sync", "production", "--wait", PATIENCE, kubeconfig=self.cluster.kubeconfig, timeout=300
        )

    def status(self) -> dict[str, Any]:
        """What `modelsync status` says of the deployment."""
        ended = self.shop.run("status", DEPLOYMENT, "-o", "json", kubeconfig=self.cluster.kubeconfig)
        assert ended.code == 0, ended.out + ended.err
        (target,) = json.loads(ended.out)["targets"]
        (deployment,) = target["deployments"]
        found: dict[str, Any] = deployment
        return found

    def ask_about(self, wines: Mapping[str, Sequence[float]]) -> Question:
        """What a client asks through the gateway: one value of each wine by column."""
        url = f"{self.cluster.fact('gateway')}/seldon/{NAMESPACE}/wines/v2/models/infer"
        return Question(url=url, body=write_request(wines))

    def predict(self, wines: Mapping[str, Sequence[float]]) -> dict[str, tuple[float, ...]]:
        """What each version itself says, loaded by MLflow from the registry."""
        said = self.mlflow.run(_PREDICT.format(wines=json.dumps(json.dumps(wines))))
        own = json.loads(said.splitlines()[-1])
        return {version: tuple(values) for version, values in own.items()}


def write_request(wines: Mapping[str, Sequence[float]]) -> bytes:
    """Wines in the Open Inference Protocol: a tensor for each column (MLServer's content type pd)."""
    inputs = [
        {"name": name, "shape": [len(values)], "datatype": "FP64", "data": list(values)}
        for name, values in wines.items()
    ]
    return json.dumps({"parameters": {"content_type": "pd"}, "inputs": inputs}).encode()


def read_predictions(text: str) -> tuple[float, ...]:
    """The numbers in an answer."""
    body: dict[str, Any] = json.loads(text)
    (output,) = body["outputs"]
    return tuple(output["data"])


def open_shop(folder: Path, cluster: LocalCluster, mlflow: SharedMlflow) -> ServingTeam:
    """Copy the registry's models to the cluster's bucket, make namespace and Secret, pin v1 and v2."""
    shutil.copytree(mlflow.artifacts, make_bucket(cluster, MODELS) / "artifacts", dirs_exist_ok=True)
    labels = {"modelsync.dev/environment": "production"}
    for body in (
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}},
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "artifacts-s3", "namespace": NAMESPACE},
            "stringData": dict(locate_storage(cluster).secret_data()),
        },
    ):
        cluster.api.apply(body)
    shop = Shop(folder)
    shop.add_environment("production", NAMESPACE, f"metrics: {{prometheus: {cluster.fact('prometheus')}}}")
    for record in (folder / "models" / "wines" / "versions").iterdir():
        record.unlink()
    subprocess.run(
        [
            sys.executable,
            "-m",
            "reconciler",
            "pin",
            "wines",
            "1",
            "2",
            "--cache",
            str(folder.parent / "pins"),
        ],
        cwd=folder,
        env={**shop.environment(None), "MLFLOW_TRACKING_URI": mlflow.uri},
        check=True,
    )
    return ServingTeam(cluster=cluster, shop=shop, mlflow=mlflow)
