"""Manifests as YAML."""

from __future__ import annotations

import yaml

from reconciler.render.text import to_yaml
from tests.unit.render.building import deployment, render_all, variant


def test_documents_read_back_as_the_bodies() -> None:
    manifests = render_all(deployment(variant(3), name="prices"), deployment(variant(5), name="wines"))
    text = to_yaml(manifests, header=("production",))
    assert text.startswith("# production\n---\napiVersion: machinelearning.seldon.io/v1\n")
    assert list(yaml.safe_load_all(text)) == [manifest.body for manifest in manifests]


def test_no_manifests_leave_the_header() -> None:
    assert to_yaml((), header=("nothing to serve",)) == "# nothing to serve\n"
