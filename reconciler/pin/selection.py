"""Which versions a command line means. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from reconciler.pin.decision import Decision, Mode
from reconciler.policy.wording import suggest_name
from reconciler.settings import SettingsError
from reconciler.state.declarations import VersionRecord
from reconciler.state.repository import ModelEntry, Repository

_NUMBER = re.compile(r"v?([1-9][0-9]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One version of one model folder, its registered model, and its record if there is a readable one."""

    model: str
    version: int
    name: str
    recorded: VersionRecord | None

    @property
    def label(self) -> str:
        """What people call it: `wines v5`."""
        return f"{self.model} v{self.version}"

    @property
    def path(self) -> str:
        """Its record's place in the repository."""
        return f"models/{self.model}/versions/{self.version}.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Movable:
    """What was given in place of a version's number, for the registered model `name`."""

    word: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What to pin or compare, in the order given. `records` are all readable ones, by model and version."""

    wanted: tuple[Wanted, ...] = ()
    movable: tuple[Movable, ...] = ()
    records: tuple[tuple[str, int, VersionRecord], ...] = ()

    def add_record(self, wanted: Wanted, record: VersionRecord) -> Selection:
        """The selection with a record that was just written."""
        others = (entry for entry in self.records if entry[:2] != (wanted.model, wanted.version))
        return replace(self, records=(*others, (wanted.model, wanted.version, record)))

    def find_earlier(self, wanted: Wanted) -> tuple[str, VersionRecord] | None:
        """The record of the same model's version before this one: what people compare it with."""
        earlier = [
            (version, record)
            for model, version, record in self.records
            if model == wanted.model and version < wanted.version
        ]
        if not earlier:
            return None
        version, record = max(earlier, key=lambda pair: pair[0])
        return f"v{version}", record


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """How one wanted version ended; `earlier` names the version that it is compared with in words."""

    wanted: Wanted
    decision: Decision
    earlier: tuple[str, VersionRecord] | None = None


def select(repository: Repository, mode: Mode, model: str | None, versions: tuple[str, ...]) -> Selection:
    """What a command line means in this repository.

    Without versions: all records of the model; without a model: all records. Raises SettingsError where
    that is too little to go by, or the model is not declared.
    """
    if model is None or not versions:
        if mode is Mode.PIN:
            raise SettingsError(
                "say which versions to pin, by number, such as: modelsync pin wines 5. "
                "To compare the records that are there: modelsync pin --check."
            )
        names = sorted(repository.models) if model is None else [_find_model(repository, model).name]
        wanted = tuple(
            _want(repository, name, version)
            for name in names
            for version in sorted({*repository.models[name].records, *repository.models[name].faulty_records})
        )
        return Selection(wanted=wanted, records=_list_records(repository))
    entry = _find_model(repository, model)
    matches = {word: _NUMBER.fullmatch(word) for word in versions}
    numbers = dict.fromkeys(int(match.group(1)) for match in matches.values() if match)
    return Selection(
        wanted=tuple(_want(repository, entry.name, number) for number in numbers),
        movable=tuple(
            Movable(word=word, name=_registered(entry)) for word, match in matches.items() if match is None
        ),
        records=_list_records(repository),
    )


def select_records(repository: Repository, keys: Iterable[tuple[str, int]]) -> Selection:
    """The records of these models and versions, those that cannot be read, too. Raises SettingsError."""
    wanted = tuple(_want(repository, model, version) for model, version in keys)
    return Selection(wanted=wanted, records=_list_records(repository))


def _find_model(repository: Repository, name: str) -> ModelEntry:
    entry = repository.models.get(name)
    if entry is None:
        raise SettingsError(
            f"models/{name}/ does not exist.{suggest_name(name, repository.models)} A new model begins with: "
            f"modelsync add model {name} --registered-model NAME --owner @TEAM"
        )
    return entry


def _registered(entry: ModelEntry) -> str:
    if entry.model is None:
        raise SettingsError(
            f"models/{entry.name}/model.yaml is missing or cannot be read, so the registered model of "
            f"{entry.name} is not known; modelsync validate says what is wrong with it."
        )
    if entry.model.declaration.registry != "main":
        raise SettingsError(
            f"models/{entry.name}/model.yaml names registry {entry.model.declaration.registry}; "
            "this version reads only the one called main, that of MLFLOW_TRACKING_URI."
        )
    return entry.model.declaration.registered_model


def _want(repository: Repository, model: str, version: int) -> Wanted:
    entry = repository.models[model]
    record = entry.records.get(version)
    return Wanted(
        model=model,
        version=version,
        name=_registered(entry),
        recorded=None if record is None else record.declaration,
    )


def _list_records(repository: Repository) -> tuple[tuple[str, int, VersionRecord], ...]:
    return tuple(
        (name, version, record.declaration)
        for name, entry in sorted(repository.models.items())
        for version, record in sorted(entry.records.items())
    )
