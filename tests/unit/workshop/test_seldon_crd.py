"""The SeldonDeployment CRD that is shipped for the local cluster."""

from __future__ import annotations

from typing import Any

import yaml

from scripts.seldon_crd import CRD_FILE, HEADER, drop_descriptions, read_crd, reduce_crd, to_text


def test_the_shipped_file_is_what_the_operators_module_gives() -> None:
    assert CRD_FILE.read_text(encoding="utf-8") == to_text(read_crd())


def test_it_says_whose_it_is_and_what_was_changed() -> None:
    text = CRD_FILE.read_text(encoding="utf-8")
    assert text.startswith(HEADER)
    for words in (
        "seldonio/seldon-core/operator v1.16.0",
        "Seldon Technologies",
        "Apache License",
        "Changed:",
    ):
        assert words in HEADER


def test_it_serves_one_version_and_types_children_ten_levels_deep() -> None:
    (version,) = yaml.safe_load(CRD_FILE.read_text(encoding="utf-8"))["spec"]["versions"]
    assert (version["name"], version["served"], version["storage"]) == ("v1", True, True)
    spec: dict[str, Any] = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    node = spec["properties"]["predictors"]["items"]["properties"]["graph"]
    depth = 0
    while "children" in node["properties"]:
        node, depth = node["properties"]["children"]["items"], depth + 1
    assert depth == 10
    assert node["properties"]["modelUri"] == {"type": "string"}


def test_only_the_texts_for_people_are_dropped() -> None:
    schema = {
        "description": "a text",
        "properties": {"description": {"type": "string", "description": "a text"}},
    }
    assert drop_descriptions(schema) == {"properties": {"description": {"type": "string"}}}


def test_other_versions_and_what_the_server_writes_are_left_out() -> None:
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.com", "creationTimestamp": None, "annotations": {"a": "b"}},
        "spec": {"group": "example.com", "versions": [{"name": "v1alpha2"}, {"name": "v1"}]},
        "status": {},
    }
    assert reduce_crd(crd) == {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.com"},
        "spec": {"group": "example.com", "versions": [{"name": "v1"}]},
    }
