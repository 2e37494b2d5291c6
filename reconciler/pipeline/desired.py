"""From a checked repository to one target's manifests; shared by plan, render, sync and status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reconciler.render.applyset import applyset_id, parent_name
from reconciler.render.digest import digest_manifests
from reconciler.render.extras import render_extras
from reconciler.render.renderer import render
from reconciler.resolve.resolver import UnknownTarget, resolve
from reconciler.settings import SettingsError
from reconciler.state.objects import Manifest
from reconciler.state.targets import Desired, DesiredDeployment, Fault
from reconciler.validate.checks import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """One target's desired state and manifests; `part_of` is its ApplySet ID, `digest` that of them all."""

    desired: Desired
    manifests: tuple[Manifest, ...]
    part_of: str
    digest: str


def render_environment(
    check: Check, environment: str, *, cluster: str, commit: str, like: Rendered | None = None
) -> Rendered:
    """Resolve and render one environment that has a readable environment.yaml.

    What is to be as in `like`, which was rendered with the same `commit`, is taken from there.
    Raises SettingsError for a cluster that the environment does not name.
    """
    try:
        desired = resolve(check.repository, environment, cluster=cluster, findings=check.standing)
    except UnknownTarget as error:
        raise SettingsError(str(error)) from error
    part_of = applyset_id(parent_name(environment), desired.target.namespace)
    known = _find_known(desired, part_of, like)
    rest = replace(desired, deployments=tuple(item for item in desired.deployments if item.name not in known))
    extras = render_extras(rest, part_of=part_of, commit=commit)
    desired, rest = leave_out(desired, extras.faults), leave_out(rest, extras.faults)
    taken = (manifest for manifests in known.values() for manifest in manifests)
    rendered = (*render(rest, part_of=part_of, commit=commit), *extras.manifests, *taken)
    manifests = tuple(sorted(rendered, key=lambda manifest: manifest.key))
    return Rendered(desired=desired, manifests=manifests, part_of=part_of, digest=digest_manifests(manifests))


def _find_known(desired: Desired, part_of: str, like: Rendered | None) -> Mapping[str, list[Manifest]]:
    """The manifests of the deployments that are to be exactly as they were rendered before, by deployment."""
    if like is None or like.part_of != part_of:
        return {}
    # Objects of extras must not meet each other, whatever deployment they are for: those are made together.
    if desired.extras or like.desired.extras:
        return {}
    rendered = {item.name: item for item in like.desired.deployments}
    known: dict[str, list[Manifest]] = {
        item.name: [] for item in desired.deployments if _is_same(rendered.get(item.name), item)
    }
    for manifest in like.manifests:
        if manifest.deployment in known:
            known[manifest.deployment].append(manifest)
    return known


def _is_same(one: DesiredDeployment | None, other: DesiredDeployment) -> bool:
    """Whether both are written alike. Where values of several types may stand, nobody relies on equality."""
    return one == other and not other.annotations and all(variant.is_plain for variant in other.variants)


def leave_out(desired: Desired, faults: tuple[Fault, ...]) -> Desired:
    """The desired state without deployments that turned out faulty: all of theirs stays as it was."""
    faulty = {fault.deployment for fault in faults}
    return replace(
        desired,
        deployments=tuple(item for item in desired.deployments if item.name not in faulty),
        faults=tuple(sorted((*desired.faults, *faults), key=lambda fault: fault.deployment)),
    )
