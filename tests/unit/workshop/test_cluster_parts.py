"""Which parts come along with which, and in which order they are started."""

from __future__ import annotations

import importlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.local_cluster.parts import NEEDS, Part, complete

PARTS = st.sets(st.sampled_from(Part))


def test_the_operator_brings_the_controllers() -> None:
    assert complete((Part.OPERATOR,)) == (Part.CONTROLLERS, Part.OPERATOR)


def test_nothing_brings_nothing() -> None:
    assert complete(()) == ()


@given(PARTS)
def test_what_a_part_needs_stands_before_it(wanted: set[Part]) -> None:
    order = complete(wanted)
    assert set(order) >= wanted
    assert len(set(order)) == len(order)
    for place, part in enumerate(order):
        assert set(NEEDS[part].parts) <= set(order[:place])


@given(PARTS)
def test_nothing_comes_along_unneeded(wanted: set[Part]) -> None:
    order = complete(wanted)
    assert all(part in wanted or any(part in NEEDS[other].parts for other in order) for part in order)


@pytest.mark.parametrize("part", Part, ids=lambda part: part.value)
def test_each_part_can_be_started(part: Part) -> None:
    module = importlib.import_module(f"scripts.local_cluster.{part.value}")
    assert callable(module.start_part)
