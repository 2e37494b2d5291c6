"""The labels that every object of ours carries."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.state.objects import ENVIRONMENT_LABEL, MANAGED_BY_LABEL, MODEL_LABEL, PART_OF_LABEL
from reconciler.state.targets import DesiredDeployment

MANAGER = "modelsync"


def label_deployment(deployment: DesiredDeployment, part_of: str) -> Mapping[str, str]:
    """The labels of a deployment's objects; `part_of` is the ApplySet ID of the target's parent."""
    return {
        ENVIRONMENT_LABEL: deployment.environment,
        MODEL_LABEL: deployment.model,
        PART_OF_LABEL: part_of,
        MANAGED_BY_LABEL: MANAGER,
    }
