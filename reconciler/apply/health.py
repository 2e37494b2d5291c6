"""Health of a SeldonDeployment, decided from its Deployments. Pure.

`status.state` alone is never believed: the operator never sets observedGeneration, so that after an edit
the old state stands until its next pass (seldon-core operator, seldondeployment_controller.go). What is
believed are the Deployments that the operator makes: their names follow from the spec, they carry their
own observed generation, and their init container's argument says which model is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.policy.naming import derived_names
from reconciler.state.objects import Body, LiveObject, Manifest
from reconciler.state.observations import Health, HealthWord, Observation

_INITIALIZER = "-model-initializer"
_CONTAINER_LIMIT = 63
_EXTRAS = ("-explainer", "-svc-orch")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Expected:
    """A Deployment that the operator must make; `uri` is what its model initializer must load, if any."""

    predictor: str
    name: str
    container: str
    uri: str


def assess_all(manifests: tuple[Manifest, ...], observation: Observation) -> tuple[Health, ...]:
    """The health of each declared object, in the manifests' order."""
    live = {item.key: item for item in observation.objects}
    return tuple(
        assess(live[manifest.key], observation.workloads)
        if manifest.key in live
        else Health(key=manifest.key, word=HealthWord.NOT_FOUND, reason="not in the cluster")
        for manifest in manifests
    )


def assess(live: LiveObject, workloads: tuple[LiveObject, ...]) -> Health:
    """The health of one live SeldonDeployment; `workloads` are Deployments of its namespace.

    Current only when each Deployment that its spec calls for exists, has been seen by its controller in
    its present form, is complete and available, and loads the model that the spec names, no other one
    is left, and the operator says Available. Failed when such a Deployment gave up, or the operator says
    so of the present set. InProgress otherwise, with the reason.
    """
    if live.deleting:
        return Health(key=live.key, word=HealthWord.TERMINATING, reason="is being deleted")
    children = {item.key.name: item for item in workloads if _is_owned_by(item, live.uid)}
    expected = tuple(_expect(live))
    for want in expected:
        if want.name in children and (why := _find_failure(children[want.name].body)):
            return _health(live, HealthWord.FAILED, f"{want.predictor}: {why}")
    status: Mapping[str, Any] = live.body.get("status") or {}
    state = str(status.get("state") or "")
    if not state:
        return _health(live, HealthWord.IN_PROGRESS, "the Seldon operator has not answered yet")
    said = _say_state(state, str(status.get("description") or ""))
    unready = [why for want in expected if (why := _find_lack(want, children.get(want.name)))]
    if unready:
        # The operator's word counts only once it speaks of this set of Deployments.
        speaks = {want.name for want in expected} <= set(status.get("deploymentStatus") or {})
        if state == "Failed" and speaks:
            return _health(live, HealthWord.FAILED, f"{said} ({'; '.join(unready)})")
        told = f" ({said})" if state == "Failed" else ""
        return _health(live, HealthWord.IN_PROGRESS, f"{'; '.join(unready)}{told}")
    left = sorted(name for name in children if not _is_expected(name, expected))
    if left:
        return _health(live, HealthWord.IN_PROGRESS, f"the operator has not removed {', '.join(left)} yet")
    if state != "Available":
        return _health(live, HealthWord.IN_PROGRESS, said)
    return Health(key=live.key, word=HealthWord.CURRENT)


def _expect(live: LiveObject) -> Iterator[_Expected]:
    for predictor in (live.body.get("spec") or {}).get("predictors") or ():
        name = str(predictor.get("name", ""))
        graph: Mapping[str, Any] = predictor.get("graph") or {}
        specs = predictor.get("componentSpecs") or ()
        containers = ((specs[0] or {}).get("spec") or {}).get("containers") or () if specs else ()
        names = [str(container.get("name", "")) for container in containers] or [str(graph.get("name", ""))]
        yield _Expected(
            predictor=name,
            name=derived_names(live.key.name, name, "-".join(names)).workload,
            container=str(graph.get("name", "")),
            uri=str(graph.get("modelUri") or ""),
        )


def _find_failure(workload: Body) -> str:
    for condition in (workload.get("status") or {}).get("conditions") or ():
        if condition.get("type") == "Progressing" and condition.get("status") == "False":
            reason = str(condition.get("reason") or "not progressing")
            message = str(condition.get("message") or "")
            return f"{reason}: {message}" if message else reason
    return ""


def _find_lack(want: _Expected, workload: LiveObject | None) -> str:
    """What is missing until this Deployment counts; empty if nothing is."""
    if workload is None:
        return f"{want.predictor}: the operator has not made its Deployment yet"
    spec: Mapping[str, Any] = workload.body.get("spec") or {}
    status: Mapping[str, Any] = workload.body.get("status") or {}
    if int(status.get("observedGeneration") or 0) < workload.generation:
        return f"{want.predictor}: its Deployment's last change was not seen yet"
    loads = _find_loaded(spec, want.container)
    # The operator mounts a volume claim and rewrites its location.
    if want.uri and not want.uri.startswith("pvc://") and loads != want.uri:
        return f"{want.predictor}: its Deployment still loads {loads or 'nothing'}, not {want.uri}"
    wanted = int(spec.get("replicas", 1))
    updated = int(status.get("updatedReplicas") or 0)
    available = int(status.get("availableReplicas") or 0)
    total = int(status.get("replicas") or 0)
    if wanted == updated == available == total:
        return ""
    surplus = f", {total - wanted} too many" if total > wanted else ""
    return f"{want.predictor}: {min(updated, available)} of {wanted} Pods ready{surplus}"


def _find_loaded(spec: Mapping[str, Any], container: str) -> str:
    """What the Pod's model initializer is told to load: its first argument."""
    name = f"{container}{_INITIALIZER}"[:_CONTAINER_LIMIT]
    for initializer in ((spec.get("template") or {}).get("spec") or {}).get("initContainers") or ():
        arguments = initializer.get("args") or ()
        if initializer.get("name") == name and arguments:
            return str(arguments[0])
    return ""


def _is_expected(name: str, expected: tuple[_Expected, ...]) -> bool:
    return any(want.name == name for want in expected) or name.endswith(_EXTRAS)


def _is_owned_by(workload: LiveObject, uid: str) -> bool:
    references = (workload.body.get("metadata") or {}).get("ownerReferences") or ()
    return any(reference.get("uid") == uid for reference in references)


def _say_state(state: str, description: str) -> str:
    return f"the operator says {state}: {description}" if description else f"the operator says {state}"


def _health(live: LiveObject, word: HealthWord, reason: str) -> Health:
    return Health(key=live.key, word=word, reason=reason)
