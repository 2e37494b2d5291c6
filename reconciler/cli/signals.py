"""TERM and INT: the first asks a run to end in good order, where there is something to finish."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from reconciler.apply.stop import Stop

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """A wish to end that these signals set while something is under way that is better finished.

    Otherwise, and the second time, they interrupt at once (KeyboardInterrupt).
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        # Signals reach the main thread alone; who runs a command beside it ends it in another way.
        yield stop
        return

    def handle(number: int, _frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        if not stop.sheltered or stop.requested:
            raise KeyboardInterrupt
        stop.request(name)
        # Not by click: the signal may have come in the middle of another message.
        os.write(2, f"{name}: finishing what is in flight; once more ends it at once\n".encode())

    before = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
