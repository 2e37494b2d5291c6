"""Rendered manifests are checked against the CRD's own schema, closed to unknown fields."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from reconciler.render.schema import InvalidManifest, check_body
from scripts.seldon_crd import CRD_FILE
from scripts.seldon_schema import SCHEMA_FILE, close, reduce_schema, to_text
from tests.unit.render.building import body_of, variant


def edited(*path: str | int, value: Any) -> Any:
    body = copy.deepcopy(body_of(variant(3)))
    parent: Any = body
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    return body


def test_what_is_rendered_is_valid() -> None:
    check_body("production/wines", body_of(variant(3)))


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        (("spec", "predictors", 0, "trafic"), 1, r"spec\.predictors\[0\].*'trafic' was unexpected"),
        (("spec", "predictors", 0, "graph", "modelURI"), "s3://x", "'modelURI' was unexpected"),
        (
            ("spec", "predictors", 0, "traffic"),
            "90",
            r'predictors\[0\]\.traffic: "90" is not of type "integer"',
        ),
        (("status",), {}, "'status' was unexpected"),
        (("metadata", "finalizers"), [], "'finalizers' was unexpected"),
        (("kind",), "Deployment", '"SeldonDeployment" was expected'),
    ],
)
def test_what_the_api_server_would_drop_or_refuse_is_named(
    path: tuple[str | int, ...], value: Any, fault: str
) -> None:
    with pytest.raises(InvalidManifest, match=rf"^production/wines: .*{fault}"):
        check_body("production/wines", edited(*path, value=value))


def test_the_schema_is_the_one_that_the_crd_gives() -> None:
    crd = yaml.safe_load(CRD_FILE.read_text(encoding="utf-8"))
    assert to_text(reduce_schema(crd)) == SCHEMA_FILE.read_text(encoding="utf-8")


def test_the_schema_is_valid_and_closed_everywhere() -> None:
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)

    def objects(node: Any) -> Any:
        if isinstance(node, dict):
            if node.get("type") == "object" or "object" in node.get("type", ()):
                yield node
            for child in node.values():
                yield from objects(child)

    assert [node for node in objects(schema) if node.get("additionalProperties", True) is True] == []


def test_words_of_the_api_server_become_words_of_json_schema() -> None:
    assert close({"x-kubernetes-int-or-string": True, "anyOf": []}) == {"type": ["integer", "string"]}
    assert close({"type": "string", "nullable": True, "description": "…"}) == {"type": ["string", "null"]}
    assert close({"type": "object", "x-kubernetes-preserve-unknown-fields": True}) == {"type": "object"}
    assert close({"type": "object", "additionalProperties": {"type": "string"}}) == {
        "type": "object",
        "additionalProperties": {"type": "string"},
    }


def test_notice_and_origin_stand_beside_the_schema() -> None:
    folder = Path(SCHEMA_FILE).parent
    assert "Apache License, Version 2.0" in (folder / "NOTICE.md").read_text(encoding="utf-8")
    assert "v1.16.0" in (folder / "README.md").read_text(encoding="utf-8")
