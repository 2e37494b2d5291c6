"""Each edit has a branch of its own, so that none is taken for another's next step."""

from __future__ import annotations

import pytest

from reconciler.pipeline.edits.edit import name_branch


@pytest.mark.parametrize(
    ("objects", "more", "branch"),
    [
        (("production/wines",), ("v5",), "modelsync/release-production.wines-v5"),
        (("production",), (), "modelsync/release-production"),
        (("b/wines", "a/wines"), (), "modelsync/release-a.wines_b.wines"),
    ],
)
def test_it_names_what_is_edited(objects: tuple[str, ...], more: tuple[str, ...], branch: str) -> None:
    assert name_branch("release", objects, *more) == branch


def test_names_that_only_look_alike_are_told_apart() -> None:
    objects = [("eu-a/b",), ("eu/a-b",), ("eu/a", "b/c"), ("eu/a-b", "c/d"), ("eu",)]
    assert len({name_branch("retire", names) for names in objects}) == len(objects)


def test_many_objects_make_no_long_name() -> None:
    many = tuple(f"production/wines-{number}" for number in range(40))
    assert len(name_branch("waive-soak", many)) < 80
    assert name_branch("waive-soak", many) == name_branch("waive-soak", many[::-1])
    assert name_branch("waive-soak", many) != name_branch("waive-soak", many[:-1])
