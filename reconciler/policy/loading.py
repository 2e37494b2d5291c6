"""Whether a server's image can load a model version, by what its record says of how it was saved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.policy.abilities import Ability, StockImage
from reconciler.policy.versions import is_within
from reconciler.policy.wording import join_words
from reconciler.state.declarations import Loader, Loads, VersionRecord

PACK = "environment.tar.gz"
"""A packed environment beside MLmodel; MLServer's images run the model in it."""

PYFUNC = "python_function"
_OWN_IMAGE = "set serving.image to one that can"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why an image cannot load a version, as a clause about the version, and what to do."""

    reason: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Nobody knows whether an image loads a version: what is not known of the image, as a clause."""

    reason: str


def judge_loading(ability: Ability, record: VersionRecord) -> Fault | Unknown | None:
    """Why the image cannot load the version, or what is not known of that; None if it can.

    A record that names no flavours says nothing that could be judged.
    """
    loader = record.loader
    if not loader.flavours:
        return None
    if ability.stock is None and ability.loads is None:
        return Unknown(reason=f"what {ability.image} can load is not known")
    if PACK in record.identity.files and (ability.stock is None or ability.stock.takes_pack):
        return None
    fault = next(_find_faults(ability, record), None)
    return fault or _find_gap(ability, loader)


def saved_format(loader: Loader) -> str:
    """The serialization format of what a server loads; empty where the record names none."""
    return str(_main_facts(loader).get("serialization") or "")


def find_library(loader: Loader) -> str:
    """The flavour whose library a model is of: `sklearn` for one that pyfunc loads with mlflow.sklearn."""
    module = _facts(loader, PYFUNC).get("loader", "")
    named = str(module).removeprefix("mlflow.")
    if named in loader.flavours:
        return named
    return next((name for name in sorted(loader.flavours) if name != PYFUNC), PYFUNC)


def _find_faults(ability: Ability, record: VersionRecord) -> Iterator[Fault]:
    if ability.stock is not None:
        yield from _find_missing(ability.stock, record)
    formats, saved = _known_formats(ability), saved_format(record.loader)
    if formats and saved and saved not in (*formats, *_not_known(ability)):
        yield _refuse_format(ability, record.loader, formats, saved)
    if ability.loads is not None:
        yield from _find_outside(ability.loads, record.loader)


def _find_missing(stock: StockImage, record: VersionRecord) -> Iterator[Fault]:
    if stock.flavour and stock.flavour not in record.loader.flavours:
        has = join_words(sorted(record.loader.flavours))
        yield Fault(
            reason=f"it has no flavour {stock.flavour}, which the image loads; it has {has}",
            advice=f"Log the model with a flavour of MLflow that adds {stock.flavour}, or {_OWN_IMAGE}.",
        )
    if stock.files and not set(stock.files) & set(record.identity.files):
        wanted = join_words(stock.files, "or")
        yield Fault(
            reason=f"the image loads {wanted}, and the version has no such file",
            advice="Serve it with server: mlflow, which reads MLmodel, "
            f"log it with a file of that name, or {_OWN_IMAGE}.",
        )


def _refuse_format(ability: Ability, loader: Loader, formats: tuple[str, ...], saved: str) -> Fault:
    stock = ability.stock
    by = f" by MLflow {loader.mlflow}" if loader.mlflow else ""
    has = f"has MLflow {stock.mlflow} and " if stock is not None and stock.mlflow else ""
    other = "cloudpickle" if "cloudpickle" in formats and saved == "skops" else formats[0]
    pack = f"pack its environment beside it ({PACK}), " if stock is None or stock.takes_pack else ""
    return Fault(
        reason=f"it is saved as {saved}{by}; the image {has}loads {join_words(formats)}",
        advice=f'Log the model with serialization_format="{other}", {pack}or {_OWN_IMAGE}.',
    )


def _find_outside(loads: Loads, loader: Loader) -> Iterator[Fault]:
    said: list[tuple[str, str | None, str | None]] = [
        ("MLflow", loader.mlflow, loads.mlflow),
        ("Python", loader.python, loads.python),
    ]
    for flavour, limits in (loads.libraries or {}).items():
        found = _facts(loader, flavour).get("version")
        said.append((flavour, None if found is None else str(found), limits))
    for name, version, bounds in said:
        if version is not None and bounds is not None and is_within(version, bounds) is False:
            yield Fault(
                reason=f"it is saved by {name} {version}; the image loads {bounds}",
                advice=f"Log the model with {name} {bounds}, or {_OWN_IMAGE}.",
            )


def _find_gap(ability: Ability, loader: Loader) -> Unknown | None:
    saved = saved_format(loader)
    if saved and saved in _not_known(ability):
        return Unknown(reason=f"whether {ability.image} loads {saved} is not known")
    return None


def _known_formats(ability: Ability) -> tuple[str, ...]:
    if ability.loads is not None and ability.loads.formats is not None:
        return ability.loads.formats
    return ability.stock.formats if ability.stock is not None else ()


def _not_known(ability: Ability) -> tuple[str, ...]:
    if ability.stock is None or (ability.loads is not None and ability.loads.formats is not None):
        return ()
    return ability.stock.not_known


def _main_facts(loader: Loader) -> Mapping[str, Any]:
    return _facts(loader, find_library(loader))


def _facts(loader: Loader, flavour: str) -> Mapping[str, Any]:
    facts = loader.flavours.get(flavour)
    return facts if isinstance(facts, Mapping) else {}
