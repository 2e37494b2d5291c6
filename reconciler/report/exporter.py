"""Metrics over HTTP: a collector that reads when it is asked, and the application that serves it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from reconciler.report.prometheus import build_metrics
from reconciler.state.readings import Readings, ReadProblem

PATH = "/metrics"
HEALTH_PATH = "/healthz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Where the time comes from: `now` for people, `monotonic` (seconds) for measuring."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]


class TargetCollector(Collector):
    """Gives metrics of what `read` reads, and of the reading itself.

    What was read is kept for `keep` seconds, so that several scrapers cost the API server what one does; one
    reading is made at a time. `tell` is told each failure when it is new.
    """

    def __init__(
        self, read: Callable[[], Readings], times: Times, *, keep: float, tell: Callable[[str], None]
    ) -> None:
        self._read, self._times, self._keep, self._tell = read, times, keep, tell
        self._reading = threading.Lock()
        self._readings: Readings | None = None
        self._read_at = 0.0
        self._seconds = 0.0
        self._failures: Counter[ReadProblem] = Counter()
        self._said: frozenset[str] = frozenset()

    def describe(self) -> Iterator[Metric]:
        """Nothing: what there will be is known only once it is read, and registering must not read."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """All metrics of now."""
        with self._reading:
            begun = self._times.monotonic()
            if self._readings is None or begun - self._read_at >= self._keep:
                self._readings = self._read()
                self._read_at = begun
                self._seconds = self._times.monotonic() - begun
                self._note(self._readings)
            metrics = [*build_metrics(self._readings, self._times.now()), *self._list_own(self._readings)]
        yield from metrics

    def _note(self, readings: Readings) -> None:
        self._failures.update(failure.problem for failure in readings.failures)
        messages = frozenset(failure.message for failure in readings.failures)
        for message in sorted(messages - self._said):
            self._tell(message)
        self._said = messages

    def _list_own(self, readings: Readings) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "modelsync_exporter_complete",
            "Whether the last reading of targets found all of them, and all about them (1) or not (0).",
            value=not readings.failures,
        )
        yield GaugeMetricFamily(
            "modelsync_exporter_targets", "Targets that were read.", value=len(readings.targets)
        )
        yield GaugeMetricFamily(
            "modelsync_exporter_read_seconds", "How long the last reading took.", value=self._seconds
        )
        family = CounterMetricFamily(
            "modelsync_exporter_read_failures",
            "What could not be read, by why.",
            labels=("problem",),
        )
        for problem in ReadProblem:
            family.add_metric((problem.value,), self._failures[problem])
        yield family


def make_application(collector: Collector) -> Starlette:
    """`/metrics` in the format that the scraper asks for, and `/healthz`, which asks nobody."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector)

    def show_metrics(request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry), headers={"Content-Type": content_type})

    def show_health(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    return Starlette(
        routes=[
            Route(PATH, show_metrics, methods=["GET"]),
            Route(HEALTH_PATH, show_health, methods=["GET"]),
        ]
    )
