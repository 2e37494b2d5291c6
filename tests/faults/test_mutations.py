"""The list of mutations does not rot: what each of them changes is there, and its test proves its id."""

from __future__ import annotations

import pytest

from tests.faults.mutations import MUTATIONS, Mutation
from tests.faults.table import IDS, ROOT, find_tests

TESTS = find_tests()


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.id)
def test_a_mutation_changes_one_place_and_names_a_test_of_its_id(mutation: Mutation) -> None:
    source = (ROOT / mutation.file).read_text(encoding="utf-8")

    assert source.count(mutation.old) == 1, f"{mutation.file}: this must stand there once:\n{mutation.old}"
    assert mutation.new != mutation.old
    assert mutation.id in TESTS[mutation.test].covers


def test_every_id_is_mutated_once() -> None:
    assert sorted(mutation.id for mutation in MUTATIONS) == sorted(IDS)
