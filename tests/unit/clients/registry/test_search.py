from __future__ import annotations

import pytest

from reconciler.clients.registry.search import narrow, widen


@pytest.mark.parametrize(
    ("names", "question"),
    [
        (("wines",), "name = 'wines'"),
        (("wines", "prices", "wines"), "name IN ('prices', 'wines')"),
        (("it's",), None),
        (tuple(f"model-{number:05}" for number in range(6000)), None),
    ],
)
def test_the_narrow_question_names_all_or_is_none(names: tuple[str, ...], question: str | None) -> None:
    assert narrow(names) == question


@pytest.mark.parametrize(
    ("names", "question"),
    [
        (("wine-red", "wine-white"), "name LIKE 'wine-%'"),
        (("wine-quality",), "name LIKE 'wine-quality%'"),
        (("wine", "wine-quality"), "name LIKE 'wine%'"),
        (("wi", "wine"), None),
        (("a", "b"), None),
        (("same's-a", "same's-b"), "name LIKE 'same%'"),
    ],
)
def test_the_wide_question_lets_all_names_through(names: tuple[str, ...], question: str | None) -> None:
    assert widen(names) == question
