"""Requests about shares, as changes of a deployment's file: release and traffic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.edit.deployments import append_variant, set_traffic
from reconciler.edit.shares import (
    RequestRefused,
    describe_moves,
    find_variant,
    list_live,
    set_shares,
    take_share,
)
from reconciler.pin.describe import describe_record
from reconciler.pipeline.edits.edit import Change, Workspace, name_branch, name_file
from reconciler.plan.following import find_hold
from reconciler.policy.wording import join_words
from reconciler.state.declarations import Deployment, Variant
from reconciler.state.repository import EnvironmentEntry, Repository

DEFAULT_SHARE = 10
"""Percent that a version gets when nobody says how much."""


def release(
    workspace: Workspace,
    name: str,
    version: int,
    *,
    traffic: int | None = None,
    shadow: int | None = None,
    giver: str = "",
) -> Change:
    """Put a version beside those that serve: at `traffic` percent taken from others, or as a shadow.

    Raises SettingsError, RequestRefused and EditRefused.
    """
    environment, deployment, entry = workspace.find_deployment(name)
    declared = entry.declaration
    path = name_file(environment.name, deployment)
    data = workspace.read(path) or b""
    there = find_variant(declared, version, shadow=shadow is not None)
    if there is not None:
        raise RequestRefused(_describe_present(name, there))
    if shadow is not None:
        said = f"{name}: v{version} joins as a shadow of {shadow} %"
        note = f"{said} of requests; its answers are dropped."
        data = append_variant(path, data, {"version": version, "shadow": shadow})
    else:
        percent = DEFAULT_SHARE if traffic is None else traffic
        live = list_live(declared)
        shares = take_share(name, live, percent, giver)
        moves = describe_moves(live, shares)
        taken = f", taken from {join_words([str(move) for move in moves])}" if moves else ""
        said = f"{name}: v{version} joins at {percent} %{taken}"
        note = f"{said}."
        if shares:
            data = set_traffic(path, data, shares)
        data = append_variant(path, data, {"version": version, "traffic": percent})
    return Change(
        title=said,
        files={path: data},
        environments=(environment.name,),
        branch=name_branch("release", (f"{environment.name}/{deployment}",), f"v{version}"),
        companions=(f"models/{declared.model}/versions/{version}.yaml",),
        details=describe_evidence(workspace.repository, declared, version),
        notes=(note, *_tell_hold(workspace, environment, deployment, version)),
    )


def move_traffic(workspace: Workspace, name: str, wanted: Mapping[str, int]) -> Change:
    """Give live variants other shares. Raises SettingsError, RequestRefused and EditRefused."""
    environment, deployment, entry = workspace.find_deployment(name)
    path = name_file(environment.name, deployment)
    live = list_live(entry.declaration)
    shares = set_shares(name, live, wanted)
    moves = describe_moves(live, shares)
    if not moves:
        said = ", ".join(f"{variant.name} {variant.percent} %" for variant in live)
        raise RequestRefused(f"{name}: its shares are that already ({said}); nothing is to be changed.")
    said = f"{name}: {join_words([str(move) for move in moves])}"
    stopped = [
        f"{name}: {move.name}=0 changes nothing while {move.name} is not ready: the operator routes only "
        f"when all variants are. If {move.name} is sick: modelsync rollback {name}"
        for move in moves
        if move.new == 0
    ]
    grown = {move.name for move in moves if move.new > move.old}
    details = [
        line
        for variant in live
        if variant.name in grown and variant.version is not None
        for line in describe_evidence(workspace.repository, entry.declaration, variant.version)
    ]
    steps = "-".join(f"{move.name}-{move.new}" for move in moves)
    return Change(
        title=said,
        files={path: set_traffic(path, workspace.read(path) or b"", shares)},
        environments=(environment.name,),
        branch=name_branch("traffic", (f"{environment.name}/{deployment}",), steps),
        details=tuple(details),
        notes=(f"{said}.", *stopped),
    )


def describe_evidence(repository: Repository, deployment: Deployment, version: int) -> tuple[str, ...]:
    """What the version's record says for it, beside that of the baseline; nothing without a record."""
    model = repository.models.get(deployment.model)
    record = model.records.get(version) if model is not None else None
    if model is None or record is None:
        return ()
    baseline = next((live.version for live in list_live(deployment) if live.version != version), None)
    other = model.records.get(baseline) if baseline is not None else None
    earlier = (f"v{baseline}", other.declaration) if other is not None else None
    lines = describe_record(f"{deployment.model} v{version}", record.declaration, earlier)
    return (*lines, f"  {'digest':<10}{record.declaration.identity.digest}")


def _tell_hold(
    workspace: Workspace, environment: EnvironmentEntry, deployment: str, version: int
) -> Iterator[str]:
    """People may release what automation must skip, and should know that somebody had a reason."""
    known = environment.known_exceptions
    hold = find_hold(known, deployment, version, workspace.now) if known is not None else None
    if hold is not None:
        yield (
            f'{environment.name}/{deployment}: v{version} is held ("{hold.reason}"), and automation goes on '
            f"skipping it. If that is over, remove it from environments/{environment.name}/exceptions.yaml."
        )


def _describe_present(name: str, variant: Variant) -> str:
    label = f"v{variant.version}"
    if variant.shadow is not None:
        return f"{name}: {label} is a shadow of {variant.shadow} % already; nothing is to be changed."
    return (
        f"{name}: {label} is live already, at {variant.traffic} %. To give it another share: "
        f"modelsync traffic {name} {label}=N …"
    )
