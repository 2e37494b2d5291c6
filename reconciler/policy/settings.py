"""What is set of a deployment, field by field: by which layers, where, and for which variants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, get_args

from reconciler.policy.layers import MergedServing
from reconciler.policy.placed import PlacedDeployment, PlacedVariant
from reconciler.state.declarations import ContainerSettings, Declaration, Serving
from reconciler.state.documents import Location, PathKey
from reconciler.state.explanations import Said, Setting

SERVING = "serving"
VARIANT_FIELDS = ("version", "traffic", "shadow", "rollout", "name")
"""What a variant says of itself; no other layer can."""


def list_settings(placed: PlacedDeployment) -> tuple[Setting, ...]:
    """Every field that some layer sets, what variants say of themselves first, then by name.

    Blocks are told by their parts (`serving.resources.limits.memory`), since layers merge these one by one.
    Variants for which the same places say the same stand together.
    """
    # By places: values may be mappings, which are no keys.
    found: dict[tuple[tuple[str, Location, tuple[PathKey, ...]], ...], Setting] = {}
    for variant in placed.variants:
        for subject, said in _list_said(placed, variant):
            places = tuple((item.field, item.location, item.path) for item in said)
            known = found.get(places)
            subjects = (subject,) if known is None else (*known.subjects, subject)
            found[places] = Setting(field=said[0].field, subjects=subjects, said=said)
    return tuple(sorted(found.values(), key=_order))


def select_settings(settings: tuple[Setting, ...], field: str) -> tuple[Setting, ...]:
    """Those of one field, or of all parts of a block."""
    return tuple(item for item in settings if item.field == field or item.field.startswith(f"{field}."))


def is_known(field: str) -> bool:
    """Whether a declaration could set the field. Below a block whose keys are free every key is known."""
    if field in VARIANT_FIELDS or field == SERVING:
        return True
    names = _list_known()
    above = (field[:index] for index, letter in enumerate(field) if letter == ".")
    return field in names or any(names.get(name) for name in above)


def is_of_container(field: str) -> bool:
    """Whether each container of a graph has this field of `serving` for itself, in place of its Pods."""
    return field.split(".")[1:2] == [] or field.split(".")[1] in _container_fields()


def list_fields() -> tuple[str, ...]:
    """Every field that has a name of its own, what variants say of themselves first."""
    return (*VARIANT_FIELDS, *_list_known())


def suggest_fields(field: str, settings: tuple[Setting, ...]) -> tuple[str, ...]:
    """The nearest known names, three at most: also of fields that are called so at their end."""
    known = {*list_fields(), *(item.field for item in settings)}
    words: dict[str, list[str]] = {}
    for name in sorted(known, key=lambda name: (name.count("."), name)):
        words.setdefault(name.rpartition(".")[2], []).append(name)
    near = get_close_matches(field, sorted(known), n=3)
    alike = get_close_matches(field.rpartition(".")[2], sorted(words), n=1)
    same = [name for word in alike for name in words[word]]
    found = (*same, *near) if "." not in field else (*near, *same)
    return tuple(dict.fromkeys(found))[:3]


def _order(setting: Setting) -> tuple[int, str]:
    known = setting.field in VARIANT_FIELDS
    return (VARIANT_FIELDS.index(setting.field), "") if known else (len(VARIANT_FIELDS), setting.field)


def _list_said(placed: PlacedDeployment, variant: PlacedVariant) -> Iterator[tuple[str, tuple[Said, ...]]]:
    document = placed.entry.document
    for name in VARIANT_FIELDS:
        value = getattr(variant.variant, name)
        if value is not None:
            where = ("variants", variant.index, name)
            location = document.at(*where)
            said = Said(field=name, layer="variant", location=location, path=where, value=value)
            yield variant.predictor, (said,)
    if variant.variant.graph is None:
        yield from ((variant.predictor, said) for said in _list_serving(variant.serving))
        return
    # A node's container has layers of its own; what is about Pods is the variant's.
    for layers in _list_serving(variant.serving):
        if not is_of_container(layers[0].field):
            yield variant.predictor, layers
    for container in variant.containers:
        subject = f"{variant.predictor}/{container.name}"
        yield from ((subject, said) for said in _list_serving(container.serving))


def _list_serving(merged: MergedServing) -> Iterator[tuple[Said, ...]]:
    found: dict[tuple[str, ...], list[Said]] = {}
    for layer in merged.layers:
        for path, value in _list_leaves(layer.serving, ()):
            where = (*layer.path, *path)
            said = Said(
                field=".".join((SERVING, *path)),
                layer=layer.name,
                location=layer.document.at(*where),
                path=where,
                value=value,
            )
            found.setdefault(path, []).append(said)
    for path in sorted(found):
        yield tuple(found[path])


def _list_leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """What layers replace as a whole: scalars, lists, and the values of mappings."""
    if isinstance(value, Declaration):
        fields = type(value).model_fields
        for name in value.model_fields_set:
            below = getattr(value, name)
            if below is not None:
                yield from _list_own((*path, fields[name].alias or name), below)
    else:
        yield path, value


def _list_own(path: tuple[str, ...], value: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, Mapping):
        yield from (((*path, str(key)), item) for key, item in value.items())
    else:
        yield from _list_leaves(value, path)


@cache
def _container_fields() -> frozenset[str]:
    return frozenset(field.alias or name for name, field in ContainerSettings.model_fields.items())


@cache
def _list_known() -> Mapping[str, bool]:
    """Each field of `serving` by its name, and whether keys below it are free."""
    return dict(_walk(Serving, SERVING))


def _walk(kind: type[Declaration], path: str) -> Iterator[tuple[str, bool]]:
    for name, field in kind.model_fields.items():
        here = f"{path}.{field.alias or name}"
        kinds = (field.annotation, *get_args(field.annotation))
        yield here, any(_is_mapping(part) for part in kinds)
        for part in kinds:
            if isinstance(part, type) and issubclass(part, Declaration):
                yield from _walk(part, here)


def _is_mapping(part: Any) -> bool:
    origin = getattr(part, "__origin__", None)
    return isinstance(origin, type) and issubclass(origin, Mapping)
