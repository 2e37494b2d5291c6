"""Kubernetes quantities: exact, in every form, and shown so that they read back the same."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubernetes.utils.quantity import parse_quantity

from reconciler.state.quantities import read_quantity, show_quantity


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0", Fraction(0)),
        ("200m", Fraction(1, 5)),
        ("0.5", Fraction(1, 2)),
        (".5", Fraction(1, 2)),
        ("5.", Fraction(5)),
        ("1Ki", Fraction(1024)),
        ("1.5Gi", Fraction(3 * 2**29)),
        ("1k", Fraction(1000)),
        ("2E", Fraction(2 * 10**18)),
        ("1e3", Fraction(1000)),
        ("1E-3", Fraction(1, 1000)),
        ("100n", Fraction(1, 10**7)),
        ("-1", Fraction(-1)),
        (3, Fraction(3)),
    ],
)
def test_all_forms_are_read(text: object, amount: Fraction) -> None:
    assert read_quantity(text) == amount


@pytest.mark.parametrize(
    "text", ["", "m", "1K", "1 Gi", "1e", "0x10", "1_000", "one", ".", "1mi", "1GB", "1\n"]
)
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a Kubernetes quantity"):
        read_quantity(text)


@given(
    st.decimals(0, 10**6, places=3),
    st.sampled_from(["", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "n", "u"]),
)
def test_it_reads_what_the_clients_library_reads(number: Decimal, suffix: str) -> None:
    text = f"{number}{suffix}"

    theirs = float(parse_quantity(text))  # type: ignore[no-untyped-call]  # the library has no types here

    assert float(read_quantity(text)) == pytest.approx(theirs, rel=1e-12)


@given(st.integers(0, 10**15), st.sampled_from(["requests.cpu", "limits.memory", "pods"]))
def test_what_is_shown_reads_back(thousandths: int, resource: str) -> None:
    amount = Fraction(thousandths, 1000)

    assert read_quantity(show_quantity(amount, resource)) == amount


@pytest.mark.parametrize(
    ("amount", "resource", "text"),
    [
        (Fraction(3, 2), "requests.cpu", "1500m"),
        (Fraction(2), "cpu", "2"),
        (Fraction(3 * 2**29), "limits.memory", "1536Mi"),
        (Fraction(0), "memory", "0"),
        (Fraction(1000), "requests.memory", "1000"),
        (Fraction(1, 10**6), "cpu", "1m"),
    ],
)
def test_amounts_are_shown_as_people_write_them(amount: Fraction, resource: str, text: str) -> None:
    assert show_quantity(amount, resource) == text
