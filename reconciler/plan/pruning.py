"""The guard over prunes: how many, which part, and none that takes traffic, unless a waiver names them."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.plan.judging import GuardInput, is_waived, list_removals, name_deployment
from reconciler.plan.waivers import write_waiver
from reconciler.plan.wording import count
from reconciler.state.objects import SELDON_DEPLOYMENT
from reconciler.state.plans import Change, Refusal
from reconciler.state.routes import DeploymentRoutes, Routes

DEFAULT_MAX_PRUNE = "20%"


def prune_limit(max_prune: str | int | None, recorded: int, *, protected: bool = False) -> int:
    """How many of `recorded` objects a run may prune: a percentage is rounded down, but is at least one.

    `20%` of 12 is 2; `0%` and 0 allow none. Without a limit of its own a protected environment has none.
    """
    limit = _find_limit(max_prune, protected)
    if isinstance(limit, int):
        return limit
    percent = int(limit.rstrip("%"))
    return max(1, recorded * percent // 100) if percent else 0


def _find_limit(max_prune: str | int | None, protected: bool) -> str | int:
    default = 0 if protected else DEFAULT_MAX_PRUNE
    return default if max_prune is None else max_prune


def check_prune(given: GuardInput) -> Iterator[Refusal]:
    """Refuses to prune more than the limit, or anything that takes traffic, but for what a waiver names."""
    removals = list_removals(given.plan)
    if not removals or not given.declared:
        return
    plan, environment = given.plan, given.plan.target.environment
    limit = prune_limit(given.max_prune, given.recorded, protected=given.protected)
    unwaived = [item for item in removals if not is_waived(given, "max-prune", name_deployment(plan, item))]
    live = [change for change in unwaived if _takes_traffic(change, given.routes)]
    if len(unwaived) <= limit and not live:
        return
    # A deployment with objects from extras/ is named once.
    names = tuple(dict.fromkeys(name_deployment(given.plan, change) for change in unwaived))
    says = _limit_text(given, limit)
    owned = f"{count(given.recorded, 'object')} of {given.plan.target}"
    lines = [f"{len(unwaived)} of {owned} would be deleted (limit {says})."]
    lines += [f"  {change.key}  {_traffic_text(change, given.routes)}" for change in unwaived[:10]]
    if len(unwaived) > 10:
        lines.append(f"  … {len(unwaived) - 10} more (modelsync plan {environment} --live)")
    # Of a template that goes nothing can be brought back with retire: true in it.
    retire = any(change.key.kind == SELDON_DEPLOYMENT for change in unwaived)
    yield Refusal(
        rule="max-prune",
        message="\n".join(lines),
        advice=(
            f"If this is meant, {'bring the file back with retire: true in it, or ' if retire else ''}"
            "waive it for exactly these objects, reviewed like any change:\n"
            + write_waiver(environment, "max-prune", names, given.now)
            + f"\nIf not: the usual cause is a moved or renamed folder under environments/{environment}."
        ),
        objects=names,
    )


def _takes_traffic(change: Change, routes: tuple[Routes, ...]) -> bool:
    """By what was declared, or by what an ingress was told; what is not known counts as traffic."""
    if any(variant.old for variant in change.variants if not variant.shadow):
        return True
    if change.key.kind != SELDON_DEPLOYMENT:
        return False
    return any(item.unknown for item in routes) or bool(_list_routed(change, routes))


def _list_routed(change: Change, routes: tuple[Routes, ...]) -> tuple[str, ...]:
    found = [share for item in routes for share in (item.find(change.key.name) or DeploymentRoutes()).shares]
    return tuple(f"{it.predictor} {it.percent:.4g} %" for it in found if it.percent > 0 and not it.shadow)


def _traffic_text(change: Change, routes: tuple[Routes, ...]) -> str:
    if change.key.kind != SELDON_DEPLOYMENT:
        return f"made by extras/ for {change.deployment}"
    live = ", ".join(
        f"{item.version} {item.old} %" for item in change.variants if item.old and not item.shadow
    )
    if live:
        return f"takes live traffic ({live})"
    if routed := _list_routed(change, routes):
        return f"declares no traffic, but is routed {', '.join(routed)}"
    unknown = next((item.unknown for item in routes if item.unknown), "")
    return f"whether it takes traffic is not known: {unknown}" if unknown else "takes no traffic"


def _limit_text(given: GuardInput, limit: int) -> str:
    said = _find_limit(given.max_prune, given.protected)
    if said == 0 and given.max_prune is None:
        return "0 without a waiver, since the environment is protected"
    percent = f"{str(said).rstrip('%')} %, that is " if isinstance(said, str) else ""
    return f"{percent}{limit}, and none that takes traffic"
