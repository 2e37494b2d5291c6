"""Explainers in Seldon Core's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.render.pods import resources_of
from reconciler.render.quoting import quote
from reconciler.state.declarations import ExplainerType
from reconciler.state.desired import DesiredExplainer

_TYPES: Mapping[ExplainerType, str] = {
    "anchor-tabular": "AnchorTabular",
    "anchor-images": "AnchorImages",
    "anchor-text": "AnchorText",
    "counterfactuals": "Counterfactuals",
    "contrastive": "Contrastive",
    "kernel-shap": "KernelShap",
    "integrated-gradients": "IntegratedGradients",
    "ale": "ALE",
    "tree-shap": "TreeShap",
}


def explainer_of(explainer: DesiredExplainer) -> Mapping[str, Any]:
    """The predictor's `explainer`. Its container's name is the one that the operator would give it."""
    model = explainer.model
    container: dict[str, Any] = {"name": explainer.name, "image": explainer.image}
    resources = resources_of(explainer.requests, explainer.limits)
    if resources:
        container["resources"] = resources
    said: dict[str, Any] = {
        "type": _TYPES[explainer.type],
        "modelUri": model and model.uri,
        "envSecretRefName": model and model.secret,
        "storageInitializerImage": model and model.initializer,
        "serviceAccountName": explainer.service_account,
        "replicas": explainer.replicas,
        # The operator puts the text into a JSON text of its own.
        "initParameters": None if explainer.init_parameters is None else quote(explainer.init_parameters),
        "config": dict(explainer.config) or None,
        "containerSpec": container,
    }
    return {key: value for key, value in said.items() if value is not None}
