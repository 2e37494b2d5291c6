"""What two environments say of themselves: platform, rules, artifacts and such, where they are not alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.state.comparisons import SettingDifference
from reconciler.state.declarations import Environment, Platform
from reconciler.state.documents import PathKey
from reconciler.state.explanations import Said, Setting
from reconciler.state.repository import Entry, EnvironmentEntry

_LAYER = "environment"
# Names, namespaces and owners are each one's own.
_COMPARED = ("allow", "auto", "clusters", "drift", "platform", "protected")
# What holds where nothing is said: the same said in one file alone is no difference.
_DEFAULTS: Mapping[str, Any] = {
    **{f"platform.{name}": Platform.model_fields[name].default for name in ("target", "ingress", "keda")},
    **{name: Environment.model_fields[name].default for name in ("drift", "protected")},
}


def compare_themselves(left: EnvironmentEntry, right: EnvironmentEntry) -> tuple[SettingDifference, ...]:
    """The fields of what is compared, of rules and of artifacts that differ, in order of their names.

    Nothing is said where a side cannot be read, or is to end.
    """
    entries = (left.environment, right.environment)
    if any(entry is None or entry.declaration.retire for entry in entries):
        return ()
    one, other = ({said.field: said for said in _list_all(entry)} for entry in entries if entry is not None)
    return tuple(
        SettingDifference(field=field, left=_set(one.get(field)), right=_set(other.get(field)))
        for field in sorted(one.keys() | other.keys())
        if _read(field, one.get(field)) != _read(field, other.get(field))
    )


def _set(said: Said | None) -> tuple[Setting, ...]:
    return () if said is None else (Setting(field=said.field, subjects=(), said=(said,)),)


def _read(field: str, said: Said | None) -> Any:
    value = _DEFAULTS.get(field) if said is None else said.value
    # One item may stand for a list of one.
    return value[0] if isinstance(value, tuple) and len(value) == 1 else value


def _list_all(entry: Entry[Environment]) -> Iterator[Said]:
    written = entry.document.value
    if not isinstance(written, Mapping):
        return
    for name in _COMPARED:
        yield from _list_below(entry, name, (name,), written.get(name))
    rules = written.get("rules")
    for rule, value in rules.items() if isinstance(rules, Mapping) else ():
        # A bare value is the main parameter.
        bare = value["value"] if isinstance(value, Mapping) and set(value) == {"value"} else value
        yield _say(entry, f"rules.{rule}", ("rules", rule), bare)
    for index, item in enumerate(entry.declaration.artifacts):
        names = [f"from={item.from_}", *([f"registry={item.registry}"] if item.registry != "main" else [])]
        field = f"artifacts[{','.join(names)}]"
        for name, value in (("to", item.to), ("secret", item.secret)):
            if value is not None:
                yield _say(entry, f"{field}.{name}", ("artifacts", index, name), value)


def _list_below(
    entry: Entry[Environment], field: str, path: tuple[PathKey, ...], value: Any
) -> Iterator[Said]:
    """The values that are no mappings, each with the names that lead to it."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _list_below(entry, f"{field}.{key}", (*path, key), item)
    elif value is not None:
        yield _say(entry, field, path, value)


def _say(entry: Entry[Environment], field: str, path: tuple[PathKey, ...], value: Any) -> Said:
    return Said(field=field, layer=_LAYER, location=entry.document.at(*path), path=path, value=value)
