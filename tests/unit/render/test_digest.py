"""A digest counts what would be applied, and nothing else."""

from __future__ import annotations

import pytest

from reconciler.render.digest import digest_manifest, digest_manifests
from tests.unit.render.building import deployment, render_all, variant


def test_digest_is_that_of_the_body_as_rendered() -> None:
    (manifest,) = render_all(deployment(variant(3)))
    assert digest_manifest(manifest.body) == manifest.digest


@pytest.mark.covers("B6")
def test_order_of_keys_does_not_count_and_order_of_lists_does() -> None:
    assert digest_manifest({"a": 1, "b": 2}) == digest_manifest({"b": 2, "a": 1})
    assert digest_manifest({"a": [1, 2]}) != digest_manifest({"a": [2, 1]})


def test_other_annotations_count() -> None:
    body = {"metadata": {"annotations": {"modelsync.dev/runs": "v3=a"}}}
    assert digest_manifest(body) != digest_manifest({"metadata": {"annotations": {}}})


@pytest.mark.covers("B6", "S2")
def test_a_targets_digest_does_not_depend_on_order() -> None:
    manifests = render_all(deployment(variant(3), name="a"), deployment(variant(3), name="b"))
    assert digest_manifests(manifests) == digest_manifests(reversed(manifests))
    assert digest_manifests(manifests) != digest_manifests(manifests[:1])
