"""Every shape that can be declared is taken by the real webhook and made by the real operator.

Each golden case is a repository; the real program syncs each of its targets into a namespace of its own and
waits until all is Current. What the operator must have made by then follows from the manifests, by the
operator's own names (its module v1.16.0: seldondeployment_types.go, controllers/istio.go, controllers/
ambassador/v2).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.pipeline.check import check_worktree
from reconciler.pipeline.review.offline import render_offline
from scripts.local_cluster import LocalCluster
from scripts.local_cluster.api import MERGE
from tests.conftest import MakeNamespace
from tests.support.shop import Shop

GOLDEN = Path(__file__).parents[1] / "golden"
NODE = "/api/v1/nodes/pretending"

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One target of a golden case; `cluster` is empty where the environment names none."""

    case: str
    environment: str
    cluster: str

    def __str__(self) -> str:
        return "-".join(part for part in (self.case, self.environment, self.cluster) if part)


def is_change(case: str) -> bool:
    """Whether a case is about what is said of a change; its shapes are those of other cases."""
    return (GOLDEN / case / "base").is_dir()


def find_places() -> Iterator[Place]:
    for file in sorted(GOLDEN.glob("*/input/environments/*/environment.yaml")):
        case, environment = file.parts[-5], file.parts[-2]
        if is_change(case):
            continue
        for cluster in yaml.safe_load(file.read_bytes()).get("clusters") or ("",):
            yield Place(case=case, environment=environment, cluster=cluster)


PLACES = tuple(find_places())

