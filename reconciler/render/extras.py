"""Organisation manifests: the templates in `extras/`, rendered for each deployment. Pure.

A template belongs to the environment's owners, so what it gives is judged like a declaration: a fault is a
finding in the template, and the deployment that it is about is left as it was last applied.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.render.digest import digest_manifest
from reconciler.render.documents import Unreadable, read_documents
from reconciler.render.extra_bodies import check_body
from reconciler.render.labels import label_deployment
from reconciler.render.sandbox import TemplateFailed, find_words, run_template
from reconciler.state.documents import Location
from reconciler.state.extras import RENDERED, UNIQUE, ExtraTemplate
from reconciler.state.findings import Finding, Grade, sort_findings
from reconciler.state.objects import (
    COMMIT_ANNOTATION,
    DEPLOYMENT_LABEL,
    DIGEST_ANNOTATION,
    EXTRA_KINDS,
    Body,
    Kind,
    Manifest,
    ObjectKey,
)
from reconciler.state.packing import pack
from reconciler.state.targets import Desired, DesiredDeployment, Fault

_KINDS: Mapping[str, Kind] = {kind.name: kind for kind in EXTRA_KINDS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """The extras of a target, sorted by key; a deployment with a fault has none."""

    manifests: tuple[Manifest, ...]
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rendered:
    """An object that a template gave for a deployment, not yet known to be the only one of its name."""

    manifest: Manifest
    template: ExtraTemplate


def render_extras(desired: Desired, *, part_of: str, commit: str) -> Extras:
    """What all templates of a target give for all its deployments.

    `part_of` and `commit` are those of `render`. Nothing is raised: what is wrong with a template is a
    finding of the deployments that it is wrong for.
    """
    rendered: list[_Rendered] = []
    found: dict[str, list[Finding]] = defaultdict(list)
    for deployment in desired.deployments:
        labels = {**label_deployment(deployment, part_of), DEPLOYMENT_LABEL: deployment.name}
        for template in desired.extras:
            bodies, findings = _render(template, deployment, labels, desired.extra_kinds)
            found[deployment.name] += findings
            rendered += (
                _Rendered(manifest=_finish(body, deployment, labels, commit), template=template)
                for body in bodies
            )
    for name, finding in _find_repeats(rendered):
        found[name].append(finding)
    faults = tuple(
        Fault(deployment=name, findings=sort_findings(findings))
        for name, findings in sorted(found.items())
        if findings
    )
    faulty = {fault.deployment for fault in faults}
    manifests = (item.manifest for item in rendered if item.manifest.deployment not in faulty)
    return Extras(manifests=tuple(sorted(manifests, key=lambda one: one.key)), faults=faults)


def find_values(deployment: DesiredDeployment, labels: Mapping[str, str]) -> Mapping[str, Any]:
    """What a template may name; a shadow's `traffic` is the percentage of requests that is mirrored to it."""
    return {
        "environment": deployment.environment,
        "deployment": deployment.name,
        "namespace": deployment.namespace,
        "model": deployment.model,
        "labels": dict(labels),
        "variants": [
            {
                "predictor": variant.predictor,
                "version": variant.version,
                "traffic": variant.traffic,
                "shadow": variant.shadow,
            }
            for variant in deployment.variants
        ],
    }


def _render(
    template: ExtraTemplate,
    deployment: DesiredDeployment,
    labels: Mapping[str, str],
    kinds: tuple[str, ...],
) -> tuple[tuple[Body, ...], tuple[Finding, ...]]:
    try:
        text = run_template(template, find_values(deployment, labels))
    except TemplateFailed as failure:
        return (), (_refuse(failure.location, f"{template.file} cannot be rendered: {failure.detail}."),)
    try:
        bodies = read_documents(text)
    except Unreadable as error:
        shown = text.split("\n")[error.line - 1].strip()
        message = (
            f"{deployment.id}: line {error.line} of what the template gives cannot be read: {error.detail}. "
            f"It is: {shown}"
        )
        return (), (_refuse(find_words(template, shown, shown.partition(":")[0]), message),)
    findings = [
        finding
        for body in bodies
        for finding in check_body(body, deployment=deployment, template=template, labels=labels, kinds=kinds)
    ]
    return (() if findings else bodies), tuple(findings)


def _finish(
    body: Mapping[str, Any], deployment: DesiredDeployment, labels: Mapping[str, str], commit: str
) -> Manifest:
    """The object with what modelsync gives to all of its own; the body has passed `check_body`."""
    given = body["metadata"]
    metadata = {
        "name": given["name"],
        "namespace": deployment.namespace,
        "labels": {**(given.get("labels") or {}), **labels},
        "annotations": dict(given.get("annotations") or {}),
    }
    rest = {key: value for key, value in body.items() if key not in ("apiVersion", "kind", "metadata")}
    whole: dict[str, Any] = {
        "apiVersion": body["apiVersion"],
        "kind": body["kind"],
        "metadata": metadata,
        **rest,
    }
    digest = digest_manifest(whole)
    metadata["annotations"] |= {COMMIT_ANNOTATION: commit, DIGEST_ANNOTATION: digest}
    return Manifest(
        key=ObjectKey(kind=_KINDS[body["kind"]], namespace=deployment.namespace, name=given["name"]),
        deployment=deployment.name,
        body=pack(whole),
        digest=digest,
        adopt=deployment.adopt,
    )


def _find_repeats(rendered: list[_Rendered]) -> list[tuple[str, Finding]]:
    """A finding for each object that another one of the target overwrites, with its deployment's name."""
    by_key: dict[ObjectKey, list[_Rendered]] = defaultdict(list)
    for item in rendered:
        by_key[item.manifest.key].append(item)
    return [
        (item.manifest.deployment, _refuse_repeat(item, next(other for other in items if other is not item)))
        for items in by_key.values()
        for item in items
        if len(items) > 1
    ]


def _refuse_repeat(item: _Rendered, other: _Rendered) -> Finding:
    environment = item.template.file.split("/")[1]
    same = item.manifest.deployment == other.manifest.deployment
    made = f"by {other.template.file}" if same else f"for {environment}/{other.manifest.deployment}"
    return Finding(
        rule=UNIQUE,
        grade=Grade.HARD,
        location=find_words(item.template, item.manifest.key.name, "name:"),
        message=(
            f"{environment}/{item.manifest.deployment}: {item.manifest.key} is also made {made}; "
            "they would overwrite each other."
        ),
        advice="Give it a name of its own: the deployment's, a dash, and what it is for.",
    )


def _refuse(location: Location, message: str) -> Finding:
    return Finding(rule=RENDERED, grade=Grade.HARD, location=location, message=message)
