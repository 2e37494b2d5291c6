"""Field-level differences between two bodies, as small tuples that people can read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.state.objects import Body
from reconciler.state.plans import FieldChange

_ABSENT = object()


def diff(old: Any, new: Any, path: str = "") -> tuple[FieldChange, ...]:
    """All differences from `old` to `new`, in the order of `new`, removed ones last at each level.

    Items of a sequence are matched by their `name` where all have one (`spec.predictors[v3].traffic`),
    by position elsewhere. A value that exists on one side only is one change, not one for each leaf.
    """
    return tuple(_compare(old, new, path))


def diff_owned(live: Body, manifest: Body, owned: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """Differences from a live object to our manifest, in the fields that are ours to decide.

    Ours is what the manifest says, and what `owned` (the `fieldsV1` tree of our field manager) still
    holds though the manifest no longer says it. Fields of others beside ours in a mapping are left out.
    Sequences are atomic in the SeldonDeployment's schema, so they are compared whole.
    """
    return tuple(_compare_owned(live, manifest, owned, ""))


def join_path(path: str, key: str) -> str:
    """The path of a mapping's key below `path`, as people read it: `metadata.labels[modelsync.dev/model]`."""
    # Keys such as modelsync.dev/commit contain dots, which would read as a deeper path.
    shown = f"[{key}]" if "." in key or "/" in key else key
    return f"{path}{shown}" if shown.startswith("[") or not path else f"{path}.{shown}"


def _compare(old: Any, new: Any, path: str) -> Iterator[FieldChange]:
    if old is _ABSENT:
        yield FieldChange(sign="+", path=path, new=new)
    elif new is _ABSENT:
        yield FieldChange(sign="-", path=path, old=old)
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _compare_keys(old, new, lambda key: join_path(path, key))
    elif _is_list(old) and _is_list(new):
        yield from _compare_items(old, new, path)
    elif not _same(old, new):
        yield FieldChange(sign="~", path=path, old=old, new=new)


def _compare_keys(old: Mapping[Any, Any], new: Mapping[Any, Any], name: Any) -> Iterator[FieldChange]:
    for key in new:
        yield from _compare(old.get(key, _ABSENT), new[key], name(key))
    for key in old:
        if key not in new:
            yield from _compare(old[key], _ABSENT, name(key))


def _compare_items(old: Sequence[Any], new: Sequence[Any], path: str) -> Iterator[FieldChange]:
    def name(key: Any) -> str:
        return f"{path}[{key}]"

    if not (_are_named(old) and _are_named(new)):
        yield from _compare_keys(dict(enumerate(old)), dict(enumerate(new)), name)
        return
    before = {item["name"]: item for item in old}
    after = {item["name"]: item for item in new}
    yield from _compare_keys(before, after, name)
    kept = [key for key in after if key in before]
    if kept != [key for key in before if key in after]:
        yield FieldChange(sign="~", path=f"{path} (order)", old=list(before), new=list(after))


def _compare_owned(live: Any, manifest: Any, owned: Any, path: str) -> Iterator[FieldChange]:
    if not (isinstance(live, Mapping) and isinstance(manifest, Mapping)):
        yield from _compare(live, manifest, path)
        return
    for key in manifest:
        below = owned.get(f"f:{key}", {}) if isinstance(owned, Mapping) else {}
        yield from _compare_owned(live.get(key, _ABSENT), manifest[key], below, join_path(path, key))
    for key in live:
        if key not in manifest and isinstance(owned, Mapping) and f"f:{key}" in owned:
            yield from _compare(live[key], _ABSENT, join_path(path, key))


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _are_named(items: Sequence[Any]) -> bool:
    names = [
        item["name"] for item in items if isinstance(item, Mapping) and isinstance(item.get("name"), str)
    ]
    return len(names) == len(items) and len(set(names)) == len(names)


def _same(old: Any, new: Any) -> bool:
    return type(old) is type(new) and bool(old == new)
