"""Progress of work that takes long, beside the result that comes at its end."""

from __future__ import annotations

import time
from collections.abc import Callable

import click

_PATIENCE = 2.0  # seconds


def tell_when_long() -> Callable[[str], None]:
    """A listener that prints lines to stderr once the work has gone on for two seconds.

    Until then they are dropped: the result that follows at once says the same.
    """
    started = time.monotonic()

    def tell(line: str) -> None:
        if time.monotonic() - started >= _PATIENCE:
            click.echo(line, err=True)

    return tell
