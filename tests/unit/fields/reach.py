"""What a change of each declared field does: to manifests and plan, or by which rule it is refused.

The golden cases are the scenes, and one more that declares what they leave out. In each of them every key
is changed to other values, one at a time, and what comes out is compared. A field is named by its block and
its key: `Scaling.max`.
"""

from __future__ import annotations

import json
import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from reconciler.load.documents import load
from reconciler.load.layout import FileKind
from reconciler.load.worktree import read_worktree
from reconciler.policy.clusters import view_clusters
from reconciler.render.applyset import applyset_id, parent_name
from reconciler.render.renderer import render
from reconciler.resolve.resolver import resolve
from reconciler.state.declarations import Declaration
from reconciler.state.objects import COMMIT_ANNOTATION, DIGEST_ANNOTATION
from reconciler.state.repository import Repository
from reconciler.validate.checks import check
from reconciler.validate.kinds import TYPES

GOLDEN = Path(__file__).parents[2] / "golden"
SCENES = (Path(__file__).parent / "scene", *sorted(GOLDEN.glob("*/input")))

Files = Mapping[str, Any]
"""Path → value of each file of a repository."""

Steps = tuple[str | int, ...]

# Of what is refused wherever it is changed a few places are enough.
_MOST_PLACES = 4


@dataclass(slots=True)
class Effect:
    """What the changes of one field did.

    `paths` lie in the object, with [] for the items of lists, or in what the plan is told, in brackets;
    `rules` refused changes; `places` counts where it was tried.
    """

    paths: set[str] = field(default_factory=set)
    rules: set[str] = field(default_factory=set)
    places: int = 0


@dataclass(frozen=True, slots=True)
class Declared:
    """A key that a scene declares: its field, the fields around it, its file, the keys that lead to it, and
    the field's type.
    """

    name: str
    blocks: tuple[str, ...]
    file: str
    steps: Steps
    annotation: Any


def list_fields(without: frozenset[str] = frozenset()) -> Mapping[str, type[Declaration]]:
    """Every field of every block that can be declared, with its block; not what lies below `without`."""
    found: dict[str, type[Declaration]] = {}
    waiting: list[type[Declaration]] = list(TYPES.values())
    seen: set[type[Declaration]] = set()
    while waiting:
        block = waiting.pop(0)
        if block in seen:
            continue
        seen.add(block)
        for name, info in block.model_fields.items():
            field_name = name_field(block, info.alias or name)
            found[field_name] = block
            if field_name not in without:
                waiting += _blocks_in(info.annotation)
    return found


def name_field(block: type[Declaration], key: str) -> str:
    return f"{block.__name__}.{key}"


@cache
def find_effects() -> Mapping[str, Effect]:
    """The effect of every field that a scene declares. What a key does, the blocks around it do, too."""
    effects: dict[str, Effect] = {}
    for scene in SCENES:
        files, kinds = read_scene(scene)
        before = find_outcome(files)
        assert isinstance(before, dict), (scene, before)
        for declared in _walk_files(files, kinds):
            around = [effects.setdefault(name, Effect()) for name in (*declared.blocks, declared.name)]
            own = around[-1]
            if all(effect.paths for effect in around) or (own.rules and own.places >= _MOST_PLACES):
                continue
            own.places += 1
            for changed in _change(files, declared):
                after = find_outcome(changed)
                if not isinstance(after, dict):
                    own.rules |= after
                    continue
                found = set(_compare(before, after))
                for effect in around if found else ():
                    effect.paths |= found if not effect.paths else set()
                if found:
                    break
    return effects


def read_scene(scene: Path) -> tuple[dict[str, Any], dict[str, FileKind]]:
    """The value and kind of each file of a scene; its environments allow any name."""
    loaded = load(read_worktree(scene).files)
    files: dict[str, Any] = {}
    kinds: dict[str, FileKind] = {}
    for file in loaded.files:
        assert file.document is not None
        files[file.path], kinds[file.path] = _to_plain(file.document.value), file.place.kind
        if file.place.kind is FileKind.ENVIRONMENT:
            # What may be named is not the question here: any name may.
            keys = ("serviceAccounts", "secrets", "images", "priorityClasses")
            files[file.path]["allow"] = {key: ["*"] for key in keys}
    return files, kinds


def find_outcome(files: Files) -> dict[str, Any] | set[str]:
    """What is rendered and what the plan is told, or the rules that refuse the repository."""
    found = check(load({path: json.dumps(value).encode() for path, value in files.items()}))
    rules = {finding.rule for finding in found.findings if finding.is_error}
    return rules or _render(found.repository)


