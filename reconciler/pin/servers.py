"""Whether any server that the repository configures can load a version that was just recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from reconciler.policy.abilities import Ability, find_ability
from reconciler.policy.clusters import view_clusters
from reconciler.policy.layers import Layer, merge_serving
from reconciler.policy.loading import Fault, judge_loading
from reconciler.policy.servers import server_image
from reconciler.policy.wording import join_words
from reconciler.state.declarations import Defaults, Deployment, Environment, Model, Platform, VersionRecord
from reconciler.state.repository import Entry, EnvironmentEntry, Repository

D = TypeVar("D", Defaults, Environment, Model, Deployment)


def describe_unloadable(repository: Repository, model: str, record: VersionRecord) -> str:
    """Why none of the servers that run this model, in any environment, can load the version; what to do.

    Empty where one can, where that is not known, and where no layer says which server it is. Without
    environments the stock images are asked.
    """
    abilities = tuple(_list_abilities(repository, model))
    faults = [judge_loading(ability, record) for ability in abilities]
    first = faults[0] if faults else None
    if not isinstance(first, Fault) or not all(isinstance(fault, Fault) for fault in faults):
        return ""
    images = join_words(sorted({ability.image for ability in abilities}))
    return f"no server here can load it ({images}): {first.reason}.\n  {first.advice}"


def _list_abilities(repository: Repository, model: str) -> Iterator[Ability]:
    """The images that serve the model: for each environment by its own layers, and for each deployment."""
    entry = repository.models.get(model)
    layers = _layer("defaults", repository.defaults)
    own = () if entry is None else _layer("model", entry.model)
    if not repository.environments:
        yield from _find(Platform(), (*layers, *own))
    for environment in repository.environments.values():
        if environment.environment is None:
            continue
        lower = (*layers, *_layer("environment", environment.environment), *own)
        platforms = [view.platform for view in view_clusters(environment.environment.declaration)]
        for platform in platforms:
            for upper in _list_uppers(environment, model):
                yield from _find(platform, (*lower, *upper))


def _list_uppers(environment: EnvironmentEntry, model: str) -> Iterator[tuple[Layer, ...]]:
    """The layers of each deployment of the model; without one, of one that says nothing."""
    found = [one for one in environment.deployments.values() if one.declaration.model == model]
    yield from (_layer("deployment", one) for one in found)
    if not found:
        yield ()


def _find(platform: Platform, layers: tuple[Layer, ...]) -> Iterator[Ability]:
    serving = merge_serving(layers).serving
    if serving.server is None or serving.protocol is None:
        return
    image = serving.image or server_image(platform, serving.server, serving.protocol)
    if image is not None:
        yield find_ability(platform, serving.server, serving.protocol, image)


def _layer(name: str, entry: Entry[D] | None) -> tuple[Layer, ...]:
    serving = entry.declaration.serving if entry is not None else None
    if entry is None or serving is None:
        return ()
    return (Layer(name=name, serving=serving, document=entry.document, path=("serving",)),)
