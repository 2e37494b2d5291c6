"""What a schema asks for at a place, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from reconciler.state.documents import PathKey
from reconciler.state.written import (
    Address,
    Bounds,
    ClockTime,
    Digest,
    Duration,
    Quantity,
    Sha256,
    Share,
    Timestamp,
    WeekTime,
)
from reconciler.validate.schema import resolve_reference

Node = Mapping[str, Any]

_WRITTEN_FORMS = (
    Address,
    Bounds,
    ClockTime,
    Digest,
    Duration,
    Quantity,
    Sha256,
    Share,
    Timestamp,
    WeekTime,
)

_PLAIN_TYPES = {"string": "text", "number": "a number", "boolean": "true or false", "array": "a list"}


def find_node(root: Node, path: Sequence[PathKey]) -> Node:
    """The schema of the value at `path`; empty, which allows anything, where the schema does not say."""
    node = resolve_reference(root, root)
    for step in path:
        node = resolve_reference(_descend(node, step), root)
    return node


def known_keys(node: Node) -> tuple[str, ...]:
    """The keys that a block may have; empty where any name will do."""
    names = node.get("properties") or node.get("propertyNames", {}).get("enum", ())
    return tuple(names)


def find_owner(node: Node, root: Node, key: str) -> str:
    """The key of a block inside this one that knows `key`; empty if none does."""
    for name, child in node.get("properties", {}).items():
        if key in known_keys(resolve_reference(child, root)):
            return str(name)
    return ""


def describe(node: Node) -> str:
    """What the schema asks for: "a whole number from 0 to 100"."""
    if "anyOf" in node:
        return _describe_choices(node["anyOf"])
    if "pattern" in node:
        return _forms()[node["pattern"]]
    if "enum" in node:
        return f"one of {', '.join(node['enum'])}"
    if "const" in node:
        return str(node["const"])
    if node.get("type") == "integer":
        return _describe_integer(node)
    if node.get("type") == "object":
        names = known_keys(node)
        return f"a block with the keys {', '.join(names)}" if names else "a block of keys and values"
    return _PLAIN_TYPES.get(str(node.get("type")), "a value")


@cache
def _forms() -> Mapping[str, str]:
    """What each pattern stands for. A key's own description says what it is for, not how it is written."""
    schemas = (TypeAdapter(form).json_schema() for form in _WRITTEN_FORMS)
    return {schema["pattern"]: _continue_sentence(schema["description"]) for schema in schemas}


def _continue_sentence(text: str) -> str:
    return (text[:1].lower() + text[1:]).rstrip(".")


def _describe_choices(choices: Sequence[Node]) -> str:
    has_number = any(choice.get("type") == "number" for choice in choices)
    shown = [choice for choice in choices if not (has_number and choice.get("type") == "integer")]
    return ", or ".join(describe(choice) for choice in shown)


def _describe_integer(node: Node) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    if low is not None and high is not None:
        return f"a whole number from {low} to {high}"
    return "a whole number" if low is None else f"a whole number from {low}"


def _descend(node: Node, step: PathKey) -> Node:
    if isinstance(step, int):
        # Of a value that may be one or several, the several.
        node = next((choice for choice in node.get("anyOf", ()) if choice.get("type") == "array"), node)
        items = node.get("prefixItems", ())
        found = items[step] if step < len(items) else node.get("items")
    else:
        found = node.get("properties", {}).get(step, node.get("additionalProperties"))
    return found if isinstance(found, Mapping) else {}
