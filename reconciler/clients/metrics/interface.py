"""What modelsync needs of a source of metrics: how many requests each predictor answered."""

from __future__ import annotations

from typing import Protocol

from reconciler.state.routes import Requests


class MetricsError(Exception):
    """Base of all that may go wrong at a source of metrics. The text is for people."""


class MetricsUnreachable(MetricsError):
    """No answer, or none that decides. `server` is the source's address."""

    def __init__(self, server: str, detail: str) -> None:
        self.server = server
        super().__init__(f"the metrics source at {server} {detail}")


class MetricsRefused(MetricsError):
    """The source answers, but not this question: it is something else, or wants credentials."""

    def __init__(self, server: str, detail: str) -> None:
        self.server = server
        super().__init__(f"the metrics source at {server} {detail}")


class MetricsReader(Protocol):
    """Reads. Every call ends within the client's budget of time, or raises MetricsUnreachable."""

    @property
    def server(self) -> str:
        """The source's address, as messages name it."""

    def read_requests(self, namespace: str, seconds: int) -> Requests:
        """How many requests each predictor of a namespace answered in the last `seconds` (at least 1).

        A predictor without a series is missing. Raises MetricsError.
        """
