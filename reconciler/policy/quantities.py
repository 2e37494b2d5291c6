"""Kubernetes quantities as numbers."""

from __future__ import annotations

import re
from fractions import Fraction

_QUANTITY = re.compile(r"(?P<number>[0-9]+(\.[0-9]+)?)(?P<unit>m|k|M|G|T|Ki|Mi|Gi|Ti)?\Z")

_FACTORS = {
    "m": Fraction(1, 1000),
    "k": Fraction(10**3),
    "M": Fraction(10**6),
    "G": Fraction(10**9),
    "T": Fraction(10**12),
    "Ki": Fraction(2**10),
    "Mi": Fraction(2**20),
    "Gi": Fraction(2**30),
    "Ti": Fraction(2**40),
}


def parse_quantity(text: str) -> Fraction:
    """The amount, in cores or bytes: `200m` is 1/5, `1Ki` is 1024.

    Raises ValueError for what the type Quantity of the declarations would not accept.
    """
    match = _QUANTITY.match(text)
    if match is None:
        raise ValueError(f"{text!r} is not a quantity such as 200m or 512Mi")
    unit = match["unit"]
    return Fraction(match["number"]) * (_FACTORS[unit] if unit else 1)