def _render(repository: Repository) -> dict[str, Any]:
    """Target and deployment → its manifest's body, and what else the plan is told of it."""
    outcome: dict[str, Any] = {}
    for name, entry in sorted(repository.environments.items()):
        assert entry.environment is not None
        for view in view_clusters(entry.environment.declaration):
            desired = resolve(repository, name, cluster=view.cluster)
            assert desired.faults == ()
            part_of = applyset_id(parent_name(name), desired.target.namespace)
            retired = {one: {"(retired)": True} for one in desired.retired}
            outcome[str(desired.target)] = {"": {"(retired)": desired.retire_all}, **retired}
            for manifest in render(desired, part_of=part_of, commit="0" * 40):
                body = json.loads(json.dumps(dict(manifest.body)))
                for annotation in (COMMIT_ANNOTATION, DIGEST_ANNOTATION):
                    del body["metadata"]["annotations"][annotation]
                told = {**body, "(adopted)": manifest.adopt, "(retired)": False}
                outcome[str(desired.target)][manifest.deployment] = told
    return outcome


def _walk_files(files: Files, kinds: Mapping[str, FileKind]) -> Iterator[Declared]:
    for file, value in files.items():
        yield from _walk(file, value, (), TYPES[kinds[file]], ())


def _walk(
    file: str, value: Any, steps: Steps, annotation: Any, blocks: tuple[str, ...]
) -> Iterator[Declared]:
    """Every key of a block in the value, and those of the blocks below it."""
    for choice in _choices(annotation):
        if _is_block(choice) and isinstance(value, dict):
            for python_name, info in choice.model_fields.items():
                key = info.alias or python_name
                if key in value:
                    name, below = name_field(choice, key), (*steps, key)
                    yield Declared(name, blocks, file, below, info.annotation)
                    yield from _walk(file, value[key], below, info.annotation, (*blocks, name))
        elif get_origin(choice) is tuple and isinstance(value, list):
            for index, item in enumerate(value):
                yield from _walk(file, item, (*steps, index), get_args(choice)[0], blocks)
        elif _is_mapping(choice) and isinstance(value, dict):
            for key, item in value.items():
                yield from _walk(file, item, (*steps, key), get_args(choice)[1], blocks)


def _change(files: Files, declared: Declared) -> Iterator[Files]:
    """The files with other values of the declared key, and without it."""
    value = files[declared.file]
    for step in declared.steps:
        value = value[step]
    for other in _others(value, declared, files):
        yield {**files, declared.file: _put(files[declared.file], declared.steps, other)}
    yield {**files, declared.file: _put(files[declared.file], declared.steps, None)}


def _others(value: Any, declared: Declared, files: Files) -> Iterator[Any]:
    literals = [
        word
        for choice in _choices(declared.annotation)
        if get_origin(choice) is Literal
        for word in get_args(choice)
    ]
    if literals:
        yield from (word for word in literals if word != value)
    elif isinstance(value, str) and declared.name.endswith(".model"):
        yield from sorted({path.split("/")[1] for path in files if path.startswith("models/")} - {value})
    else:
        yield from _vary(value)


def _vary(value: Any) -> Iterator[Any]:
    """Other values of the same kind."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (other for other in (value + 1, value - 1, *range(1, 9)) if other != value)
    elif isinstance(value, float):
        yield value / 2
    elif isinstance(value, str):
        last = re.search(r"[0-8](?=[^0-9]*\Z)", value)
        if last is not None:
            yield value[: last.start()] + str(int(last[0]) + 1) + value[last.end() :]
        yield f"{value}x"
    elif isinstance(value, list) and value:
        yield from ([*value[:-1], other] for other in _vary(value[-1]) if not isinstance(other, (dict, list)))
        if len(value) > 1:
            yield value[:-1]
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from ({**value, key: other} for other in _vary(item) if not isinstance(other, (dict, list)))


def _put(value: Any, steps: Steps, other: Any) -> Any:
    """The value with another one at the steps; None takes the key away."""
    step, *rest = steps
    if not rest and other is None:
        return {key: item for key, item in value.items() if key != step}
    changed = other if not rest else _put(value[step], tuple(rest), other)
    if isinstance(value, list):
        return [changed if index == step else item for index, item in enumerate(value)]
    return {**value, step: changed}


def _compare(before: Any, after: Any, path: str = "", level: int = 0) -> Iterator[str]:
    """The paths at which two outcomes differ, from the object's own root: two levels lead to it."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in {**before, **after}:
            below = "" if level < _OBJECT_LEVEL else f"{path}.{key}".removeprefix(".")
            if key not in before or key not in after:
                yield below or "(the object)"
            else:
                yield from _compare(before[key], after[key], below, level + 1)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for one, other in zip(before, after, strict=True):
            yield from _compare(one, other, f"{path}[]", level + 1)
    elif before != after:
        yield path


_OBJECT_LEVEL = 2


def _blocks_in(annotation: Any) -> list[type[Declaration]]:
    if _is_block(annotation):
        return [annotation]
    return [block for argument in get_args(annotation) for block in _blocks_in(argument)]


def _choices(annotation: Any) -> tuple[Any, ...]:
    """The types that a value may have: those of a union, without what only annotates them."""
    if get_origin(annotation) is Annotated:
        return _choices(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(choice for argument in get_args(annotation) for choice in _choices(argument))
    return (annotation,)


def _is_block(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Declaration)


def _is_mapping(annotation: Any) -> bool:
    origin = get_origin(annotation)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _to_plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _to_plain(item) for key, item in value.items()}
    return [_to_plain(item) for item in value] if isinstance(value, tuple) else value
