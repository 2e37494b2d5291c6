"""The JSON Schemas: what editors are told is what the program accepts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reconciler.load.documents import load
from reconciler.load.layout import FileKind
from reconciler.load.worktree import read_worktree
from reconciler.load.yaml import read
from reconciler.state.documents import Value
from reconciler.validate.expectations import describe
from reconciler.validate.messages import describe_nulls
from reconciler.validate.parse import parse_document
from reconciler.validate.schema import (
    BASE,
    DIALECT,
    example_of,
    example_text,
    file_name,
    main,
    resolve_reference,
    schema_files,
    schema_of,
)

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "tests" / "examples"
KINDS = pytest.mark.parametrize("kind", FileKind, ids=lambda kind: kind.value)


def validator_of(kind: FileKind) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema_of(kind))


def to_lists(value: Value) -> Any:
    if isinstance(value, Mapping):
        return {key: to_lists(below) for key, below in value.items()}
    return [to_lists(below) for below in value] if isinstance(value, tuple) else value


def properties_of(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, block in {"": schema, **schema.get("$defs", {})}.items():
        for key, node in block.get("properties", {}).items():
            yield f"{name}.{key}", resolve_reference(node, schema)


def nodes_of(schema: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(schema, Mapping):
        yield schema
        for below in schema.values():
            yield from nodes_of(below)
    elif isinstance(schema, (list, tuple)):
        for below in schema:
            yield from nodes_of(below)


def test_the_files_are_those_that_the_types_give() -> None:
    if os.environ.get("MODELSYNC_BLESS") == "1":
        main([str(ROOT / "schemas")])
    written = {path.name: path.read_bytes() for path in (ROOT / "schemas").iterdir()}
    assert written == schema_files(), "run: make schemas"


def test_the_command_writes_them(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "reconciler.validate.schema", str(tmp_path)]
    subprocess.run(command, check=True, cwd=ROOT)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == schema_files()
    main([str(tmp_path)])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == schema_files()


@KINDS
def test_each_is_a_schema_of_the_dialect_that_it_names(kind: FileKind) -> None:
    schema = json.loads(schema_files()[file_name(kind)])
    jsonschema.Draft202012Validator.check_schema(schema)
    assert (schema["$schema"], schema["$id"]) == (DIALECT, f"{BASE}{kind.value}.schema.json")


@KINDS
def test_its_own_example_fits_it_and_the_type(kind: FileKind) -> None:
    assert list(validator_of(kind).iter_errors(to_lists(example_of(kind)))) == []
    reading = read("example.yaml", example_text(kind))
    assert reading.findings == ()
    assert reading.document is not None
    declaration, findings = parse_document(kind, reading.document)
    assert findings == ()
    assert declaration is not None
    assert schema_of(kind)["examples"] == [to_lists(example_of(kind))]


@KINDS
def test_every_key_has_a_title_and_a_description(kind: FileKind) -> None:
    schema = schema_of(kind)
    assert schema["title"]
    assert schema["description"]
    bare = [
        name for name, node in properties_of(schema) if not (node.get("title") and node.get("description"))
    ]
    assert bare == []


@KINDS
def test_every_block_is_closed_to_unknown_keys(kind: FileKind) -> None:
    schema = schema_of(kind)
    blocks = [schema, *schema.get("$defs", {}).values()]
    assert all(block["additionalProperties"] is False for block in blocks if "properties" in block)


@KINDS
def test_nothing_may_be_null_but_what_may_be_anything(kind: FileKind) -> None:
    assert not [node for node in nodes_of(schema_of(kind)) if node.get("type") == "null"]


@KINDS
def test_every_value_can_be_described_in_words(kind: FileKind) -> None:
    for name, node in properties_of(schema_of(kind)):
        assert describe(node) not in ("", "a value"), name


@KINDS
def test_every_example_of_a_key_fits_the_key(kind: FileKind) -> None:
    schema = schema_of(kind)
    for node in nodes_of({key: value for key, value in schema.items() if key != "examples"}):
        if "examples" in node:
            checker = jsonschema.Draft202012Validator({**node, "$defs": schema.get("$defs", {})})
            assert all(checker.is_valid(example) for example in node["examples"]), node


def documents() -> Iterator[tuple[str, FileKind, bytes]]:
    """Every declaration that the examples hold, right and wrong."""
    for case in sorted(EXAMPLES.glob("*/*/*/")):
        worktree = read_worktree(case)
        for file in load(worktree.files, links=worktree.links).files:
            if file.document is not None and file.sound:
                yield (
                    f"{case.relative_to(EXAMPLES)}/{file.path}",
                    file.place.kind,
                    worktree.files.get(file.path, b""),
                )


# JSON Schema calls 2.0 an integer. Which rules there are a policy says, which knows what it was meant to be.
DIFFERENT_BY_MEANING = {
    "rules-known/negative/names",
    "value-type/negative/fractions",
    "versions-are-pinned/negative/not-whole",
}


def test_schema_and_types_agree_on_every_example() -> None:
    disagreeing = []
    seen = 0
    for name, kind, content in documents():
        document = read(name, content).document
        if document is None or name.split("/environments/")[0] in DIFFERENT_BY_MEANING:
            continue
        seen += 1
        _, findings = parse_document(kind, document)
        faults = [finding for finding in findings if finding.rule != "not-served-yet"]
        if validator_of(kind).is_valid(to_lists(document.value)) is bool(faults):
            disagreeing.append((name, faults))
    assert disagreeing == []
    assert seen > 60


def test_null_is_allowed_where_anything_is() -> None:
    text = example_text(FileKind.RECORD).replace(b"loader_module: mlflow.sklearn", b"loader_module: null")
    document = read("version.yaml", text).document
    assert document is not None
    assert list(describe_nulls(FileKind.RECORD, document)) == []
    assert parse_document(FileKind.RECORD, document)[1] == ()
