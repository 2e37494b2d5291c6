"""A declared graph answers through the gateway: transformers, a router, a combiner and four models.

Its nodes are the local cluster's example components, so that answers can be reckoned by hand.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts.local_cluster import LocalCluster
from tests.conftest import MakeNamespace
from tests.support.shop import Shop

_DIGEST = f"@sha256:{'5c' * 32}"
_PATIENCE = 60.0

DEPLOYMENT = f"""\
model: wines
serving:
  protocol: seldon
  startup: 2m
  resources: {{requests: {{cpu: 10m, memory: 32Mi}}, limits: {{memory: 256Mi}}}}
  orchestrator: {{resources: {{requests: {{cpu: 10m, memory: 32Mi}}, limits: {{memory: 256Mi}}}}}}
variants:
  - name: chosen
    traffic: 100
    graph:
      name: rounded
      type: output-transformer
      image: "example/output-transformer{_DIGEST}"
      parameters: {{decimals: 1}}
      children:
        - name: scaled
          type: transformer
          image: "example/transformer{_DIGEST}"
          parameters: {{factor: 2}}
          children:
            - name: switch
              type: router
              image: "example/router{_DIGEST}"
              parameters: {{threshold: 10.0}}
              children:
                - name: small
                  type: model
                  image: "example/linear{_DIGEST}"
                  parameters: {{factor: 1.25}}
                - name: average
                  type: combiner
                  image: "example/combiner{_DIGEST}"
                  port: 8090
                  children:
                    - name: large
                      type: model
                      image: "example/linear{_DIGEST}"
                      parameters: {{factor: 100}}
                      ownPod: true
                    - name: larger
                      type: model
                      image: "example/linear{_DIGEST}"
                      parameters: {{factor: 200, bias: 1.0}}
"""


@pytest.fixture
def predictions(
    serving_cluster: LocalCluster, make_serving_namespace: MakeNamespace, tmp_path: Path
) -> Iterator[str]:
    """The address at which the deployment answers; it goes with the test."""
    namespace = make_serving_namespace("production")
    shop = Shop(tmp_path / "shop")
    shop.write(
        "environments/production/environment.yaml",
        f"""\
        namespace: {namespace}
        artifacts: [{{from: "mlflow-artifacts:/", to: "s3://mlflow/artifacts"}}]
        allow: {{images: ["example/*@sha256:*"]}}
        """,
    )
    shop.write("environments/production/deployments/cellar.yaml", DEPLOYMENT)
    shop.commit()
    ended = shop.run("sync", "production", "--wait", "2m", kubeconfig=serving_cluster.kubeconfig, timeout=200)
    assert ended.code == 0, f"{ended.out}\n{ended.err}"
    assert "; Current; " in ended.out
    yield f"{serving_cluster.fact('gateway')}/seldon/{namespace}/cellar/api/v1.0/predictions"
    objects = f"/apis/machinelearning.seldon.io/v1/namespaces/{namespace}/seldondeployments"
    serving_cluster.api.demand("DELETE", objects)


def ask(address: str, row: Sequence[float]) -> Mapping[str, Any]:
    """The answer to one row. The route may follow the operator's word a moment later."""
    body = {"data": {"ndarray": [list(row)]}, "meta": {}}
    until = time.monotonic() + _PATIENCE
    while True:
        answer = httpx.post(address, json=body, timeout=30, trust_env=False)
        if answer.status_code == 200 or time.monotonic() > until:
            assert answer.status_code == 200, answer.text
            said: Mapping[str, Any] = answer.json()
            return said
        time.sleep(0.5)


def test_each_request_goes_the_way_that_its_router_chooses(predictions: str) -> None:
    small = ask(predictions, [1.0, 2.0])
    assert small["data"]["ndarray"] == [[(1.0 + 2.0) * 2 * 1.25]]
    assert small["meta"]["routing"]["switch"] == 0

    large = ask(predictions, [10.0, 2.5])
    total = (10.0 + 2.5) * 2
    assert large["data"]["ndarray"] == [[round((total * 100 + total * 200 + 1.0) / 2, 1)]]
