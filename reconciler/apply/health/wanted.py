"""The Deployments that a SeldonDeployment calls for, by the operator's own rules.

Source: the operator's module at v1.16.0: apis/machinelearning.seldon.io/v1/seldondeployment_types.go (names),
defaults.go (containers that it adds), controllers/seldondeployment_controller.go (createComponents),
seldondeployment_prepackaged_servers.go, seldondeployment_explainers.go and seldondeployment_engine.go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.policy.naming import NAME_LIMIT
from reconciler.state.objects import INITIALIZER, LiveObject

DEFAULT_STARTUP = 600
"""Seconds until a Deployment that says nothing of it is given up (apps/v1, progressDeadlineSeconds)."""

_SEPARATE_ENGINE = "seldon.io/engine-separate-pod"
_NO_ENGINE = "seldon.io/no-engine"
_NO_INITIALIZER = "seldon.io/no-storage-initializer"
_TENSORFLOW, _TRITON = "TENSORFLOW_SERVER", "TRITON_SERVER"
_TENSORFLOW_CONTAINER = "tfserving"
# Implementations for which the operator starts no model server.
_PLAIN = frozenset(
    {
        "",
        "UNKNOWN_IMPLEMENTATION",
        "SIMPLE_MODEL",
        "SIMPLE_ROUTER",
        "RANDOM_ABTEST",
        "AVERAGE_COMBINER",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One Deployment that the operator must make for a predictor.

    `names` holds its possible names: more than one where the operator's settings decide how a long one is
    shortened. `part` says what it is for if it is not the model (`explainer`, `orchestrator`). `replicas`
    is None where somebody else scales it, or nobody says. `loads` maps its model initializers to the
    locations that they must load. `component` is its componentSpec, empty where the operator writes it alone.
    """

    predictor: str
    names: tuple[str, ...]
    startup: int
    part: str = ""
    replicas: int | None = None
    loads: Mapping[str, str]
    component: Mapping[str, Any]


def find_wanted(live: LiveObject) -> tuple[tuple[Mapping[str, Any], tuple[Wanted, ...]], ...]:
    """Each predictor of the spec, in its order, with the Deployments that it calls for."""
    spec: Mapping[str, Any] = live.body.get("spec") or {}
    return tuple(
        (predictor, tuple(_find_for(live.key.name, spec, predictor)))
        for predictor in spec.get("predictors") or ()
    )


def find_startup(predictor: Mapping[str, Any]) -> int:
    """The seconds in which the predictor's Deployments must get on: its declared start-up, as rendered."""
    seconds = predictor.get("progressDeadlineSeconds")
    return seconds if isinstance(seconds, int) and seconds > 0 else DEFAULT_STARTUP


def list_nodes(graph: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The graph's nodes, a parent before its children."""
    yield graph
    for child in graph.get("children") or ():
        yield from list_nodes(child)


def is_prepackaged(node: Mapping[str, Any]) -> bool:
    """Whether the operator starts a model server for this node (prepack.go, IsPrepack)."""
    return str(node.get("implementation") or "") not in _PLAIN


def _find_for(sdep: str, spec: Mapping[str, Any], predictor: Mapping[str, Any]) -> Iterator[Wanted]:
    name = str(predictor.get("name", ""))
    startup = find_startup(predictor)
    annotations: Mapping[str, Any] = predictor.get("annotations") or {}
    has_engine = str(annotations.get(_NO_ENGINE, "")).lower() != "true"
    if has_engine and str((spec.get("annotations") or {}).get(_SEPARATE_ENGINE, "")).lower() == "true":
        orchestrator: Mapping[str, Any] = predictor.get("svcOrchSpec") or {}
        yield Wanted(
            predictor=name,
            names=_shorten(f"{sdep}-{name}-svc-orch", sdep),
            part="orchestrator",
            replicas=_first(orchestrator, predictor, spec),
            # The operator sets no deadline of its own here.
            startup=max(startup, DEFAULT_STARTUP),
            loads={},
            component={},
        )
    for index, (component, containers) in enumerate(_list_components(predictor)):
        if not containers:
            continue
        title = str((component.get("metadata") or {}).get("name") or "-".join(containers))
        scaled = component.get("kedaSpec") or component.get("hpaSpec")
        yield Wanted(
            predictor=name,
            names=_shorten(f"{sdep}-{name}-{index}-{title}", sdep),
            replicas=None if scaled else _first(component, predictor, spec),
            startup=startup,
            loads=dict(_find_loads(spec, predictor, containers)),
            component=component,
        )
    explainer: Mapping[str, Any] = predictor.get("explainer") or {}
    if explainer.get("type"):
        names = _shorten(f"{sdep}-{name}-explainer", sdep)
        container = str((explainer.get("containerSpec") or {}).get("name") or names[0])
        uri = str(explainer.get("modelUri") or "")
        # A predictor without Pods has no use for explanations; else only the explainer's own number counts.
        replicas = 0 if _first(predictor, spec) == 0 else _first(explainer)
        yield Wanted(
            predictor=name,
            names=names,
            part="explainer",
            replicas=replicas,
            startup=startup,
            loads={name_initializer(container): uri} if uri else {},
            component={},
        )


def name_initializer(container: str) -> str:
    """The name of the init container that loads a container's model."""
    return f"{container}{INITIALIZER}"[:NAME_LIMIT].removesuffix("-")


def _list_components(
    predictor: Mapping[str, Any],
) -> tuple[tuple[Mapping[str, Any], tuple[str, ...]], ...]:
    """The componentSpecs with the names of their containers: the operator gives each model server that no
    componentSpec has a container for one in the first of them.
    """
    declared: Sequence[Mapping[str, Any]] = predictor.get("componentSpecs") or ()
    components = [(component or {}, _name_containers(component or {})) for component in declared] or [
        ({}, [])
    ]
    named = {name for _, names in components for name in names}
    for node in list_nodes(predictor.get("graph") or {}):
        name = str(node.get("name", ""))
        if is_prepackaged(node) and name not in named:
            components[0][1].append(name)
            named.add(name)
    return tuple((component, tuple(names)) for component, names in components)


def _name_containers(component: Mapping[str, Any]) -> list[str]:
    containers = (component.get("spec") or {}).get("containers") or ()
    return [str(container.get("name", "")) for container in containers]


def _find_loads(
    spec: Mapping[str, Any], predictor: Mapping[str, Any], containers: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    """The initializers of the model servers among these containers, and what they load."""
    lazy = str((spec.get("annotations") or {}).get(_NO_INITIALIZER, "")).lower() == "true"
    for node in list_nodes(predictor.get("graph") or {}):
        name, uri = str(node.get("name", "")), str(node.get("modelUri") or "")
        server = str(node.get("implementation") or "")
        if name not in containers or not uri or not is_prepackaged(node) or (lazy and server == _TRITON):
            continue
        # Unless clients speak TensorFlow's protocol, the node's container is a proxy and another one loads.
        proxied = server == _TENSORFLOW and spec.get("protocol") != "tensorflow"
        yield name_initializer(_TENSORFLOW_CONTAINER if proxied else name), uri


def _first(*holders: Mapping[str, Any]) -> int | None:
    """The number of replicas that the most specific of them gives."""
    for holder in holders:
        if isinstance(replicas := holder.get("replicas"), int):
            return replicas
    return None


def _shorten(name: str, sdep: str) -> tuple[str, ...]:
    if len(name) <= NAME_LIMIT:
        return (name,)
    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    # The second form where the operator runs with DEPLOYMENT_NAME_AS_PREFIX and it is short enough.
    return (f"seldon-{digest}", f"{sdep}-{digest}")
