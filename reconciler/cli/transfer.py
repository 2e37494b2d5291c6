"""Progress of downloads: a bar on a terminal, plain lines elsewhere, nothing for what is quick anyway."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from reconciler.clients.registry.interface import Progress

_WORTH_A_BAR = 4 * 1024 * 1024
_WORTH_A_LINE = 32 * 1024 * 1024
_STEPS = 4


@contextmanager
def show_transfers() -> Iterator[Progress]:
    """Gives the function that is told about each piece of each file."""
    if sys.stderr.isatty():
        with _open_bar() as progress:
            yield progress
    else:
        yield PlainLines().tell


class PlainLines:
    """A line at each quarter of a large file."""

    def __init__(self) -> None:
        self._said: dict[str, int] = {}

    def tell(self, path: str, done: int, total: int) -> None:
        if total < _WORTH_A_LINE:
            return
        step = done * _STEPS // total
        if step > self._said.get(path, 0):
            self._said[path] = step
            click.echo(f"{path}: {100 * step // _STEPS} % of {total / 1e6:.0f} MB", err=True)


@contextmanager
def _open_bar() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    # Results go to stdout while this is shown, and must not be taken along to stderr.
    with Bar(
        *columns, console=Console(stderr=True), transient=True, redirect_stdout=False, redirect_stderr=False
    ) as bar:
        tasks: dict[str, TaskID] = {}

        def tell(path: str, done: int, total: int) -> None:
            if total < _WORTH_A_BAR:
                return
            if path not in tasks:
                tasks[path] = bar.add_task(path, total=total)
            bar.update(tasks[path], completed=done)
            if done >= total:
                bar.remove_task(tasks.pop(path))

        yield tell
