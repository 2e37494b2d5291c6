"""What is shown while somebody waits: one line that changes on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from reconciler.report.screen import clean_screen

_WIDTH = 100


@contextmanager
def show_waiting(stream: TextIO, monotonic: Callable[[], float]) -> Iterator[Callable[[str], None]]:
    """A listener for what is waited for. On a terminal its line, with the seconds so far, goes at the end."""
    started, said, wide = monotonic(), "", 0
    terminal = stream.isatty()

    def tell(text: str) -> None:
        nonlocal said, wide
        line = clean_screen(text).replace("\n", " ")
        if terminal:
            line = f"{int(monotonic() - started)} s: {line}"[:_WIDTH]
            stream.write(f"\r{line.ljust(wide)}")
            wide = len(line)
        elif line != said:
            stream.write(f"{line}\n")
        said = line
        stream.flush()

    try:
        yield tell
    finally:
        if wide:
            stream.write(f"\r{' ' * wide}\r")
            stream.flush()
