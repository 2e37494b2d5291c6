"""Desired state to manifests: pure, deterministic, and checked against the kind's own schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.render.digest import digest_manifest
from reconciler.render.labels import label_deployment
from reconciler.render.schema import check_body
from reconciler.render.servers import Backend, find_backend
from reconciler.render.templating import load_templates
from reconciler.state.objects import (
    COMMIT_ANNOTATION,
    DIGEST_ANNOTATION,
    RECORDS_ANNOTATION,
    REGISTERED_MODEL_ANNOTATION,
    RUNS_ANNOTATION,
    SELDON_DEPLOYMENT,
    Body,
    Manifest,
    ObjectKey,
)
from reconciler.state.targets import Desired, DesiredDeployment, DesiredVariant

_PROBE_PERIOD = 5  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class _Predictor:
    """What the template needs to know of one variant; nothing of it depends on the other variants."""

    name: str
    version: str
    traffic: int
    shadow: bool
    replicas: int
    startup_failures: int
    startup_budget: int
    backend: Backend
    model_uri: str
    secret: str | None
    service_account: str | None
    image: str
    env: tuple[tuple[str, str], ...]
    requests: Mapping[str, str]
    limits: Mapping[str, str]


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
            "protocol": deployment.protocol,
            # Clients name the graph's node in the URL, so it is the same whichever version answers.
            "container": deployment.model,
            "predictors": tuple(_predictor(variant) for variant in deployment.variants),
            "probe_period": _PROBE_PERIOD,
        },
    )
    check_body(deployment.id, body)
    digest = digest_manifest(body)
    return Manifest(
        key=key,
        deployment=deployment.name,
        body=_annotate(body, {COMMIT_ANNOTATION: commit, DIGEST_ANNOTATION: digest}),
        digest=digest,
        adopt=deployment.adopt,
    )


def _annotations(deployment: DesiredDeployment) -> Mapping[str, str]:
    """Provenance stands on the object itself: the operator does not copy it to Pods."""
    versions = sorted({variant.version: variant for variant in deployment.variants}.items())
    annotations = {
        REGISTERED_MODEL_ANNOTATION: deployment.registered_model,
        RECORDS_ANNOTATION: _join((version, variant.digest) for version, variant in versions),
        RUNS_ANNOTATION: _join((version, variant.run) for version, variant in versions if variant.run),
    }
    return {key: value for key, value in annotations.items() if value}


def _join(facts: Iterable[tuple[int, str | None]]) -> str:
    return ",".join(f"v{version}={fact}" for version, fact in facts)


def _predictor(variant: DesiredVariant) -> _Predictor:
    serving = variant.serving
    backend = find_backend(serving.server, serving.protocol)
    # Ours comes last: answers must be attributed to the version that gave them.
    own = {"MLSERVER_MODEL_VERSION": str(variant.version)} if backend.takes_version else {}
    failures = max(1, -(-serving.startup // _PROBE_PERIOD))
    return _Predictor(
        name=variant.predictor,
        version=str(variant.version),
        traffic=variant.traffic,
        shadow=variant.shadow,
        replicas=serving.replicas,
        startup_failures=failures,
        # A Deployment must not be given up before its Pod's probe has been.
        startup_budget=failures * _PROBE_PERIOD,
        backend=backend,
        model_uri=variant.model_uri,
        secret=variant.secret,
        service_account=serving.service_account,
        image=serving.image,
        env=tuple(sorted({**serving.env, **own}.items())),
        requests=dict(serving.requests),
        limits=dict(serving.limits),
    )


def _annotate(body: Body, annotations: Mapping[str, str]) -> dict[str, Any]:
    metadata = body["metadata"]
    return {**body, "metadata": {**metadata, "annotations": {**metadata["annotations"], **annotations}}}
