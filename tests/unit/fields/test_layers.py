"""A `serving` block says the same in whichever layer it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.unit.fields.reach import GOLDEN, find_outcome, read_scene

DEPLOYMENT = "environments/production/deployments/wines.yaml"
ENVIRONMENT = "environments/production/environment.yaml"
MODEL = "models/wines/model.yaml"
DEFAULTS = "models/defaults.yaml"

SCENES = ("ambassador", "request-logger", "scaling-keda", "scheduling")
"""Cases with a block of the deployment that no other layer disagrees with."""


def split(scene: str) -> tuple[dict[str, Any], Any, Any]:
    """The files without the deployment's block, the block, and what comes of both."""
    files, _ = read_scene(GOLDEN / scene / "input")
    deployment = files[DEPLOYMENT]
    bare = {key: value for key, value in deployment.items() if key != "serving"}
    return {**files, DEPLOYMENT: bare}, deployment["serving"], find_outcome(files)


def put(files: Mapping[str, Any], file: str, block: Any) -> Mapping[str, Any]:
    return {**files, file: {**files[file], "serving": merge(files[file].get("serving") or {}, block)}}


def merge(lower: Any, upper: Any) -> Any:
    if isinstance(lower, dict) and isinstance(upper, dict):
        return {
            **lower,
            **{key: merge(lower[key], value) if key in lower else value for key, value in upper.items()},
        }
    return upper


@pytest.mark.parametrize("file", [DEFAULTS, ENVIRONMENT, MODEL])
@pytest.mark.parametrize("scene", SCENES)
def test_in_a_file_of_another_layer(scene: str, file: str) -> None:
    files, block, outcome = split(scene)
    assert find_outcome(put(files, file, block)) == outcome


@pytest.mark.parametrize("scene", SCENES)
def test_in_each_variant(scene: str) -> None:
    files, block, outcome = split(scene)
    # Annotations are the deployment's: no variant may have any.
    shared = {key: value for key, value in block.items() if key == "annotations"}
    own = {key: value for key, value in block.items() if key != "annotations"}
    variants = [
        {**variant, "serving": merge(own, variant.get("serving") or {})}
        for variant in files[DEPLOYMENT]["variants"]
    ]
    changed = {**files[DEPLOYMENT], "variants": variants, **({"serving": shared} if shared else {})}
    assert find_outcome({**files, DEPLOYMENT: changed}) == outcome


def test_annotations_of_a_variant_are_refused() -> None:
    files, block, _ = split("ambassador")
    first, *rest = files[DEPLOYMENT]["variants"]
    changed = {**files[DEPLOYMENT], "variants": [{**first, "serving": block}, *rest]}
    assert "annotations-known" in find_outcome({**files, DEPLOYMENT: changed})
