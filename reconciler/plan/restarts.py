"""What a change does to the Pods that serve now. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from reconciler.plan.capacity import strip_predictor
from reconciler.state.objects import PREFIX, Body


class PodFate(str, Enum):
    """What happens to a predictor's Pods; `KEPT` ones are not touched, whatever share they take."""

    STARTED = "started"
    REPLACED = "replaced"
    SCALED = "scaled"
    STOPPED = "stopped"
    KEPT = "kept"


def find_fates(old: Body | None, new: Body | None) -> Mapping[str, PodFate]:
    """The fate of each predictor's Pods between two bodies of one SeldonDeployment; None: there is none.

    What belongs to the deployment as a whole, such as its protocol, is in every predictor's Pods.
    """
    before, after = _predictors(old), _predictors(new)
    shared = _shared(old) == _shared(new)
    fates = {}
    for name in dict.fromkeys((*after, *before)):
        if name not in before:
            fates[name] = PodFate.STARTED
        elif name not in after:
            fates[name] = PodFate.STOPPED
        elif not shared or strip_predictor(before[name]) != strip_predictor(after[name]):
            fates[name] = PodFate.REPLACED
        elif _scale(before[name]) != _scale(after[name]):
            fates[name] = PodFate.SCALED
        else:
            fates[name] = PodFate.KEPT
    return fates


def _predictors(body: Body | None) -> dict[str, Mapping[str, Any]]:
    items = ((body or {}).get("spec") or {}).get("predictors") or ()
    return {str(item.get("name", "")): item for item in items}


def _shared(body: Body | None) -> object:
    body = body or {}
    spec = {key: value for key, value in (body.get("spec") or {}).items() if key != "predictors"}
    annotations = (body.get("metadata") or {}).get("annotations") or {}
    return spec, {key: value for key, value in annotations.items() if not key.startswith(f"{PREFIX}/")}


def _scale(predictor: Mapping[str, Any]) -> object:
    """How many Pods there are to be, and what decides it."""
    kinds = ("replicas", "hpaSpec", "kedaSpec")
    specs = predictor.get("componentSpecs") or ()
    return predictor.get("replicas"), [[spec.get(kind) for kind in kinds] for spec in specs]
