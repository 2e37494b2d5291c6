"""Back to an earlier set of live variants: which one, and the steps that lead there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.edit.deployments import append_variant, remove_variant, set_traffic
from reconciler.edit.shares import list_live
from reconciler.policy.graphs import list_nodes
from reconciler.policy.naming import predictor_name
from reconciler.state.declarations import Deployment, Variant
from reconciler.state.documents import Document, Value

Identity = tuple[str, int | None, tuple[tuple[str, str, int | None], ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What a deployment's file said before: as of which commit (full name), and what stood in it."""

    revision: str
    deployment: Deployment
    document: Document


def choose_earlier(
    present: Deployment, earlier: Iterable[Earlier], version: int | None = None
) -> Earlier | None:
    """The last set of the same model without the present challenger; with `version`, one that it served in.

    `earlier` comes newest first. A set counts where it lacks a variant that takes traffic now: sets with the
    same variants in other shares are steps of the same release.
    """
    now = _serving(present)
    for item in earlier:
        then = _serving(item.deployment)
        if item.deployment.model != present.model or not then or not now - then:
            continue
        if version is None or any(
            variant.version == version and variant.traffic for variant in item.deployment.variants
        ):
            return item
    return None


def list_dropped(present: Deployment, target: Deployment) -> tuple[Variant, ...]:
    """The variants that take traffic now and have none in the target."""
    kept = _serving(target)
    return tuple(variant for variant in present.variants if variant.traffic and identify(variant) not in kept)


def restore(file: str, data: bytes, present: Deployment, target: Earlier) -> bytes:
    """The file with the target's live variants; shadows and everything else stay as they are.

    Raises EditRefused where the file cannot be edited.
    """
    wanted = {
        identify(variant): (index, variant)
        for index, variant in enumerate(target.deployment.variants)
        if variant.traffic is not None
    }
    shares: dict[int, int] = {}
    gone: list[int] = []
    there = set()
    for live in list_live(present):
        identity = identify(present.variants[live.index])
        found = wanted.get(identity)
        if found is None:
            gone.append(live.index)
            continue
        there.add(identity)
        percent = found[1].traffic or 0
        if percent != live.percent:
            shares[live.index] = percent
    if shares:
        data = set_traffic(file, data, shares)
    for identity, (index, _) in wanted.items():
        if identity not in there:
            data = append_variant(file, data, _read_entry(target.document, index))
    for index in reversed(gone):
        data = remove_variant(file, data, index)
    return data


def identify(variant: Variant) -> Identity:
    """What makes a variant the same one as before: predictor, version, and the models in its graph."""
    nodes = (placed.node for placed in list_nodes(variant))
    pins = tuple((node.name, node.model, node.version) for node in nodes if node.model is not None)
    return predictor_name(variant), variant.version, pins


def _serving(deployment: Deployment) -> frozenset[Identity]:
    return frozenset(identify(variant) for variant in deployment.variants if variant.traffic)


def _read_entry(document: Document, index: int) -> Mapping[str, Value]:
    """A variant as the earlier file wrote it, which was parsed as a deployment."""
    value = document.value
    variants = value["variants"] if isinstance(value, Mapping) else ()
    entry = variants[index] if isinstance(variants, tuple) else {}
    return entry if isinstance(entry, Mapping) else {}
