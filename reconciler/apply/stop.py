"""The wish that a run ends soon: what is in flight is finished and recorded, and nothing new is begun."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import final

from reconciler.clients.cluster.interface import ClusterError


class Interrupted(ClusterError):
    """The run was asked to end, and did so between two objects."""

    def __init__(self, signal_name: str) -> None:
        self.signal_name = signal_name
        super().__init__(
            f"the run was ended by {signal_name}: what was being written then was finished, "
            "and nothing more was begun. The next run goes on from there."
        )


@final
class Stop:
    """Asked between objects whether to go on. Set by a signal handler, read by many threads."""

    def __init__(self) -> None:
        self._signal_name = ""
        self._sheltered = 0
        self._counting = threading.Lock()

    @property
    def requested(self) -> bool:
        """Whether the run is to end."""
        return bool(self._signal_name)

    @property
    def signal_name(self) -> str:
        """What asked, such as SIGTERM; empty while nothing did."""
        return self._signal_name

    @property
    def sheltered(self) -> bool:
        """Whether something is under way that is better finished than broken off."""
        return self._sheltered > 0

    def request(self, signal_name: str) -> None:
        """Ask the run to end; `signal_name` is told to people, such as SIGTERM."""
        self._signal_name = signal_name

    def check(self) -> None:
        """Raise Interrupted if the run is to end."""
        if self._signal_name:
            raise Interrupted(self._signal_name)

    @contextmanager
    def shelter(self) -> Iterator[None]:
        """While inside, a first signal asks; outside, it breaks off at once, since nothing is half done."""
        with self._counting:
            self._sheltered += 1
        try:
            yield
        finally:
            with self._counting:
                self._sheltered -= 1
