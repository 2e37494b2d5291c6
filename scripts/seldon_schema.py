"""Reduce the SeldonDeployment CRD to the JSON Schema that rendered manifests are checked against.

Run it as `python -m scripts.seldon_schema [CRD.yaml]`; it writes the schema to the package, or, with
`--check`, ends with 1 if the package's schema is not what the CRD gives.
reconciler/render/schemas/README.md says where the CRD comes from and what is changed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import yaml

from scripts.seldon_crd import CRD_FILE

ROOT = Path(__file__).resolve().parent.parent
SCHEMA_FILE = ROOT / "reconciler/render/schemas/seldondeployment.v1.schema.json"

Schema = dict[str, Any]

# What JSON Schema means by the same word, or can check at all. The other keys of a CRD's schema speak to
# the API server (list types, defaults) or to people (descriptions).
_KEPT = ("type", "required", "pattern", "minimum", "maximum", "enum")

_METADATA: Schema = {
    "type": "object",
    "required": ["name", "namespace"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "namespace": {"type": "string"},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}


def reduce_schema(crd: Mapping[str, Any]) -> Schema:
    """The JSON Schema (draft 2020-12) of a rendered SeldonDeployment, from the CRD's version v1.

    Unknown fields are forbidden where the API server would drop them. `status` is left out, since it is
    the operator's, and of `metadata` only what a manifest may say is let in.
    """
    version = next(version for version in crd["spec"]["versions"] if version["name"] == "v1")
    properties = version["schema"]["openAPIV3Schema"]["properties"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "SeldonDeployment machinelearning.seldon.io/v1, as modelsync renders it",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "additionalProperties": False,
        "properties": {
            "apiVersion": {"const": f"{crd['spec']['group']}/v1"},
            "kind": {"const": crd["spec"]["names"]["kind"]},
            "metadata": _METADATA,
            "spec": close(properties["spec"]),
        },
    }


def close(node: Mapping[str, Any]) -> Schema:
    """One node of a structural schema as JSON Schema, closed to unknown fields."""
    closed: Schema = {key: node[key] for key in _KEPT if key in node}
    if node.get("x-kubernetes-int-or-string"):
        closed["type"] = ["integer", "string"]
    if node.get("nullable"):
        closed["type"] = [closed["type"], "null"]
    if "items" in node:
        closed["items"] = close(node["items"])
    if "properties" in node:
        closed["properties"] = {key: close(value) for key, value in sorted(node["properties"].items())}
    if closed.get("type") == "object" and not node.get("x-kubernetes-preserve-unknown-fields"):
        values = node.get("additionalProperties", False)
        closed["additionalProperties"] = close(values) if isinstance(values, Mapping) else values
    return closed


def to_text(schema: Schema) -> str:
    """The schema as its file holds it: one line for each key, in a stable order."""
    return json.dumps(schema, indent=1) + "\n"


@click.command(help=__doc__)
@click.argument("crd", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=CRD_FILE)
@click.option("--check", is_flag=True, help="Compare instead of writing.")
def main(crd: Path, check: bool) -> None:
    text = to_text(reduce_schema(yaml.safe_load(crd.read_text(encoding="utf-8"))))
    if not check:
        SCHEMA_FILE.write_text(text, encoding="utf-8")
    elif text != SCHEMA_FILE.read_text(encoding="utf-8"):
        raise click.ClickException(
            f"{SCHEMA_FILE.relative_to(ROOT)} is not what {crd.name} gives; "
            "run python -m scripts.seldon_schema"
        )


if __name__ == "__main__":
    main()
