"""Numbers and standing in a record, as plain values and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, TypeVar

from reconciler.observe.items import decode_shares, encode_shares
from reconciler.observe.texts import (
    Unreadable,
    read_mapping,
    read_moment,
    read_text,
    read_time,
    read_typed,
    write_time,
)
from reconciler.state.figures import (
    DeploymentStanding,
    ExceptionInForce,
    ExceptionKind,
    RequestCount,
    RunFailure,
    RunFigures,
    Standing,
)
from reconciler.state.inventory import GoodSet
from reconciler.state.observations import HealthWord
from reconciler.state.plans import Action

Word = TypeVar("Word", bound=Enum)


def encode_figures(figures: RunFigures) -> dict[str, Any]:
    """Numbers of a run."""
    return {
        "finished": write_time(figures.finished),
        "outcome": figures.outcome,
        "seconds": round(figures.seconds, 3),
        "succeeded": write_time(figures.succeeded),
        "objects": {action.value: count for action, count in figures.objects},
        "requests": [[item.method, item.status, item.count] for item in sorted(figures.requests)],
    }


def decode_figures(item: Mapping[str, Any]) -> RunFigures:
    """The numbers of `encode_figures`. Raises Unreadable."""
    seconds = item.get("seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise Unreadable
    objects = read_mapping(item.get("objects"))
    return RunFigures(
        finished=read_moment(item.get("finished")),
        outcome=read_typed(item, "outcome", int),
        seconds=float(seconds),
        succeeded=read_time(read_text(item, "succeeded")),
        objects=tuple((_read_word(Action, name), read_typed(objects, name, int)) for name in objects),
        requests=tuple(_decode_request(entry) for entry in read_typed(item, "requests", list)),
    )


def encode_standing(standing: Standing) -> dict[str, Any]:
    """How the target stands, but for its deployments."""
    return {
        "drift": standing.drift,
        "held": standing.held,
        "ingress": standing.ingress,
        "exceptions": [
            {
                "kind": item.kind.value,
                "deployment": item.deployment,
                "reason": item.reason,
                "until": write_time(item.until),
            }
            for item in standing.exceptions
        ],
    }


def decode_standing(item: Mapping[str, Any]) -> Standing:
    """The standing of `encode_standing`, without deployments. Raises Unreadable."""
    return Standing(
        drift=read_typed(item, "drift", int),
        held=read_typed(item, "held", int),
        ingress=read_text(item, "ingress"),
        exceptions=tuple(
            _decode_exception(read_mapping(entry)) for entry in read_typed(item, "exceptions", list)
        ),
    )


def encode_deployments(
    deployments: tuple[DeploymentStanding, ...], good: tuple[GoodSet, ...]
) -> Iterator[dict[str, Any]]:
    """What the last good sets do not say already: most deployments are declared as they serve, and well.

    A deployment that has a good set and is declared no more has no health.
    """
    implied = {item.deployment: item for item in _imply(good)}
    for item in sorted(deployments, key=lambda item: item.deployment):
        if implied.pop(item.deployment, None) != item:
            yield {
                "deployment": item.deployment,
                "model": item.model,
                "shares": encode_shares(item.shares),
                "health": item.health.value,
            }
    for name in sorted(implied):
        yield {"deployment": name, "model": "", "shares": [], "health": ""}


def decode_deployments(
    items: tuple[Mapping[str, Any], ...], good: tuple[GoodSet, ...]
) -> tuple[DeploymentStanding, ...]:
    """The deployments of `encode_deployments`, by name. Raises Unreadable."""
    known = {item.deployment: item for item in _imply(good)}
    for item in items:
        name, health = read_text(item, "deployment"), read_text(item, "health")
        if not health:
            known.pop(name, None)
            continue
        known[name] = DeploymentStanding(
            deployment=name,
            model=read_text(item, "model"),
            shares=decode_shares(item),
            health=_read_word(HealthWord, health),
        )
    return tuple(known[name] for name in sorted(known))


def _imply(good: tuple[GoodSet, ...]) -> Iterator[DeploymentStanding]:
    for item in good:
        yield DeploymentStanding(
            deployment=item.deployment, model=item.model, shares=item.shares, health=HealthWord.CURRENT
        )


def encode_failure(failure: RunFailure) -> dict[str, Any]:
    """A run that decided nothing."""
    return {
        "at": write_time(failure.at),
        "revision": failure.revision,
        "outcome": failure.outcome,
        "message": failure.message,
        "seen": write_time(failure.seen),
        "wentOn": failure.went_on,
    }


def decode_failure(item: Mapping[str, Any]) -> RunFailure:
    """The failure of `encode_failure`. Raises Unreadable."""
    return RunFailure(
        at=read_moment(item.get("at")),
        revision=read_text(item, "revision"),
        outcome=read_typed(item, "outcome", int),
        message=read_text(item, "message"),
        seen=read_time(read_text(item, "seen")) if "seen" in item else None,
        went_on=read_typed(item, "wentOn", bool) if "wentOn" in item else False,
    )


def _decode_exception(item: Mapping[str, Any]) -> ExceptionInForce:
    return ExceptionInForce(
        kind=_read_word(ExceptionKind, read_text(item, "kind")),
        deployment=read_text(item, "deployment"),
        reason=read_text(item, "reason"),
        until=read_time(read_text(item, "until")),
    )


def _decode_request(entry: Any) -> RequestCount:
    match entry:
        case [str(method), int(status), int(count)]:
            return RequestCount(method=method, status=status, count=count)
    raise Unreadable


def _read_word(words: type[Word], text: str) -> Word:
    try:
        return words(text)
    except ValueError as error:
        raise Unreadable from error
