"""Desired state to manifests: pure, deterministic, and checked against the kind's own schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from reconciler.render.containers import (
    PROBE_PERIOD,
    Container,
    Node,
    group_containers,
    make_node,
    startup_budget,
)
from reconciler.render.digest import digest_manifest
from reconciler.render.explainers import explainer_of
from reconciler.render.labels import label_deployment
from reconciler.render.pods import disruption_of, orchestrator_of, scaling_of, scheduling_of
from reconciler.render.schema import check_body
from reconciler.render.templating import load_templates
from reconciler.state.annotations import KNOWN
from reconciler.state.desired import (
    DesiredExplainer,
    DesiredModel,
    DesiredNode,
    DesiredPods,
    DesiredVariant,
)
from reconciler.state.objects import (
    COMMIT_ANNOTATION,
    DIGEST_ANNOTATION,
    PRUNE_ANNOTATION,
    RECORDS_ANNOTATION,
    REGISTERED_MODEL_ANNOTATION,
    RUNS_ANNOTATION,
    SELDON_DEPLOYMENT,
    Body,
    Manifest,
    ObjectKey,
)
from reconciler.state.packing import pack
from reconciler.state.targets import Desired, DesiredDeployment

_SHAPES = 1024  # predictors that are kept rendered


@dataclass(frozen=True, slots=True, kw_only=True)
class _Predictor:
    """What the template needs to know of one variant; nothing of it depends on the other variants.

    `components` are the containers of each componentSpec. Of several the first gets the disruption budget,
    which counts the Pods of all; each of them scales.
    """

    name: str
    version: str
    shadow: bool
    replicas: int | None
    startup_budget: int
    graph: Node
    components: tuple[tuple[Container, ...], ...]
    service_account: str | None
    scheduling: Mapping[str, Any]
    scaling: Mapping[str, Any]
    disruption: Mapping[str, Any]
    orchestrator: Mapping[str, Any]
    explainer: Mapping[str, Any]


def render(desired: Desired, *, part_of: str, commit: str) -> tuple[Manifest, ...]:
    """The manifests of a target, sorted by name.

    `part_of` is the ApplySet ID of the target's parent; `commit` is the full hash of the revision, which
    goes into an annotation that no digest counts. Raises InvalidManifest if a manifest breaks the schema
    of its kind.
    """
    manifests = (_render_deployment(deployment, part_of, commit) for deployment in desired.deployments)
    return tuple(sorted(manifests, key=lambda manifest: manifest.key))


def _render_deployment(deployment: DesiredDeployment, part_of: str, commit: str) -> Manifest:
    key = ObjectKey(kind=SELDON_DEPLOYMENT, namespace=deployment.namespace, name=deployment.name)
    body = load_templates("seldon-v1").render(
        "seldondeployment.yaml.j2",
        {
            "name": deployment.name,
            "namespace": deployment.namespace,
            "labels": label_deployment(deployment, part_of),
            "annotations": _annotations(deployment),
            "pod_annotations": _select_annotations(deployment, on_pods=True),
            "protocol": deployment.protocol,
        },
    )
    predictors = [_render_predictor(variant) for variant in _put_live_first(deployment.variants)]
    body = {**body, "spec": {**body["spec"], "predictors": predictors}}
    check_body(deployment.id, body)
    digest = digest_manifest(body)
    return Manifest(
        key=key,
        deployment=deployment.name,
        body=pack(_annotate(body, {COMMIT_ANNOTATION: commit, DIGEST_ANNOTATION: digest})),
        digest=digest,
        adopt=deployment.adopt,
        policy=_ending(deployment),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """All of a variant but its share of requests: environments serve the same versions, and shares move."""

    predictor: str
    version: int | None
    shadow: bool
    graph: DesiredNode
    pods: DesiredPods
    explainer: DesiredExplainer | None

    def __hash__(self) -> int:
        # What differs most; mappings have no hash.
        return hash((self.predictor, self.version, self.graph.container.model))


def _render_predictor(variant: DesiredVariant) -> Body:
    """A predictor as it is written; not to be changed, since equal ones are one."""
    shape = _Shape(
        predictor=variant.predictor,
        version=variant.version,
        shadow=variant.shadow,
        graph=variant.graph,
        pods=variant.pods,
        explainer=variant.explainer,
    )
    body = _keep_shape(shape) if variant.is_plain else _render_shape(shape)
    return {**body, "traffic": variant.traffic}


def _render_shape(shape: _Shape) -> Body:
    predictors: Any = load_templates("seldon-v1").render(
        "predictor.yaml.j2", {"predictor": _predictor(shape), "probe_period": PROBE_PERIOD}
    )
    (predictor,) = predictors
    body: Body = predictor
    return body


_keep_shape = lru_cache(maxsize=_SHAPES)(_render_shape)


def _ending(deployment: DesiredDeployment) -> str:
    """How the object is to end, where that is not by being pruned."""
    return "" if deployment.on_delete == "prune" else deployment.on_delete


def _put_live_first(variants: tuple[DesiredVariant, ...]) -> tuple[DesiredVariant, ...]:
    """The first predictor's Service is the object's address, and Ambassador gives it what others leave."""
    return tuple(sorted(variants, key=lambda variant: variant.shadow))


def _annotations(deployment: DesiredDeployment) -> Mapping[str, str]:
    """Provenance stands on the object itself: the operator does not copy it to Pods."""
    models = sorted(
        {
            _name_model(model, deployment): model
            for variant in deployment.variants
            for model in variant.models()
        }.items(),
        key=lambda item: (item[1].folder != deployment.model, item[1].folder, item[1].version),
    )
    annotations = {
        REGISTERED_MODEL_ANNOTATION: deployment.registered_model,
        RECORDS_ANNOTATION: _join((name, model.digest) for name, model in models),
        RUNS_ANNOTATION: _join((name, model.run) for name, model in models if model.run),
        PRUNE_ANNOTATION: _ending(deployment),
    }
    own = {key: value for key, value in annotations.items() if value}
    return {**own, **_select_annotations(deployment, on_pods=False)}


def _select_annotations(deployment: DesiredDeployment, *, on_pods: bool) -> Mapping[str, str]:
    """The declared annotations that Pods must carry, or the others: those of Pods restart them."""
    return {
        key: _to_text(value)
        for key, value in sorted(deployment.annotations.items(), key=lambda item: item[0])
        if KNOWN[key].on_pods is on_pods
    }


def _to_text(value: bool | int | str) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _name_model(model: DesiredModel, deployment: DesiredDeployment) -> str:
    """`v5`, or `spirits/v5` where it is not the deployment's own model."""
    version = f"v{model.version}"
    return version if model.folder == deployment.model else f"{model.folder}/{version}"


def _join(facts: Iterable[tuple[str, str | None]]) -> str:
    return ",".join(f"{name}={fact}" for name, fact in facts)


def _predictor(shape: _Shape) -> _Predictor:
    pods = shape.pods
    return _Predictor(
        name=shape.predictor,
        version=shape.predictor if shape.version is None else str(shape.version),
        shadow=shape.shadow,
        replicas=pods.replicas,
        startup_budget=startup_budget(shape.graph),
        graph=make_node(shape.graph, pods.service_account),
        components=group_containers(shape.graph),
        service_account=pods.service_account,
        scheduling=scheduling_of(pods),
        scaling=scaling_of(pods),
        disruption=disruption_of(pods.disruption),
        orchestrator=orchestrator_of(pods, shape.graph),
        explainer={} if shape.explainer is None else explainer_of(shape.explainer),
    )


def _annotate(body: Body, annotations: Mapping[str, str]) -> dict[str, Any]:
    metadata = body["metadata"]
    return {**body, "metadata": {**metadata, "annotations": {**metadata["annotations"], **annotations}}}
