"""From MLflow's entities to this port's facts. Imports nothing of MLflow: entities are read by attribute."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

from reconciler.clients.registry.interface import (
    Alias,
    DatasetFacts,
    LoggedModelFacts,
    RunFacts,
    VersionFacts,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_LOGGED_MODEL = re.compile(r"models:/(m-[0-9a-f]{32})")
_CONTEXT_TAG = "mlflow.data.context"


def to_version(entity: Any) -> VersionFacts:
    """Facts of a `ModelVersion`."""
    return VersionFacts(
        name=entity.name,
        version=int(entity.version),
        status=entity.status,
        source=entity.source,
        run=entity.run_id or None,
        # An open-source server leaves model_id empty and says it in the source alone.
        logged_model=entity.model_id or find_logged_model(entity.source),
        created=format_time(entity.creation_timestamp),
        stage="" if entity.current_stage in (None, "None") else entity.current_stage,
        tags=dict(entity.tags),
    )


def to_aliases(entity: Any) -> tuple[Alias, ...]:
    """The aliases of a `RegisteredModel`."""
    return tuple(
        Alias(name=entity.name, alias=alias, version=int(version))
        for alias, version in entity.aliases.items()
    )


def to_logged_model(entity: Any) -> LoggedModelFacts:
    """Facts of a `LoggedModel`; of each metric the last value."""
    return LoggedModelFacts(
        id=entity.model_id,
        status=str(getattr(entity.status, "value", entity.status)),
        location=entity.artifact_location,
        run=entity.source_run_id or None,
        metrics=find_last_values(entity.metrics or ()),
        parameters=dict(entity.params or {}),
        tags=dict(entity.tags or {}),
    )


def to_run(entity: Any) -> RunFacts:
    """Facts of a `Run`."""
    return RunFacts(
        id=entity.info.run_id,
        name=entity.info.run_name or "",
        metrics=dict(entity.data.metrics),
        parameters=dict(entity.data.params),
        tags=dict(entity.data.tags),
        datasets=tuple(
            sorted(map(_to_dataset, entity.inputs.dataset_inputs), key=lambda d: (d.name, d.digest))
        ),
    )


def find_logged_model(source: str) -> str | None:
    """The logged model's id in `models:/m-…`, else None."""
    match = _LOGGED_MODEL.fullmatch(source)
    return match.group(1) if match else None


def format_time(milliseconds: int) -> str:
    """UTC in ISO 8601, with milliseconds: a version made anew a moment later has another time."""
    return (_EPOCH + timedelta(milliseconds=milliseconds)).strftime("%Y-%m-%dT%H:%M:%S.") + (
        f"{milliseconds % 1000:03d}Z"
    )


def find_last_values(metrics: Iterable[Any]) -> dict[str, float]:
    """Of each metric the value of the latest step; of equal steps the latest in time."""
    ordered = sorted(metrics, key=lambda metric: (metric.key, metric.step, metric.timestamp, metric.value))
    return {metric.key: float(metric.value) for metric in ordered}


def _to_dataset(entity: Any) -> DatasetFacts:
    context = next((tag.value for tag in entity.tags if tag.key == _CONTEXT_TAG), "")
    return DatasetFacts(name=entity.dataset.name, digest=entity.dataset.digest, context=context)
