"""What of a run goes into a record: chosen by key, with secrets masked. All who read git read it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

from reconciler.clients.registry.interface import DatasetFacts, RunFacts, VersionDetails
from reconciler.state.declarations import Evidence
from reconciler.state.masking import MASK as MASK
from reconciler.state.masking import mask as mask

TAGS = (
    "mlflow.runName",
    "mlflow.source.git.branch",
    "mlflow.source.git.repoURL",
    "data.sha256",
    "validation*",
    "validated*",
    "approved*",
)
"""Tags that are recorded unless told otherwise: no user names, and no paths of somebody's machine."""

_TRAINING = "training"
_COMMIT = "mlflow.source.git.commit"
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")


def choose_evidence(details: VersionDetails, allowed: tuple[str, ...] = TAGS) -> Evidence:
    """Metrics, parameters, data, tags and commit of a version. `allowed` are patterns of tag keys (`*`).

    The logged model's own metrics and parameters come before the run's: a run may log several models.
    """
    run = details.run if isinstance(details.run, RunFacts) else None
    model = details.logged_model
    metrics = (model.metrics if model else {}) or (run.metrics if run else {})
    parameters = (model.parameters if model else {}) or (run.parameters if run else {})
    # What was said of the version itself comes last: it is the more specific.
    tags = {**(run.tags if run else {}), **details.facts.tags}
    return Evidence.model_validate(
        {
            "metrics": {name: value for name, value in sorted(metrics.items()) if math.isfinite(value)},
            "parameters": {name: to_value(mask(name, value)) for name, value in sorted(parameters.items())},
            "dataset": _choose_dataset(run.datasets if run else ()),
            "tags": {key: mask(key, tags[key]) for key in sorted(tags) if is_allowed(key, allowed)},
            "commit": tags.get(_COMMIT) or (model.tags.get(_COMMIT) if model else None),
        }
    )


def is_allowed(key: str, patterns: tuple[str, ...]) -> bool:
    """Whether a tag's key fits one of the patterns."""
    return any(fnmatchcase(key, pattern) for pattern in patterns)


def to_value(text: str) -> str | int | float:
    """A number where the text is exactly how that number is written, else the text."""
    if _INTEGER.fullmatch(text):
        return int(text)
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) and repr(number) == text else text


def _choose_dataset(datasets: tuple[DatasetFacts, ...]) -> Mapping[str, str] | None:
    """Of several datasets the one that metrics were measured on, where only one can be meant; else the one
    that was trained on, or the first by name and digest."""
    if not datasets:
        return None
    measured = {data.digest for data in datasets if data.context != _TRAINING}
    trained = len(measured) != 1
    chosen = min(datasets, key=lambda data: ((data.context == _TRAINING) != trained, data.name, data.digest))
    said = {"name": chosen.name, "digest": chosen.digest, "context": chosen.context}
    return {key: value for key, value in said.items() if value}
