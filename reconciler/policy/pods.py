"""What of a declaration ends up in the Pods of a variant, to tell whether a change would start new ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.policy.changes import list_pins
from reconciler.policy.clusters import view_clusters
from reconciler.policy.context import Context
from reconciler.policy.locations import Mapped, map_location
from reconciler.policy.placed import PlacedContainer, PlacedDeployment, PlacedVariant
from reconciler.policy.servers import server_image
from reconciler.state.declarations import ContainerSettings, Declaration, Environment, Serving
from reconciler.state.repository import Repository

# These change how many Pods there are, or stand beside them: none of them restarts anything.
_BESIDE = frozenset({"replicas", "scaling", "disruption", "explainer"})
_POD_FIELDS = tuple(name for name in Serving.model_fields if name not in _BESIDE)
_CONTAINER_FIELDS = tuple(ContainerSettings.model_fields)


def list_edits(
    before: PlacedDeployment, old: PlacedVariant, after: PlacedDeployment, new: PlacedVariant
) -> tuple[str, ...]:
    """What differs between the Pods of a variant before and after; nothing where they stay as they are.

    Each difference reads as `resources.limits.memory 1Gi → 2Gi`.
    """
    was, now = _collect(before, old), _collect(after, new)
    if _is_same(was, now):
        return ()
    flat_was, flat_now = dict(_flatten(was)), dict(_flatten(now))
    names = [
        name for name in {**flat_was, **flat_now} if not _is_same(flat_was.get(name), flat_now.get(name))
    ]
    return tuple(f"{name} {_say(flat_was.get(name))} → {_say(flat_now.get(name))}" for name in sorted(names))


def list_kept(
    before: PlacedDeployment, after: PlacedDeployment
) -> Iterator[tuple[PlacedVariant, PlacedVariant]]:
    """The variants that are live before a change and go on under the same name, with what they become."""
    new = {placed.predictor: placed for placed in after.variants}
    for placed in before.live:
        if placed.variant.traffic and placed.predictor in new:
            yield placed, new[placed.predictor]


def list_pairs(context: Context) -> tuple[tuple[PlacedDeployment, PlacedDeployment], ...]:
    """Deployments before and after, where anything that they are rendered from differs, by name.

    Not those with a file that cannot be read on one side: what it says is not gone. In the change's own files
    it is told itself, and for the base there is `list_unread`.
    """
    return context.once(_compare).pairs


def list_unread(context: Context) -> tuple[tuple[PlacedDeployment, str], ...]:
    """Deployments that would be pairs if the base could be read, by name, each with the file that cannot."""
    return context.once(_compare).unread


def say_unread(file: str) -> str:
    """Why a rule about changes is undecided where the base has a file that cannot be read."""
    return (
        f"{file} of the base cannot be read, so what this change does to Pods that run is not known "
        "(mend it in a change of its own)"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    pairs: tuple[tuple[PlacedDeployment, PlacedDeployment], ...] = ()
    unread: tuple[tuple[PlacedDeployment, str], ...] = ()


def _compare(context: Context) -> _Compared:
    base = context.base
    if base is None:
        return _Compared()
    before = {placed.id: placed for placed in context.before}
    same = _Same(base, context.repository)
    pairs: list[tuple[PlacedDeployment, PlacedDeployment]] = []
    unread: list[tuple[PlacedDeployment, str]] = []
    for placed in context.served:
        old = before.get(placed.id)
        if old is None:
            if _is_faulty(base, placed):
                unread.append((placed, placed.entry.document.file))
        elif not same.holds(old, placed) and not _find_unreadable(context.repository, placed):
            file = _find_unreadable(base, old)
            if file:
                unread.append((placed, file))
            else:
                pairs.append((old, placed))
    return _Compared(pairs=tuple(pairs), unread=tuple(unread))


def _is_faulty(repository: Repository, deployment: PlacedDeployment) -> bool:
    entry = repository.environments.get(deployment.environment.name)
    return entry is not None and deployment.name in entry.faulty_deployments


def _find_unreadable(repository: Repository, deployment: PlacedDeployment) -> str:
    """The first shared file of a deployment that cannot be read; empty where all can."""
    if repository.has_faulty_defaults:
        return "models/defaults.yaml"
    if deployment.environment.environment is None:
        return f"environments/{deployment.environment.name}/environment.yaml"
    models = {deployment.entry.declaration.model, *(use.folder for use in deployment.model_uses())}
    for name in sorted(models):
        entry = repository.models.get(name)
        if entry is None or entry.model is None:
            return f"models/{name}/model.yaml"
    return ""


class _Same:
    """Tells whether two deployments are rendered from equal declarations; shared files are compared once."""

    def __init__(self, base: Repository, head: Repository) -> None:
        self._defaults = base.has_faulty_defaults is head.has_faulty_defaults and _is_same(
            _declared(base.defaults), _declared(head.defaults)
        )
        self._environments: dict[str, bool] = {}
        self._models: dict[str, bool] = {}

    def holds(self, before: PlacedDeployment, after: PlacedDeployment) -> bool:
        return (
            self._defaults
            and _has_same_variants(before.entry.declaration, after.entry.declaration)
            and self._has_same_environment(before, after)
            and self._has_same_models(before, after)
        )

    def _has_same_environment(self, before: PlacedDeployment, after: PlacedDeployment) -> bool:
        name = before.environment.name
        if name not in self._environments:
            self._environments[name] = _is_same(_rendered(before), _rendered(after))
        return self._environments[name]

    def _has_same_models(self, before: PlacedDeployment, after: PlacedDeployment) -> bool:
        if [pin.digest for pin in list_pins(before)] != [pin.digest for pin in list_pins(after)]:
            return False
        return all(
            self._is_same_model(old, new)
            for old, new in zip(_list_models(before), _list_models(after), strict=True)
        )

    def _is_same_model(self, old: PlacedContainer, new: PlacedContainer) -> bool:
        name = old.folder or ""
        if name not in self._models:
            self._models[name] = _is_same(
                _declared(old.model and old.model.model), _declared(new.model and new.model.model)
            )
        return self._models[name]


def _is_same(one: Any, other: Any) -> bool:
    """Whether both are written alike: 1 and true are equal in Python, and not in a manifest."""
    return one is other or (one == other and repr(one) == repr(other))


def _declared(entry: Any) -> Any:
    return None if entry is None else entry.declaration


def _has_same_variants(one: Declaration, other: Declaration) -> bool:
    """Whether two deployments are declared alike but for their experiment: nothing is rendered from that."""
    return one is other or _is_same(*(side.model_copy(update={"experiment": None}) for side in (one, other)))


def _rendered(deployment: PlacedDeployment) -> tuple[object, ...] | None:
    """What of an environment its deployments are rendered from."""
    entry = deployment.environment.environment
    if entry is None:
        return None
    said = entry.declaration
    return (said.namespace, said.clusters, said.platform, said.artifacts, said.serving)


def _list_models(deployment: PlacedDeployment) -> list[PlacedContainer]:
    found = (container for placed in deployment.variants for container in placed.containers)
    return [container for container in found if container.folder is not None]


def _collect(deployment: PlacedDeployment, placed: PlacedVariant) -> Mapping[str, Any]:
    """What the Pods are made from, by the names that people write."""
    entry = deployment.environment.environment
    environment = None if entry is None else entry.declaration
    facts = _pick(placed.serving.serving, _POD_FIELDS)
    if placed.variant.graph is not None:
        facts["graph"] = placed.variant.graph
    for container in placed.containers:
        prefix = "" if container.node is None else f"{container.name}."
        if container.node is not None:
            settings = _pick(container.serving.serving, _CONTAINER_FIELDS)
            facts |= {f"{prefix}{name}": value for name, value in settings.items()}
        facts[f"{prefix}image"] = _list_images(container, environment)
        facts |= {f"{prefix}{name}": value for name, value in _list_files(container, environment).items()}
    return facts


def _pick(settings: Serving, names: tuple[str, ...]) -> dict[str, Any]:
    fields = Serving.model_fields
    said = ((fields[name].alias or name, getattr(settings, name)) for name in names)
    return {name: value for name, value in said if value is not None}


def _list_images(container: PlacedContainer, environment: Environment | None) -> tuple[str | None, ...]:
    serving = container.serving.serving
    if serving.image is not None:
        return (serving.image,)
    if environment is None or serving.server is None or serving.protocol is None:
        return ()
    views = view_clusters(environment)
    images = (server_image(view.platform, serving.server, serving.protocol) for view in views)
    return tuple(dict.fromkeys(images))


def _list_files(container: PlacedContainer, environment: Environment | None) -> Mapping[str, Any]:
    """Which files the container loads, and from where."""
    version = container.version
    record = None if container.model is None or version is None else container.model.records.get(version)
    if record is None:
        return {}
    identity = record.declaration.identity
    views = () if environment is None else view_clusters(environment)
    places = [map_location(identity.source, identity.registry, view.artifacts) for view in views]
    return {
        "files": identity.digest,
        "location": tuple(
            dict.fromkeys((place.uri, place.secret) for place in places if isinstance(place, Mapped))
        ),
    }


def _flatten(facts: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in facts.items():
        plain = (
            value.model_dump(by_alias=True, exclude_none=True) if isinstance(value, Declaration) else value
        )
        if isinstance(plain, Mapping):
            yield from _flatten(plain, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", plain


def _say(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return ", ".join(_say(part) for part in value) or "nothing"
    return str(value)
