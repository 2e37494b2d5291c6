"""What is declared otherwise in one environment than in another."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from reconciler.policy.comparing_environments import compare_themselves
from reconciler.policy.placed import PlacedDeployment
from reconciler.policy.placing import place_environment
from reconciler.policy.settings import SERVING, list_settings, select_settings
from reconciler.state.comparisons import DeploymentComparison, EnvironmentComparison, SettingDifference
from reconciler.state.explanations import Said, Setting
from reconciler.state.plans import VariantChange
from reconciler.state.repository import EnvironmentEntry, Repository
from reconciler.state.shares import Share


def compare_environments(
    repository: Repository, left: str, right: str, *, only: Collection[str] = ()
) -> EnvironmentComparison:
    """Both environments, which must exist, side by side; `only` names the deployments that are meant.

    Without it what the environments say of themselves is compared, too (compare_themselves). A deployment
    that is to end (`retire: true`) counts as not there.
    """
    entries = repository.environments[left], repository.environments[right]
    sides = tuple(_place(repository, entry) for entry in entries)
    unreadable = {
        f"{entry.name}/{name}": name for entry in entries for name in sorted(entry.faulty_deployments)
    }
    faulty = tuple(entry.name for entry in entries if entry.environment is None and not only)
    # What cannot be read on one side is not missing there: nothing can be said of it.
    names = (sides[0].keys() | sides[1].keys()) - set(unreadable.values())
    meant = sorted(name for name in names if not only or name in only)
    return EnvironmentComparison(
        left=left,
        right=right,
        deployments=tuple(_compare(name, sides[0].get(name), sides[1].get(name)) for name in meant),
        settings=() if only else compare_themselves(*entries),
        unreadable=(
            *faulty,
            *(title for title, name in unreadable.items() if not only or name in only),
        ),
    )


def _place(repository: Repository, entry: EnvironmentEntry) -> Mapping[str, PlacedDeployment]:
    environment = entry.environment
    if environment is not None and environment.declaration.retire:
        return {}
    placed = place_environment(repository, entry)
    return {item.name: item for item in placed if not item.entry.declaration.retire}


def _compare(
    name: str, left: PlacedDeployment | None, right: PlacedDeployment | None
) -> DeploymentComparison:
    shares = (_read_shares(left), _read_shares(right))
    settings = tuple(_compare_settings(left, right)) if left is not None and right is not None else ()
    return DeploymentComparison(
        name=name,
        left=shares[0],
        right=shares[1],
        variants=tuple(_pair(shares[0] or (), shares[1] or ())),
        settings=settings,
    )


def _read_shares(placed: PlacedDeployment | None) -> tuple[Share, ...] | None:
    if placed is None:
        return None
    return tuple(
        Share(
            predictor=item.predictor,
            version=item.predictor if item.variant.version is None else f"v{item.variant.version}",
            shadow=item.variant.shadow is not None,
            percent=item.variant.traffic or item.variant.shadow or 0,
        )
        for item in placed.variants
    )


def _pair(left: tuple[Share, ...], right: tuple[Share, ...]) -> Iterator[VariantChange]:
    before = {share.predictor: share for share in left}
    after = {share.predictor: share for share in right}
    for predictor, share in {**before, **after}.items():
        old, new = before.get(predictor), after.get(predictor)
        yield VariantChange(
            predictor=predictor,
            version=share.version,
            shadow=share.shadow,
            old=None if old is None else old.percent,
            new=None if new is None else new.percent,
        )


def _compare_settings(left: PlacedDeployment, right: PlacedDeployment) -> Iterator[SettingDifference]:
    if left.entry.declaration.model != right.entry.declaration.model:
        yield SettingDifference(field="model", left=(_say_model(left),), right=(_say_model(right),))
    sides = tuple(select_settings(list_settings(placed), SERVING) for placed in (left, right))
    for field in sorted({item.field for side in sides for item in side}):
        one, other = (tuple(item for item in side if item.field == field) for side in sides)
        if not _is_alike(one, other, left, right):
            yield SettingDifference(field=field, left=one, right=other)


def _say_model(placed: PlacedDeployment) -> Setting:
    value, document = placed.entry.declaration.model, placed.entry.document
    said = Said(
        field="model", layer="deployment", location=document.at("model"), path=("model",), value=value
    )
    return Setting(field="model", subjects=(), said=(said,))


def _is_alike(
    one: tuple[Setting, ...], other: tuple[Setting, ...], left: PlacedDeployment, right: PlacedDeployment
) -> bool:
    """Whether each variant has the same, or all variants of both sides have, whatever their versions are."""
    values = _read_values(one), _read_values(other)
    if values[0] == values[1]:
        return True
    # A field that only some variants have is no common one.
    whole = all(
        len(_read_predictors(side)) == len(placed.variants) for side, placed in ((one, left), (other, right))
    )
    every = [value for side in values for value in side.values()]
    return whole and all(value == every[0] for value in every)


def _read_values(settings: tuple[Setting, ...]) -> Mapping[str, Any]:
    return {subject: item.winner.value for item in settings for subject in item.subjects}


def _read_predictors(settings: tuple[Setting, ...]) -> set[str]:
    """The variants that the settings speak of; of a graph one node is enough."""
    return {subject.partition("/")[0] for item in settings for subject in item.subjects}
