"""Kubernetes quantities as exact numbers, in every form that the API server gives or takes."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

# As the API server's own parser has them (apimachinery, pkg/api/resource): decimal, binary, exponent.
_QUANTITY = re.compile(
    r"(?P<sign>[+-]?)(?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
    r"(?:(?P<suffix>[numkMGTPE]|[KMGTPE]i)|[eE](?P<exponent>[+-]?[0-9]{1,3}))?\Z"
)
_SUFFIXES = {
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 10**3),
    "k": Fraction(10**3),
    "M": Fraction(10**6),
    "G": Fraction(10**9),
    "T": Fraction(10**12),
    "P": Fraction(10**15),
    "E": Fraction(10**18),
    **{f"{unit}i": Fraction(2 ** (10 * power)) for power, unit in enumerate("KMGTPE", start=1)},
}
_BINARY = tuple(
    (f"{unit}i", 2 ** (10 * power)) for power, unit in reversed(list(enumerate("KMGTPE", start=1)))
)


def read_quantity(text: object) -> Fraction:
    """The amount in cores, bytes or pieces: `200m` is 1/5, `1Ki` is 1024, `1e3` is 1000.

    Raises ValueError for what the API server would not accept as a quantity.
    """
    return _read(str(text))


# A repository says the same few amounts over and over.
@lru_cache(maxsize=1024)
def _read(text: str) -> Fraction:
    match = _QUANTITY.match(text)
    if match is None:
        raise ValueError(f"{text!r} is not a Kubernetes quantity")
    factor = _SUFFIXES[match["suffix"]] if match["suffix"] else Fraction(10) ** int(match["exponent"] or 0)
    amount = Fraction(match["number"].rstrip(".")) * factor
    return -amount if match["sign"] == "-" else amount


def show_quantity(amount: Fraction, resource: str) -> str:
    """An amount as people write it: cores as `1500m` or `2`, bytes as `1536Mi`, pieces as a number.

    Exact, so that reading it gives the same amount, but for what is finer than a thousandth.
    """
    if resource.endswith("memory"):
        for suffix, size in _BINARY:
            if amount and amount % size == 0:
                return f"{amount // size}{suffix}"
    if amount.denominator == 1:
        return str(amount.numerator)
    # Rounded up: what is needed must not look smaller than it is.
    return f"{-(-amount.numerator * 1000 // amount.denominator)}m"
