"""One behaviour switched off, and the test that must fail then."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """In `file`, `old` (which stands there once) becomes `new`; then `test`, which proves `id`, fails.

    `what` is what the program does not do any more.
    """

    id: str
    what: str
    file: str
    old: str
    new: str
    test: str
