"""Which fields of the manifests follow from a setting: it is said otherwise, and what moves is told. Pure.

The renderer itself is asked, so that there is no second table of fields that could say something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, get_args

from reconciler.pipeline.desired import Rendered, render_environment
from reconciler.plan.diff import diff
from reconciler.render.schema import InvalidManifest
from reconciler.state.declarations import Declaration, ExplainerType, Protocol, SecretKey, Server
from reconciler.state.documents import PathKey
from reconciler.state.explanations import RenderedField, Said
from reconciler.state.objects import PREFIX, Body, ObjectKey
from reconciler.state.plans import FieldChange
from reconciler.state.repository import Entry, EnvironmentEntry, ModelEntry, Repository
from reconciler.state.serving import LoggerMode
from reconciler.validate.checks import Check

_PREDICTOR = re.compile(r"spec\.predictors\[[^\]]+\]")
_NUMBER = re.compile(r"[0-9]+")
# Longest list of other words that a field may have instead: few of them fit the rest of the settings.
_WORDS: Mapping[str, tuple[str, ...]] = {
    "server": get_args(Server),
    "protocol": get_args(Protocol),
    "type": get_args(ExplainerType),
    "mode": get_args(LoggerMode),
}


def narrow_check(check: Check, environment: str, deployment: str) -> Check:
    """The same repository with this deployment alone, so that nothing else is rendered with it."""
    entry = check.repository.environments[environment]
    kept = {name: item for name, item in entry.deployments.items() if name == deployment}
    alone = replace(entry, deployments=kept)
    return replace(check, repository=replace(check.repository, environments={environment: alone}))


def is_rendered(check: Check, environment: str, cluster: str) -> bool:
    """Whether there are manifests to tell of: not of what is faulty, nor of what is to end."""
    rendered = _render(check, environment, cluster)
    return rendered is not None and bool(rendered.manifests)


def find_rendered(check: Check, environment: str, said: Said, cluster: str) -> tuple[RenderedField, ...]:
    """The fields of the manifests that would be others if this place said something else.

    `check` holds one deployment. Empty where nothing follows from it, or nothing else could stand there.
    """
    now = _render(check, environment, cluster)
    if now is None:
        return ()
    for value in _list_others(said, check.repository):
        changed = _say(check.repository, environment, said, value)
        then = _render(replace(check, repository=changed), environment, cluster)
        fields = () if then is None else tuple(_compare(now, then))
        if fields:
            return fields
    return ()


def _render(check: Check, environment: str, cluster: str) -> Rendered | None:
    try:
        rendered = render_environment(check, environment, cluster=cluster, commit="")
    except InvalidManifest:
        return None
    return None if rendered.desired.faults else rendered


def _compare(now: Rendered, then: Rendered) -> Iterator[RenderedField]:
    others: Mapping[ObjectKey, Any] = {manifest.key: manifest.body for manifest in then.manifests}
    for manifest in now.manifests:
        other = others.get(manifest.key, {})
        for change in diff(manifest.body, other):
            parts: tuple[FieldChange, ...] = (change,)
            if _PREDICTOR.fullmatch(change.path) and change.sign == "-":
                # It got another name, and stands where it stood.
                parts = diff(change.old, _find_renamed(manifest.body, other, change.old), change.path)
            for part in parts:
                bookkeeping = part.path.startswith(f"metadata.annotations[{PREFIX}/")
                if part.sign != "+" and not bookkeeping and not part.path.endswith(" (order)"):
                    yield RenderedField(key=manifest.key, path=part.path, value=part.old)


def _find_renamed(body: Body, other: Body, predictor: Any) -> Any:
    index = list(body["spec"]["predictors"]).index(predictor)
    return other["spec"]["predictors"][index]


def _list_others(said: Said, repository: Repository) -> Iterator[Any]:
    """What else could stand at that place; the first that can be rendered is taken."""
    value = said.value
    if isinstance(value, bool):
        yield not value
    elif said.path[-1] == "version":
        # `_say` lends its record to the number that nobody has.
        yield _find_free(repository)
    elif isinstance(value, (int, float)):
        yield value + 1
    elif isinstance(value, str):
        word = said.field.rpartition(".")[2]
        yield from (other for other in _WORDS.get(word, ()) if other != value)
        # Another amount of the same unit, and text that stays a name.
        yield _NUMBER.sub(lambda match: str(int(match.group()) + 1), value, count=1)
        yield f"{value}x"
    elif isinstance(value, SecretKey):
        yield value.model_copy(update={"key": f"{value.key}x"})
    elif isinstance(value, tuple):
        yield ()
    elif isinstance(value, Mapping):
        yield {}


def _find_free(repository: Repository) -> int:
    """A version that no model has."""
    return 1 + max((version for model in repository.models.values() for version in model.records), default=0)


def _lend_record(model: ModelEntry, said: Said, value: Any) -> ModelEntry:
    own = model.records.get(said.value) if said.path[-1] == "version" else None
    if own is None:
        return model
    # The same but for its place, so that what follows from that moves as well.
    identity = own.declaration.identity
    moved = identity.model_copy(update={"source": f"{identity.source}x"})
    lent = replace(own, declaration=own.declaration.model_copy(update={"identity": moved}))
    return replace(model, records={**model.records, value: lent})


def _say(repository: Repository, environment: str, said: Said, value: Any) -> Repository:
    """The repository in which the place says `value`."""
    lent = {name: _lend_record(model, said, value) for name, model in repository.models.items()}
    repository = replace(repository, models=lent)
    entry = repository.environments[environment]
    file = said.location.file

    def change(item: Entry[Any]) -> Entry[Any]:
        return replace(item, declaration=_put(item.declaration, said.path, value))

    if repository.defaults is not None and repository.defaults.document.file == file:
        return replace(repository, defaults=change(repository.defaults))
    if entry.environment is not None and entry.environment.document.file == file:
        changed: EnvironmentEntry = replace(entry, environment=change(entry.environment))
        return replace(repository, environments={environment: changed})
    deployments = {
        name: change(item) if item.document.file == file else item for name, item in entry.deployments.items()
    }
    models = {
        name: replace(item, model=change(item.model))
        if item.model is not None and item.model.document.file == file
        else item
        for name, item in repository.models.items()
    }
    environments = {environment: replace(entry, deployments=deployments)}
    return replace(repository, environments=environments, models=models)


def _put(value: Any, path: tuple[PathKey, ...], new: Any) -> Any:
    """A copy of a declaration in which `new` stands at a path of YAML's keys."""
    if not path:
        return new
    key, rest = path[0], path[1:]
    if isinstance(value, Declaration):
        fields = type(value).model_fields.items()
        name = next(name for name, field in fields if (field.alias or name) == key)
        return value.model_copy(update={name: _put(getattr(value, name), rest, new)})
    if isinstance(value, Mapping):
        return {**value, key: _put(value[key], rest, new)}
    index = int(key)
    return (*value[:index], _put(value[index], rest, new), *value[index + 1 :])
