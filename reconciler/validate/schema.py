"""The JSON Schemas of all declarations, generated from their types.

Editors complete and check by them (the modeline in the first line of each file names its schema), and the
messages of `parse` take from them what was expected.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from reconciler.load.layout import FileKind
from reconciler.load.yaml import read
from reconciler.policy.rules import list_rules
from reconciler.state.documents import Value
from reconciler.validate.kinds import TYPES

DIALECT = "https://json-schema.org/draft/2020-12/schema"
BASE = "https://modelsync.dev/schemas/"

Schema = dict[str, Any]

_EXAMPLES_SHOWN = 3


@cache
def schema_of(kind: FileKind) -> Mapping[str, Any]:
    """The JSON Schema (draft 2020-12) of one kind of file; not to be changed."""
    generated = TYPES[kind].model_json_schema()
    if kind is FileKind.ENVIRONMENT:
        _name_rules(generated)
    schema: Schema = _simplify(generated)
    example = example_of(kind)
    for property_schema, value in _pair(schema, example, schema):
        _add_example(property_schema, value)
    identity = {"$schema": DIALECT, "$id": f"{BASE}{file_name(kind)}"}
    return {**identity, **schema, "examples": [_to_lists(example)]}


def schema_files() -> Mapping[str, bytes]:
    """File name → JSON text of all schemas, as they lie in `schemas/`."""
    return {
        file_name(kind): f"{json.dumps(schema_of(kind), indent=2, ensure_ascii=False)}\n".encode()
        for kind in FileKind
    }


def file_name(kind: FileKind) -> str:
    """The schema's file in `schemas/`."""
    return f"{kind.value}.schema.json"


def example_text(kind: FileKind) -> bytes:
    """A complete example of one kind of file."""
    return (files("reconciler.validate") / "examples" / f"{kind.value}.yaml").read_bytes()


def example_of(kind: FileKind) -> Value:
    """The value of the kind's example."""
    document = read(f"{kind.value}.yaml", example_text(kind)).document
    return document.value if document else None


def resolve_reference(node: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema that a node stands for: its own, or the one it refers to with its own words added."""
    if "$ref" not in node:
        return node
    target = root["$defs"][node["$ref"].rpartition("/")[2]]
    return {**target, **{key: value for key, value in node.items() if key != "$ref"}}


def _name_rules(schema: Schema) -> None:
    """Say in the schema which rules there are: what a type in `state` cannot know."""
    block = schema["$defs"]["Rules"]
    value = block["additionalProperties"]
    schema["$defs"]["RuleValue"] = {"title": "RuleValue", "description": "A rule's setting.", **value}
    block["additionalProperties"] = False
    block["properties"] = {
        rule.id: {
            "$ref": "#/$defs/RuleValue",
            "title": _make_title(rule.id),
            "description": f"{rule.title}. Grade: {rule.grade.value}."
            + (f" Parameter: {rule.parameter.form}." if rule.parameter is not None else ""),
        }
        for rule in list_rules().values()
    }


def _simplify(schema: Any, key: str = "") -> Any:
    """Drop null (absent keys say the same), and give properties readable titles."""
    if isinstance(schema, list):
        return [_simplify(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "anyOf" in schema:
        schema = _drop_null(schema)
    simplified: Schema = {}
    for name, value in schema.items():
        if name == "default" and value is None:
            continue
        if name in ("properties", "$defs"):
            simplified[name] = {child: _simplify(below, child) for child, below in value.items()}
            continue
        simplified[name] = _simplify(value)
    if key and "$ref" not in simplified and not key[:1].isupper():
        simplified["title"] = _make_title(key)
    return simplified


def _drop_null(schema: Schema) -> Schema:
    choices = [choice for choice in schema["anyOf"] if choice != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    return {**choices[0], **rest} if len(choices) == 1 else {**rest, "anyOf": choices}


def _make_title(key: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", key).replace("-", " ").lower()
    return words[:1].upper() + words[1:]


def _pair(node: Schema, value: Value, root: Schema) -> Iterator[tuple[Schema, Value]]:
    """Each scalar of an example, with the property that it is a value of."""
    if "$ref" in node:
        node = root["$defs"][node["$ref"].rpartition("/")[2]]
    if isinstance(value, Mapping):
        properties = node.get("properties", {})
        further = node.get("additionalProperties")
        for key, below in value.items():
            child = properties.get(key, further)
            yield from _pair(child if isinstance(child, dict) else {}, below, root)
    elif isinstance(value, tuple):
        for below in value:
            yield from _pair(node.get("items", {}), below, root)
    elif "type" in node or "anyOf" in node:
        yield node, value


def _add_example(node: Schema, value: Value) -> None:
    examples = node.setdefault("examples", [])
    if value not in examples and len(examples) < _EXAMPLES_SHOWN:
        examples.append(value)


def _to_lists(value: Value) -> Any:
    if isinstance(value, Mapping):
        return {key: _to_lists(below) for key, below in value.items()}
    if isinstance(value, tuple):
        return [_to_lists(below) for below in value]
    return value


def main(arguments: list[str]) -> None:
    """Write all schemas into a folder: `python -m reconciler.validate.schema schemas`."""
    (folder,) = arguments
    for name, content in schema_files().items():
        (Path(folder) / name).write_bytes(content)


if __name__ == "__main__":
    main(sys.argv[1:])
