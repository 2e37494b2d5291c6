"""One deployment's settings: which layers say them, what follows in the manifest, what the cluster holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches

from reconciler.clients.cluster.interface import ClusterError, ClusterReader
from reconciler.clients.source.interface import SourceError, SourceRefused
from reconciler.clients.source.worktree import GitWorktree
from reconciler.pipeline.outcomes import find_outcome
from reconciler.pipeline.probing import find_rendered, is_rendered, narrow_check
from reconciler.pipeline.selection import describe_missing, find_missing, split_name
from reconciler.plan.fields import find_field
from reconciler.plan.ownership import find_holders
from reconciler.policy.clusters import view_cluster
from reconciler.policy.placed import PlacedDeployment
from reconciler.policy.placing import place_environment
from reconciler.policy.settings import (
    is_known,
    list_settings,
    select_settings,
    suggest_fields,
)
from reconciler.policy.wording import join_words
from reconciler.resolve.defaults import find_defaults
from reconciler.settings import SettingsError
from reconciler.state.declarations import Platform
from reconciler.state.documents import Location
from reconciler.state.explanations import (
    ExplainedSetting,
    Explanation,
    LiveField,
    RenderedField,
    Written,
)
from reconciler.state.objects import LiveObject, ObjectKey
from reconciler.state.outcomes import Outcome
from reconciler.state.repository import EnvironmentEntry, Repository
from reconciler.validate.checks import Check


def find_deployment(repository: Repository, environment: str, deployment: str) -> EnvironmentEntry:
    """The environment of a deployment that can be read. Raises SettingsError with the nearest name."""
    if find_missing(repository, (environment,)):
        raise SettingsError(describe_missing(repository, environment))
    entry = repository.environments[environment]
    name = f"{environment}/{deployment}"
    if deployment in entry.faulty_deployments:
        raise SettingsError(f"{name}: its file cannot be read; modelsync validate says why.")
    if deployment not in entry.deployments:
        near = get_close_matches(deployment, sorted(entry.deployments), n=1)
        hint = f' Did you mean "{environment}/{near[0]}"?' if near else ""
        raise SettingsError(f"there is no deployment {name}.{hint}")
    return entry


def explain(check: Check, name: str, field: str, *, cluster: str) -> Explanation:
    """The settings of a deployment as its files say them; with `field` what follows in the manifests, too.

    Raises SettingsError for a deployment or field that does not exist, and a cluster that must be chosen.
    """
    environment, deployment = split_name(name)
    entry = find_deployment(check.repository, environment, deployment)
    placed = next(it for it in place_environment(check.repository, entry) if it.name == deployment)
    settings = list_settings(placed)
    if not field:
        return Explanation(
            name=name, field="", settings=tuple(ExplainedSetting(setting=item) for item in settings)
        )
    chosen = select_settings(settings, field)
    if not chosen and not is_known(field):
        near = tuple(f'"{known}"' for known in suggest_fields(field, settings))
        hint = f" Did you mean {join_words(near, 'or')}?" if near else ""
        raise SettingsError(
            f'{name}: there is no field "{field}".{hint} modelsync explain {name} lists what is set.'
        )
    served = _choose_cluster(entry, cluster)
    alone = narrow_check(check, environment, deployment)
    notes = []
    if not is_rendered(alone, environment, served):
        notes.append(_describe_unrendered(entry, placed))
    explained = tuple(
        ExplainedSetting(setting=item, rendered=find_rendered(alone, environment, item.winner, served))
        for item in chosen
    )
    return Explanation(
        name=name,
        field=field,
        settings=explained,
        defaults=find_defaults(placed, field, _find_platform(entry, served)),
        notes=tuple(notes),
    )


def add_writers(explanation: Explanation, files: Mapping[str, bytes], worktree: GitWorktree) -> Explanation:
    """The same with the commit that last wrote each place; a note where git does not tell.

    `files` are what the explanation was made of.
    """
    places = {said.location for item in explanation.settings for said in item.setting.said}
    try:
        if not worktree.is_git():
            raise SourceRefused("this folder is in no git work tree.")
        writers = dict(_find_writers(places, files, worktree))
    except SourceError as error:
        note = f"which commits wrote these lines is not known: {error}"
        return replace(explanation, notes=(*explanation.notes, note))
    return replace(explanation, writers=writers)


def _find_writers(
    places: Iterable[Location], files: Mapping[str, bytes], worktree: GitWorktree
) -> Iterator[tuple[Location, Written]]:
    by_file: dict[str, dict[Location, range]] = {}
    for place in places:
        # A block ends where the next line begins.
        last = place.end_line - (place.end_column == 1)
        by_file.setdefault(place.file, {})[place] = range(place.line, max(place.line, last) + 1)
    for file, ranges in sorted(by_file.items()):
        found = worktree.find_writers(
            file, files[file], {line for lines in ranges.values() for line in lines}
        )
        for place, lines in ranges.items():
            yield place, max((found[line] for line in lines), key=_rank)


def _rank(written: Written) -> tuple[bool, float]:
    """What is not committed is the latest."""
    return (written.moment is None, 0.0 if written.moment is None else written.moment.timestamp())


def add_live(explanation: Explanation, reader: ClusterReader) -> Explanation:
    """The same with what the cluster holds of each rendered field, and who holds it.

    One request for each object. Where the cluster cannot be seen the explanation says why, and its outcome.
    """
    keys = sorted({field.key for item in explanation.settings for field in item.rendered})
    try:
        seen = {key: reader.get(key.kind, key.namespace, key.name) for key in keys}
    except ClusterError as error:
        outcome = find_outcome(error) or Outcome.UNDECIDED
        return replace(explanation, looked=True, unseen=str(error), outcome=outcome)
    settings = tuple(
        replace(item, live=tuple(find_live(field, seen[field.key]) for field in item.rendered))
        for item in explanation.settings
    )
    absent = tuple(f"{key} is not in the cluster (namespace {key.namespace})." for key in _list_absent(seen))
    return replace(explanation, looked=True, settings=settings, notes=(*explanation.notes, *absent))


def find_live(field: RenderedField, live: LiveObject | None) -> LiveField:
    """What a live object has at the field's path, and its managers; nothing where there is no such object."""
    if live is None:
        return LiveField(rendered=field, found=False)
    found, value = find_field(live.body, field.path)
    holders = find_holders(live, field.path) if found else ()
    return LiveField(rendered=field, found=found, value=value, holders=holders)


def _list_absent(seen: dict[ObjectKey, LiveObject | None]) -> Iterable[ObjectKey]:
    return (key for key, live in seen.items() if live is None)


def _choose_cluster(entry: EnvironmentEntry, cluster: str) -> str:
    """The cluster whose manifests are meant; the only or first one where none was chosen."""
    clusters = entry.environment.declaration.clusters if entry.environment is not None else None
    return cluster or next(iter(clusters or ()), "")


def _find_platform(entry: EnvironmentEntry, cluster: str) -> Platform:
    return (
        Platform()
        if entry.environment is None
        else view_cluster(entry.environment.declaration, cluster).platform
    )


def _describe_unrendered(entry: EnvironmentEntry, placed: PlacedDeployment) -> str:
    name = f"{entry.name}/{placed.name}"
    ending = entry.environment is not None and entry.environment.declaration.retire
    if placed.entry.declaration.retire or ending:
        return f"{name} is to end (retire: true), so no manifest is rendered of it."
    return f"{name} is faulty, so no manifest is rendered of it; modelsync validate says why."
