"""What holds of a deployment's field where nothing says it, and who gives it that. Pure.

Of the operator: controllers/seldondeployment_controller.go, seldondeployment_engine.go and
constants/constants.go; its own environment may give others. Of KEDA: its reference of ScaledObject.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.policy.layers import MergedServing
from reconciler.policy.placed import PlacedContainer, PlacedDeployment, PlacedVariant
from reconciler.policy.servers import explainer_image, server_image
from reconciler.policy.settings import SERVING, VARIANT_FIELDS, is_of_container
from reconciler.resolve.serving import DEFAULT_FEWEST, DEFAULT_REPLICAS, DEFAULT_STARTUP
from reconciler.state.declarations import Platform
from reconciler.state.explanations import Default
from reconciler.state.ports import give_ports

_Given = tuple[str | int | None, str]
"""A value, and who gives it; without either there is none."""

_NOTHING: _Given = (None, "")
_OURS = "modelsync"
_OPERATOR = "Seldon's operator"
_KEDA = "KEDA"
_LIMITS = "the namespace's LimitRange, if it has one,"
_ORCHESTRATOR = f"{SERVING}.orchestrator.resources"
_OTHERS: Mapping[str, _Given] = {
    "serving.terminationGrace": ("20s", _OPERATOR),
    f"{_ORCHESTRATOR}.requests.cpu": ("0.5", _OPERATOR),
    f"{_ORCHESTRATOR}.requests.memory": ("512Mi", _OPERATOR),
    f"{_ORCHESTRATOR}.limits.cpu": ("0.5", _OPERATOR),
    f"{_ORCHESTRATOR}.limits.memory": ("512Mi", _OPERATOR),
    "serving.requestLogger.url": ("http://default-broker", _OPERATOR),
    "serving.storage.image": (None, f"{_OPERATOR}, by its ConfigMap seldon-config,"),
    "serving.storage.secret": (None, "the entry of artifacts: that covers the model's files"),
    "serving.scaling.poll": ("30s", _KEDA),
    "serving.scaling.cooldown": ("5m", _KEDA),
    "serving.serviceAccount": ("default", "Kubernetes"),
    "serving.priorityClass": (None, "the cluster's default PriorityClass, if it has one,"),
    **{
        f"serving.resources.{part}.{name}": (None, _LIMITS)
        for part in ("requests", "limits")
        for name in ("cpu", "memory")
    },
}
# Fields that mean something only where this is said, too.
_NEEDED: Mapping[str, str] = {
    "serving.requestLogger.url": "requestLogger",
    "serving.scaling.min": "scaling",
    "serving.scaling.poll": "scaling.triggers",
    "serving.scaling.cooldown": "scaling.triggers",
    "serving.explainer.image": "explainer",
    "serving.explainer.replicas": "explainer",
}


def find_defaults(placed: PlacedDeployment, field: str, platform: Platform) -> tuple[Default, ...]:
    """What holds for those variants (or nodes: `v5/scaler`) for which no layer says the field.

    Of a block those of its fields that others give a default. Variants whose layers cannot all be read are
    left out. `platform` is that of the cluster that is meant.
    """
    if field == SERVING:
        return ()
    below = tuple(
        default
        for known in _OTHERS
        if known.startswith(f"{field}.")
        for default in find_defaults(placed, known, platform)
        if default.origin
    )
    return below or tuple(_list_defaults(placed, field, platform))


def _list_defaults(placed: PlacedDeployment, field: str, platform: Platform) -> Iterator[Default]:
    found: dict[_Given, list[str]] = {}
    for variant in placed.variants:
        for subject, given in _list_unsaid(variant, field, platform):
            found.setdefault(given, []).append(subject)
    for (value, origin), subjects in found.items():
        yield Default(field=field, subjects=tuple(subjects), value=value, origin=origin)


def _list_unsaid(variant: PlacedVariant, field: str, platform: Platform) -> Iterator[tuple[str, _Given]]:
    if field in VARIANT_FIELDS:
        if getattr(variant.variant, field) is None:
            yield variant.predictor, (variant.predictor, _OURS) if field == "name" else _NOTHING
        return
    inner = field.removeprefix(f"{SERVING}.")
    of_container = is_of_container(field)
    for index, container in enumerate(variant.containers):
        merged = container.serving if of_container else variant.serving
        plain = variant.variant.graph is None or not of_container
        if not container.is_unread and merged.value(inner) is None:
            subject = variant.predictor if plain else f"{variant.predictor}/{container.name}"
            yield subject, _find_given(field, merged, index, container, platform)
        if not of_container:
            return


def _find_given(
    field: str, merged: MergedServing, index: int, container: PlacedContainer, platform: Platform
) -> _Given:
    serving = merged.serving
    if field in _NEEDED and merged.value(_NEEDED[field]) is None:
        return _NOTHING
    # The operator takes the orchestrator's resources whole, or its own.
    if field.startswith(f"{_ORCHESTRATOR}.") and merged.value("orchestrator.resources") is not None:
        return _NOTHING
    if field == "serving.replicas":
        return (DEFAULT_REPLICAS, _OURS) if serving.scaling is None else _NOTHING
    if field == "serving.explainer.image":
        protocol = container.serving.serving.protocol
        return _NOTHING if protocol is None else (explainer_image(protocol), _OURS)
    if field == "serving.image" and serving.server is not None and serving.protocol is not None:
        image = server_image(platform, serving.server, serving.protocol)
        own = serving.protocol in platform.servers.get(serving.server, {})
        return _NOTHING if image is None else (image, "platform.servers" if own else _OURS)
    ours: Mapping[str, str | int] = {
        "serving.startup": DEFAULT_STARTUP,
        "serving.port": give_ports(index).http,
        "serving.scaling.min": DEFAULT_FEWEST,
        "serving.explainer.replicas": DEFAULT_REPLICAS,
    }
    return (ours[field], _OURS) if field in ours else _OTHERS.get(field, _NOTHING)
