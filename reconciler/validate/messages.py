"""Faults of a document against its type, as findings in our own words.

The parser of types says what kind of fault it met and where; what was expected is taken from the schema,
so that every message names it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic_core import ErrorDetails

from reconciler.load.layout import FileKind
from reconciler.state.documents import Document, Location, PathKey, Value
from reconciler.state.findings import Finding, Grade
from reconciler.validate.expectations import Node, describe, find_node, find_owner, known_keys
from reconciler.validate.schema import schema_of

Path = tuple[PathKey, ...]

_SHOWN = 60
_RANGES = frozenset({"greater_than_equal", "less_than_equal", "too_short", "too_long", "string_too_short"})
_FORMS = frozenset({"string_pattern_mismatch", "literal_error"})
_KEY_FAULT = "[key]"
_WHOLE_NUMBER = re.compile(r"[vV]?([1-9][0-9]{0,8})")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """A kind of fault at a path. `is_key` tells that the key itself is wrong, not its value."""

    type: str
    path: Path
    is_key: bool = False


def describe_faults(kind: FileKind, document: Document, errors: Iterable[ErrorDetails]) -> Iterator[Finding]:
    """One finding for each fault; the several errors of a value that may have several forms are one."""
    root = schema_of(kind)
    faults = [_place(document.value, error) for error in errors]
    misspelt = {_correct(fault.path, root) for fault in faults if fault.is_key}
    seen: set[Path] = set()
    # Of a value that may have several forms, the form that came closest says most.
    for fault in sorted(faults, key=lambda fault: fault.type not in _RANGES | _FORMS):
        if fault.type == "missing":
            if fault.path not in misspelt:
                yield _refuse_missing(document, fault.path, root)
        elif fault.is_key:
            yield _refuse_key(document, fault.path, root)
        elif fault.path not in seen and not _is_echo(document.value, fault, faults):
            seen.add(fault.path)
            yield _refuse_value(document, fault, root)


def describe_nulls(kind: FileKind, document: Document) -> Iterator[tuple[Path, Finding]]:
    """A finding, with its path, for each `null` where the schema asks for something."""
    for path in _find_nulls(document.value, ()):
        # Making a schema takes longer than checking a hundred files, and hardly any file holds a null.
        node = find_node(schema_of(kind), path)
        if node:
            yield (
                path,
                _finding(
                    "value-type",
                    document.at(*path),
                    f"{_name(path)} is null, which says nothing; expected {describe(node)}.",
                    "Write a value, or remove the key.",
                ),
            )


def _find_nulls(value: Value, path: Path) -> Iterator[Path]:
    if value is None:
        yield path
    elif isinstance(value, Mapping):
        for key, below in value.items():
            if below is None or not isinstance(below, (str, int, float)):
                yield from _find_nulls(below, (*path, key))
    elif isinstance(value, tuple):
        for index, below in enumerate(value):
            yield from _find_nulls(below, (*path, index))


def _place(value: Value, error: ErrorDetails) -> _Fault:
    """The path in the document; the parser also names the alternatives that it tried, and faulty keys."""
    steps: list[PathKey] = []
    location = error["loc"]
    for index, step in enumerate(location):
        if error["type"] == "missing" and index == len(location) - 1:
            steps.append(step)
        elif isinstance(value, Mapping) and step in value:
            steps.append(step)
            value = value[str(step)]
        elif isinstance(value, tuple) and isinstance(step, int) and step < len(value):
            steps.append(step)
            value = value[step]
    is_key = error["type"] == "extra_forbidden" or _KEY_FAULT in location
    return _Fault(type=error["type"], path=tuple(steps), is_key=is_key)


def _correct(path: Path, root: Node) -> Path:
    """The path with the known key that its last one comes close to; empty if there is none."""
    near = _find_nearest(str(path[-1]), known_keys(find_node(root, path[:-1])))
    return (*path[:-1], near) if near else ()


def _is_echo(document: Value, fault: _Fault, faults: Sequence[_Fault]) -> bool:
    """Whether a list is faulty only for its items: too short without them, or no single value."""
    if fault.type == "too_short":
        return bool(_value_at(document, fault.path))
    if fault.type not in _FORMS or not isinstance(_value_at(document, fault.path), tuple):
        return False
    return any(
        len(one.path) > len(fault.path) and one.path[: len(fault.path)] == fault.path for one in faults
    )


def _refuse_missing(document: Document, path: Path, root: Node) -> Finding:
    key = path[-1]
    node = find_node(root, path)
    hint = str(node.get("description", "")) if "pattern" not in node else ""
    return _finding(
        "required-keys",
        document.at(*path[:-1]),
        f'the key "{key}" is missing here; expected {describe(node)}.',
        hint,
    )


def _refuse_key(document: Document, path: Path, root: Node) -> Finding:
    key = str(path[-1])
    location = document.key(*path)
    near = _correct(path, root)
    if near:
        return _finding("known-keys", location, f'unknown key {_show(key)}; did you mean "{near[-1]}"?')
    parent = find_node(root, path[:-1])
    owner = find_owner(parent, root, key)
    known = ", ".join(known_keys(parent))
    advice = f'It belongs into the block "{owner}".' if owner else f"Known here: {known}."
    return _finding("known-keys", location, f"unknown key {_show(key)}.", advice)


def _refuse_value(document: Document, fault: _Fault, root: Node) -> Finding:
    value = _value_at(document.value, fault.path)
    node = find_node(root, fault.path)
    location = document.at(*fault.path)
    if fault.path[-1:] == ("version",):
        return _refuse_version(location, value)
    rule = "value-range" if fault.type in _RANGES else "value-form" if fault.type in _FORMS else "value-type"
    if rule == "value-type":
        message = f"{_name(fault.path)} is {_say_what(value)}; expected {describe(node)}."
    else:
        message = f"{_name(fault.path)} is {_show(value)}; expected {_describe_filled(node)}."
    return _finding(rule, location, message, _suggest(value, node))


def _refuse_version(location: Location, value: Value) -> Finding:
    rule = "versions-are-pinned"
    number = _WHOLE_NUMBER.fullmatch(value) if isinstance(value, str) else None
    if number:
        message = f"version {_show(value)} is text; expected a whole number from 1."
        return _finding(rule, location, message, f"Write {number.group(1)}, without quotes.")
    if isinstance(value, str):
        message = f"version {_show(value)} is an alias or stage, which moves; expected a whole number from 1."
        return _finding(rule, location, message, "Pin the number that it stands for now.")
    message = f"version is {_say_what(value)}; expected a whole number from 1."
    return _finding(rule, location, message, "Write the number of a registry version.")


def _describe_filled(node: Node) -> str:
    if node.get("minItems") == 1:
        return "at least one item"
    return "some text" if node.get("minLength") == 1 else describe(node)


def _suggest(value: Value, node: Node) -> str:
    """What to write instead, where the value tells what was meant."""
    choices = list(node.get("anyOf", (node,)))
    types = {choice.get("type") for choice in choices}
    if isinstance(value, str):
        words = [word for choice in choices for word in choice.get("enum", ())]
        near = _find_nearest(value, words, cutoff=0.6)
        if near:
            return f'Did you mean "{near}"?'
        if value in ("true", "false") and "boolean" in types:
            return f"Write {value}, without quotes."
        if types & {"integer", "number"} and re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", value):
            return f"Write {value}, without quotes."
        return f"Write [{_show(value)}]." if "array" in types and value else ""
    if isinstance(value, (bool, int, float)) and any(_is_text(choice, value) for choice in choices):
        return f"Write {_quote(value)}, in quotes."
    return ""


def _is_text(choice: Node, value: bool | int | float) -> bool:
    """Whether the schema would take the value if it stood in quotes."""
    form = choice.get("pattern", "")
    return choice.get("type") == "string" and bool(re.search(form, json.dumps(value)))


def _say_what(value: Value) -> str:
    """The value and its type: `the text "5"`, `the number 5`, `a list`."""
    if isinstance(value, str):
        return f"the text {_show(value)}" if value else "empty text"
    if isinstance(value, bool):
        return _show(value)
    if isinstance(value, (int, float)):
        return f"the number {_show(value)}"
    if isinstance(value, tuple):
        return "a list"
    return "a block of keys and values" if isinstance(value, Mapping) else "null"


def _show(value: Value) -> str:
    if isinstance(value, tuple):
        return "an empty list" if not value else "a list"
    text = json.dumps(value, ensure_ascii=not str(value).isprintable())
    return text if len(text) <= _SHOWN else f'{text[: _SHOWN - 4]}..."'


def _quote(value: bool | int | float) -> str:
    return f'"{json.dumps(value)}"'


def _name(path: Path) -> str:
    """The nearest key, with the place in its list: `traffic`, `owners item 2`; `the file` for the whole."""
    keys = [step for step in path if isinstance(step, str)]
    if not keys:
        return "the file"
    last = path[-1]
    return f"{keys[-1]} item {last + 1}" if isinstance(last, int) else keys[-1]


def _value_at(value: Any, path: Path) -> Value:
    for step in path:
        value = value[step]
    found: Value = value
    return found


def _find_nearest(word: str, known: Sequence[str], *, cutoff: float = 0.7) -> str:
    folded = {_fold(name): name for name in known}
    near = get_close_matches(_fold(word), list(folded), n=1, cutoff=cutoff)
    return folded[near[0]] if near else ""


def _fold(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def _finding(rule: str, location: Location, message: str, advice: str = "") -> Finding:
    return Finding(rule=rule, grade=Grade.HARD, location=location, message=message, advice=advice)
