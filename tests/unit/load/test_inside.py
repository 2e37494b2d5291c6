"""Paths that stay below their folder."""

from __future__ import annotations

from pathlib import Path

from reconciler.load.inside import find_link


def test_the_first_link_on_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "models/wines").mkdir(parents=True)
    (tmp_path / "models/beers").symlink_to(tmp_path)
    (tmp_path / "models/wines/model.yaml").symlink_to("/nowhere")
    assert find_link(tmp_path, "models/wines/new.yaml") == ""
    assert find_link(tmp_path, "models/other/new.yaml") == ""
    assert find_link(tmp_path, "models/beers/versions/1.yaml") == "models/beers"
    assert find_link(tmp_path, "models/wines/model.yaml") == "models/wines/model.yaml"
