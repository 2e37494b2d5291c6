"""Whether a Deployment has the form that the present spec calls for, or still one from before the last edit.

The operator never says which generation it has acted on. What it leaves behind does: the Deployment's own
template, and in the executor's environment a copy of the whole predictor as the operator read it
(seldondeployment_engine.go, ENGINE_PREDICTOR). Only what the operator takes over unchanged is compared, and
only that the spec's values are there: the operator and the API server add much.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.apply.health.wanted import Wanted, list_nodes
from reconciler.state.quantities import read_quantity

_ENGINE_COPY = "ENGINE_PREDICTOR"
_PARAMETERS = "PREDICTIVE_UNIT_PARAMETERS"
# Parts of a predictor that the operator rewrites before it makes the copy, or that are not in it: shares and
# replicas are zeroed, ports, probes' handlers and endpoints are its own.
_REWRITTEN = frozenset(
    {
        "traffic",
        "replicas",
        "explainer",
        "progressDeadlineSeconds",
        "metadata",
        "hpaSpec",
        "kedaSpec",
        "pdbSpec",
        "endpoint",
        "ports",
        "readinessProbe",
        "livenessProbe",
        "startupProbe",
        "type",
    }
)
_AMOUNTS = frozenset({"requests", "limits", "sizeLimit"})


def find_difference(
    spec: Mapping[str, Any], predictor: Mapping[str, Any], wanted: Wanted, deployment: Mapping[str, Any]
) -> str:
    """What the Deployment's spec does not have yet, as the end of "its Deployment …"; empty if nothing.

    `spec` is the SeldonDeployment's spec, `predictor` the one that `wanted` belongs to, `deployment` the
    Deployment's spec.
    """
    template: Mapping[str, Any] = deployment.get("template") or {}
    pod: Mapping[str, Any] = template.get("spec") or {}
    for initializer, uri in wanted.loads.items():
        loads = _find_loaded(pod, initializer)
        # The operator mounts a volume claim and rewrites its location.
        if not uri.startswith("pvc://") and loads != uri:
            return f"still loads {loads or 'nothing'}, not {uri}"
    replicas = int(deployment.get("replicas", 1))
    if wanted.replicas is not None and wanted.replicas != replicas:
        return f"still asks for {replicas} Pods, not {wanted.replicas}"
    if wanted.part == "":
        return next(_compare_form(spec, predictor, wanted.component, deployment), "")
    return ""


def _compare_form(
    spec: Mapping[str, Any],
    predictor: Mapping[str, Any],
    component: Mapping[str, Any],
    deployment: Mapping[str, Any],
) -> Iterator[str]:
    template: Mapping[str, Any] = deployment.get("template") or {}
    metadata: Mapping[str, Any] = template.get("metadata") or {}
    pod: Mapping[str, Any] = template.get("spec") or {}
    own: Mapping[str, Any] = component.get("metadata") or {}
    servers = {str(node.get("implementation") or "") for node in list_nodes(predictor.get("graph") or {})}
    asked: Mapping[str, Any] = component.get("spec") or {}
    # The operator replaces the images of TensorFlow's proxies.
    strip = frozenset({"image"}) if "TENSORFLOW_SERVER" in servers else frozenset()
    for kind, layers in (
        ("labels", (predictor.get("labels"), own.get("labels"))),
        ("annotations", (spec.get("annotations"), predictor.get("annotations"), own.get("annotations"))),
    ):
        merged = {key: value for layer in layers for key, value in (layer or {}).items()}
        if path := _find_missing(merged, metadata.get(kind) or {}, frozenset()):
            yield f"does not have its present {kind}.{path}"
    if bool(predictor.get("shadow")) != ("seldon.io/shadow" in (metadata.get("labels") or {})):
        yield "was made for the other role (shadow or not)"
    declared = predictor.get("progressDeadlineSeconds")
    if declared is not None and declared != deployment.get("progressDeadlineSeconds"):
        yield "does not have its present progressDeadlineSeconds"
    if path := _find_missing(asked, pod, _REWRITTEN | strip | {"securityContext"}):
        yield f"does not have its present {path}"
    seen = _read_copy(pod)
    if seen is not None and (path := _find_missing(predictor, seen, _REWRITTEN | strip)):
        yield f"does not have its present {path}"


def _find_loaded(pod: Mapping[str, Any], name: str) -> str:
    """What the Pod's model initializer is told to load: its first argument."""
    for initializer in pod.get("initContainers") or ():
        arguments = initializer.get("args") or ()
        if initializer.get("name") == name and arguments:
            return str(arguments[0])
    return ""


def _read_copy(pod: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The predictor as the operator read it when it made this template."""
    for container in pod.get("containers") or ():
        for variable in container.get("env") or ():
            if variable.get("name") != _ENGINE_COPY:
                continue
            try:
                copy = json.loads(base64.b64decode(str(variable.get("value") or ""), validate=True))
            except (binascii.Error, ValueError):
                return None
            return copy if isinstance(copy, dict) else None
    return None


def _find_missing(asked: Any, seen: Any, ignored: frozenset[str], *, amounts: bool = False) -> str:
    """The path of the first value in `asked` that is not in `seen`; empty where all are.

    Both are plain JSON. Among `amounts` values are compared as quantities.
    """
    if asked == seen:
        return ""
    if isinstance(asked, dict):
        for key, value in asked.items():
            # Go leaves out empty values when it writes.
            if key in ignored or not value:
                continue
            if not isinstance(seen, dict) or key not in seen:
                return str(key)
            if path := _find_missing(value, seen[key], ignored, amounts=amounts or key in _AMOUNTS):
                return str(key) if path == "." else f"{key}.{path}"
        return ""
    if isinstance(asked, list):
        return _find_missing_item(asked, seen if isinstance(seen, list) else [], ignored)
    return "" if amounts and _are_equal(asked, seen) else "."


def _find_missing_item(asked: list[Any], seen: list[Any], ignored: frozenset[str]) -> str:
    """Lists of named things are compared by name, since the operator adds to them; others by place."""
    for place, item in enumerate(asked):
        name = item.get("name") if isinstance(item, dict) else None
        if name is not None:
            if name == _PARAMETERS:
                continue
            same = [other for other in seen if isinstance(other, dict) and other.get("name") == name]
            # The operator appends variables without looking for one of that name.
            paths = [_find_missing(item, other, ignored) for other in same] or ["."]
        else:
            paths = [_find_missing(item, seen[place], ignored)] if place < len(seen) else ["."]
        if "" not in paths:
            label = str(name) if name is not None else str(place)
            return label if paths[0] == "." else f"{label}.{paths[0]}"
    return ""


def _are_equal(asked: Any, seen: Any) -> bool:
    """Whether two quantities are the same amount: the API server writes 1000m as 1."""
    try:
        return read_quantity(asked) == read_quantity(seen)
    except ValueError:
        return False
