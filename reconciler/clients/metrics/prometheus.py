"""Reads request counts from Prometheus, or from whatever has its HTTP API."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import httpx

from reconciler import __version__
from reconciler.clients.metrics.interface import MetricsRefused, MetricsUnreachable
from reconciler.state.routes import Requests

# The executor's counter, and the services that are predictions and no feedback or health calls: one for all
# of REST, and the full names of the methods for gRPC (seldon-core, executor/api/metric and api/grpc).
_SERIES = "seldon_api_executor_server_requests_seconds_count"
_SERVICES = (
    "predictions",
    "/seldon.protos.Seldon/Predict",
    "/inference.GRPCInferenceService/ModelInfer",
    "/tensorflow.serving.PredictionService/Predict",
)

# Which label holds the Pod's namespace: the first is the Prometheus operator's, the second
# seldon-core-analytics'. Where both are there, each series still counts once.
_NAMESPACE_LABELS = ("namespace", "kubernetes_namespace")
_PREDICTOR_LABELS = ("deployment_name", "predictor_name")

TIMEOUT = 10.0  # seconds for each request


class PrometheusReader:
    """Implements MetricsReader over Prometheus' HTTP API, version 1."""

    def __init__(self, server: str, *, timeout: float = TIMEOUT) -> None:
        """`server` is the address that the API's path follows, such as `http://prometheus.monitoring:9090`."""
        self._server = server.rstrip("/")
        self._timeout = timeout

    @property
    def server(self) -> str:
        return self._server

    def read_requests(self, namespace: str, seconds: int) -> Requests:
        with httpx.Client(
            timeout=self._timeout, headers={"User-Agent": f"modelsync/{__version__}"}
        ) as client:
            found = self._query(client, _count_requests(namespace, seconds))
            collecting = self._query(client, f"count(up offset {seconds}s)")
        counts: dict[str, dict[str, int]] = defaultdict(dict)
        for item in found:
            labels = item.get("metric") or {}
            deployment, predictor = (str(labels.get(name, "")) for name in _PREDICTOR_LABELS)
            counts[deployment][predictor] = self._read_value(item)
        return Requests(seconds=seconds, counts=dict(counts), complete=bool(collecting))

    def _query(self, client: httpx.Client, expression: str) -> list[Mapping[str, Any]]:
        # Posted, since an expression may be longer than what a proxy takes as an address.
        try:
            answer = client.post(f"{self._server}/api/v1/query", data={"query": expression})
        except httpx.HTTPError as error:
            detail = f"did not answer: {str(error) or type(error).__name__}"
            raise MetricsUnreachable(self._server, detail) from error
        except (httpx.InvalidURL, UnicodeError) as error:
            # Names and numbers that no host can have; those end in no error of HTTP.
            detail = f"cannot be asked: its address names no host ({error})."
            raise MetricsRefused(self._server, detail) from error
        if answer.status_code in (401, 403):
            raise MetricsRefused(self._server, f"wants credentials (status {answer.status_code}).")
        body = _read_json(answer.content)
        if body.get("status") != "success":
            told = str(body.get("error") or "")
            detail = f"answered status {answer.status_code}{f': {told}' if told else ''}"
            if answer.status_code >= 500 or answer.status_code == 429:
                raise MetricsUnreachable(self._server, detail)
            raise MetricsRefused(self._server, f"{detail}; is it Prometheus?")
        data = body.get("data")
        result = data.get("result") if isinstance(data, dict) else None
        if not isinstance(result, list) or not all(isinstance(item, dict) for item in result):
            raise MetricsRefused(self._server, "answered what is not a vector; is it Prometheus?")
        return result

    def _read_value(self, item: Mapping[str, Any]) -> int:
        """The whole number of a sample `[time, "value"]`."""
        value = item.get("value")
        try:
            number = float(value[1]) if isinstance(value, list) else math.nan
        except (IndexError, TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise MetricsRefused(self._server, "answered a sample without a number; is it Prometheus?")
        return round(number)


def _read_json(content: bytes) -> Mapping[str, Any]:
    try:
        body = json.loads(content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _count_requests(namespace: str, seconds: int) -> str:
    by = ", ".join(_PREDICTOR_LABELS)
    parts = (
        _count_series(f'{label}={json.dumps(namespace)}, service=~"{"|".join(_SERVICES)}"', seconds)
        for label in _NAMESPACE_LABELS
    )
    return f"sum by ({by}) ({' or '.join(parts)})"


def _count_series(selector: str, seconds: int) -> str:
    """How far each series went in the window.

    PromQL's `increase` guesses beyond the samples and never sees what a series begins with, which is much
    for a predictor that is new. So: the last value less the one before the window; where a restart set the
    counter back, `increase`; and the whole last value of a series that began within the window.
    """
    series = f"{_SERIES}{{{selector}}}"
    window = f"{series}[{seconds}s]"
    moved = f"last_over_time({window}) - ({series} offset {seconds}s)"
    return (
        f"(({moved}) and (resets({window}) == 0)) or (increase({window}) and (resets({window}) > 0)) "
        f"or last_over_time({window})"
    )
