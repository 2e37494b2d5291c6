"""The executor's own metrics, by the names and labels of the real one."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from scripts.local_cluster.executor.graph import Image
from scripts.local_cluster.executor.settings import Settings

SERVER = "seldon_api_executor_server_requests_seconds"
CLIENT = "seldon_api_executor_client_requests_seconds"

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
QUANTILES = (0.5, 0.75, 0.9, 0.98, 0.99, 1.0)

_WINDOW = 600.0  # seconds that a quantile looks back
_OBSERVATIONS = 2_000  # at most, in each series' window

_SERVER_LABELS = ("deployment_name", "predictor_name", "predictor_version", "service", "method", "code")
_CLIENT_LABELS = (*_SERVER_LABELS, "model_name", "model_image", "model_version")


class Metrics:
    """All series of one executor."""

    def __init__(self, settings: Settings) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library gives it no type
        predictor = settings.predictor
        self._own = (settings.deployment, predictor.name, predictor.version)
        self._registry = CollectorRegistry()
        self._server = _Latency(SERVER, "Latencies of answers", _SERVER_LABELS, self._registry)
        self._client = _Latency(CLIENT, "Latencies of calls on nodes", _CLIENT_LABELS, self._registry)

    def observe_answer(self, *, service: str, method: str, code: str, seconds: float) -> None:
        """Count an answer to a caller."""
        self._server.observe((*self._own, service, method, code), seconds)

    def observe_call(
        self, *, service: str, method: str, code: str, model: str, image: Image, seconds: float
    ) -> None:
        """Count a node's answer, of whatever status."""
        labels = (*self._own, service, method, code, model, image.name, image.version)
        self._client.observe(labels, seconds)

    def expose(self) -> bytes:
        """All series as Prometheus' text."""
        return generate_latest(self._registry)


class _Latency:
    """One measure twice: as histogram, and as summary with quantiles."""

    def __init__(self, name: str, meaning: str, labels: Sequence[str], registry: CollectorRegistry) -> None:
        self._histogram = Histogram(name, meaning, labels, buckets=BUCKETS, registry=registry)
        self._summary = Summary(f"{name}_summary", meaning, labels)
        registry.register(self._summary)

    def observe(self, labels: tuple[str, ...], seconds: float) -> None:
        self._histogram.labels(*labels).observe(seconds)
        self._summary.observe(labels, seconds)


class Summary(Collector):
    """A summary with quantiles, which prometheus_client has not.

    Exact over the last observations of ten minutes, where Go's are estimates; without any, not a number.
    """

    def __init__(self, name: str, meaning: str, labels: Sequence[str]) -> None:
        self._name = name
        self._meaning = meaning
        self._labels = tuple(labels)
        self._series: dict[tuple[str, ...], _Series] = {}
        self._lock = threading.Lock()

    def observe(self, labels: tuple[str, ...], value: float) -> None:
        """Take in one value."""
        with self._lock:
            self._series.setdefault(labels, _Series()).add(time.monotonic(), value)

    def describe(self) -> Iterable[Metric]:
        """The family without values; asked when it is registered."""
        return [Metric(self._name, self._meaning, "summary")]

    def collect(self) -> Iterator[Metric]:
        """The family with all series."""
        family = Metric(self._name, self._meaning, "summary")
        with self._lock:
            for values, series in self._series.items():
                labels = dict(zip(self._labels, values, strict=True))
                recent = series.recent(time.monotonic())
                for quantile in QUANTILES:
                    point = _pick(recent, quantile)
                    family.add_sample(self._name, {**labels, "quantile": f"{quantile:g}"}, point)
                family.add_sample(f"{self._name}_sum", labels, series.sum)
                family.add_sample(f"{self._name}_count", labels, series.count)
        yield family


class _Series:
    def __init__(self) -> None:
        self.sum = 0.0
        self.count = 0
        self._recent: deque[tuple[float, float]] = deque(maxlen=_OBSERVATIONS)

    def add(self, now: float, value: float) -> None:
        self.sum += value
        self.count += 1
        self._recent.append((now, value))

    def recent(self, now: float) -> list[float]:
        while self._recent and self._recent[0][0] < now - _WINDOW:
            self._recent.popleft()
        return sorted(value for _, value in self._recent)


def _pick(ordered: Sequence[float], quantile: float) -> float:
    return ordered[math.ceil(quantile * len(ordered)) - 1] if ordered else math.nan