KINDS: Mapping[str, str] = {
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "DestinationRule": "/apis/networking.istio.io/v1alpha3/namespaces/{}/destinationrules",
    "HorizontalPodAutoscaler": "/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers",
    "Mapping": "/apis/getambassador.io/v2/namespaces/{}/mappings",
    "PodDisruptionBudget": "/apis/policy/v1/namespaces/{}/poddisruptionbudgets",
    "ScaledObject": "/apis/keda.sh/v1alpha1/namespaces/{}/scaledobjects",
    "SeldonDeployment": "/apis/machinelearning.seldon.io/v1/namespaces/{}/seldondeployments",
    "Service": "/api/v1/namespaces/{}/services",
    "VirtualService": "/apis/networking.istio.io/v1alpha3/namespaces/{}/virtualservices",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A golden case as a repository in git, and a namespace for one of its targets."""

    place: Place
    shop: Shop
    cluster: LocalCluster
    namespace: str

    def sync(self) -> str:
        """Run the real program on the target until all is decided; what it prints."""
        return self._run("sync", "--wait", "60s")

    def compare(self) -> str:
        """Compare all that is declared with all that is there; an error where anything is left to do."""
        return self._run("plan", "--live", "--detailed-exitcode")

    def _run(self, command: str, *options: str) -> str:
        chosen = ("--cluster", self.place.cluster) if self.place.cluster else ()
        ended = self.shop.run(
            command, self.place.environment, *chosen, *options, kubeconfig=self.cluster.kubeconfig
        )
        assert ended.code == 0, f"{ended.out}\n{ended.err}"
        return ended.out

    def render(self) -> tuple[Body, ...]:
        rendered = render_offline(
            check_worktree(self.shop.folder), self.place.environment, cluster=self.place.cluster, commit=""
        )
        assert rendered.notes == ()
        return tuple(dict(manifest.body) for manifest in rendered.manifests)

    def list(self, kind: str) -> Mapping[str, Body]:
        """The namespace's objects of a kind by name."""
        items = self.cluster.api.demand("GET", KINDS[kind].format(self.namespace))["items"]
        return {item["metadata"]["name"]: item for item in items}


@pytest.fixture
def stage(
    request: pytest.FixtureRequest,
    operator_cluster: LocalCluster,
    make_operator_namespace: MakeNamespace,
    tmp_path: Path,
) -> Iterator[Stage]:
    place: Place = request.param
    namespace = make_operator_namespace(place.environment)
    shop = Shop(tmp_path / "shop")
    shutil.rmtree(shop.folder / "models")
    shutil.copytree(GOLDEN / place.case / "input", shop.folder, dirs_exist_ok=True)
    file = shop.folder / "environments" / place.environment / "environment.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"(?m)^namespace: .*$", f"namespace: {namespace}", text), encoding="utf-8")
    shop.commit()
    yield Stage(place=place, shop=shop, cluster=operator_cluster, namespace=namespace)
    # Whatever the operator goes on writing to them (it never comes to rest beside autoscalers) ends here.
    operator_cluster.api.demand("DELETE", KINDS["SeldonDeployment"].format(namespace))


@pytest.mark.covers("T8")
@pytest.mark.parametrize("stage", PLACES, ids=str, indirect=True)
def test_what_is_declared_is_made_and_then_nothing_is_left_to_do(stage: Stage) -> None:
    manifests = stage.render()
    provide(stage, manifests)
    assert "; Current; " in stage.sync()

    served = [body for body in manifests if body["kind"] == "SeldonDeployment"]
    assert served
    for body in manifests:
        path = stage.cluster.api.path(
            body["apiVersion"], body["kind"], namespace=stage.namespace, name=body["metadata"]["name"]
        )
        live = stage.cluster.api.demand("GET", path)
        assert body["metadata"]["labels"].items() <= live["metadata"]["labels"].items()
    states = {name: body["status"]["state"] for name, body in stage.list("SeldonDeployment").items()}
    assert states == {body["metadata"]["name"]: "Available" for body in served}
    for kind, list_names in EXPECTED.items():
        expected = {name for body in served for name in list_names(body)}
        expected |= {body["metadata"]["name"] for body in manifests if body["kind"] == kind}
        assert set(stage.list(kind)) == expected, kind
    for body in served:
        assert read_weights(stage.list("VirtualService")[body["metadata"]["name"]]) == live_shares(body)
    images = read_images(stage.list("Deployment"))
    for body in served:
        for name, containers in list_pods(body):
            wanted = {container["name"]: container["image"] for container in containers}
            assert {key: images[name][key] for key in wanted} == wanted
    # What the API server, the webhook and the operator put beside it is no difference.
    stage.compare()


def test_every_golden_case_is_applied() -> None:
    cases = {path.parent.name for path in GOLDEN.glob("*/input")}
    assert {place.case for place in PLACES} == {case for case in cases if not is_change(case)}


def provide(stage: Stage, manifests: tuple[Body, ...]) -> None:
    """What Pods ask of their cluster: accounts, priorities, and a Node that they may come to."""
    for name in set(find_values(manifests, "serviceAccountName")):
        stage.cluster.api.apply(
            {
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {"name": name, "namespace": stage.namespace},
            }
        )
    for name in set(find_values(manifests, "priorityClassName")):
        stage.cluster.api.apply(
            {
                "apiVersion": "scheduling.k8s.io/v1",
                "kind": "PriorityClass",
                "metadata": {"name": name},
                "value": 1000,
            }
        )
    labels = dict(find_labels(manifests))
    if labels:
        stage.cluster.api.demand("PATCH", NODE, {"metadata": {"labels": labels}}, content_type=MERGE)


def find_labels(manifests: tuple[Body, ...]) -> Iterator[tuple[str, str]]:
    """Labels with which a Node is one that the Pods must or may come to."""
    for selector in find_values(manifests, "nodeSelector"):
        yield from selector.items()
    for affinity in find_values(manifests, "nodeAffinity"):
        for expressions in find_values(affinity, "matchExpressions"):
            for each in expressions:
                values = each.get("values") or ["yes"]
                yield each["key"], str(int(values[0]) + 1) if each["operator"] == "Gt" else values[0]


def find_values(value: Any, key: str) -> Iterator[Any]:
    """All that stands under a key, at any depth."""
    if isinstance(value, Mapping):
        for name, below in value.items():
            if name == key:
                yield below
            yield from find_values(below, key)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from find_values(item, key)


def list_predictors(body: Body) -> Iterator[tuple[str, Body]]:
    """The predictors, each with the name of its Service."""
    for predictor in body["spec"]["predictors"]:
        yield f"{body['metadata']['name']}-{predictor['name']}", predictor


def list_components(body: Body) -> Iterator[tuple[str, Body]]:
    """The component specs, each with the name of its Deployment."""
    for name, predictor in list_predictors(body):
        for index, component in enumerate(predictor["componentSpecs"]):
            containers = "-".join(container["name"] for container in component["spec"]["containers"])
            yield f"{name}-{index}-{containers}", component


def list_pods(body: Body) -> Iterator[tuple[str, list[Body]]]:
    for name, component in list_components(body):
        yield name, component["spec"]["containers"]


def list_explainers(body: Body) -> Iterator[str]:
    for name, predictor in list_predictors(body):
        if predictor.get("explainer"):
            yield f"{name}-explainer"


def list_deployments(body: Body) -> Iterator[str]:
    yield from (name for name, _ in list_components(body))
    yield from list_explainers(body)


def list_services(body: Body) -> Iterator[str]:
    for name, predictor in list_predictors(body):
        yield name
        for component in predictor["componentSpecs"]:
            yield from (f"{name}-{container['name']}" for container in component["spec"]["containers"])
    yield from list_explainers(body)


def list_rules(body: Body) -> Iterator[str]:
    yield from (name for name, _ in list_predictors(body))
    yield from list_explainers(body)


def list_virtual_services(body: Body) -> Iterator[str]:
    yield body["metadata"]["name"]
    yield from (f"{name}-http" for name in list_explainers(body))


def list_mappings(body: Body) -> Iterator[str]:
    for name in list_rules(body):
        for protocol in ("rest", "grpc"):
            yield f"seldon-{body['metadata']['namespace']}-{name}-{protocol}"


def list_with(block: str) -> Callable[[Body], Iterator[str]]:
    """Names of what the operator makes beside a Deployment for a block of its component spec."""
    return lambda body: (name for name, component in list_components(body) if block in component)


EXPECTED: Mapping[str, Callable[[Body], Iterator[str]]] = {
    "Deployment": list_deployments,
    "DestinationRule": list_rules,
    "HorizontalPodAutoscaler": list_with("hpaSpec"),
    "Mapping": list_mappings,
    "PodDisruptionBudget": list_with("pdbSpec"),
    "ScaledObject": list_with("kedaSpec"),
    "Service": list_services,
    "VirtualService": list_virtual_services,
}


def live_shares(body: Body) -> dict[str, int]:
    """Percent by the predictor's Service, without shadows and without what gets nothing."""
    return {
        name: predictor["traffic"]
        for name, predictor in list_predictors(body)
        if not predictor.get("shadow") and predictor["traffic"]
    }


def read_weights(virtual_service: Body) -> dict[str, int]:
    """Percent by Service, which all its routes must agree on."""
    found = []
    for route in virtual_service["spec"]["http"]:
        weights = {
            each["destination"]["host"].split(".")[0]: each.get("weight", 0) for each in route["route"]
        }
        found.append({name: weight for name, weight in weights.items() if weight})
    assert all(each == found[0] for each in found)
    return found[0]


def read_images(deployments: Mapping[str, Body]) -> Mapping[str, Mapping[str, str]]:
    """The images of each Deployment by container."""
    return {
        name: {each["name"]: each["image"] for each in body["spec"]["template"]["spec"]["containers"]}
        for name, body in deployments.items()
    }
