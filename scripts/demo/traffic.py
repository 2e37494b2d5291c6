"""Customers of the wine shop: requests through the gateway, and who answered them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import httpx

# One wine of the public white-wine data.
WINE: Mapping[str, float] = MappingProxyType(
    {
        "fixed acidity": 7.0,
        "volatile acidity": 0.27,
        "citric acid": 0.36,
        "residual sugar": 20.7,
        "chlorides": 0.045,
        "free sulfur dioxide": 45.0,
        "total sulfur dioxide": 170.0,
        "density": 1.001,
        "pH": 3.0,
        "sulphates": 0.45,
        "alcohol": 8.8,
    }
)
_TIMEOUT = 10.0


@dataclass(slots=True)
class Tally:
    """What came back: answers by version (`v3`), and the first words of those that were none."""

    answers: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def sent(self) -> int:
        """All requests."""
        return self.answers.total() + len(self.failures)


def write_request(wine: Mapping[str, float]) -> dict[str, Any]:
    """One wine in the Open Inference Protocol: a tensor for each column (MLServer's content type pd)."""
    return {
        "parameters": {"content_type": "pd"},
        "inputs": [
            {"name": name, "shape": [1], "datatype": "FP64", "data": [value]} for name, value in wine.items()
        ],
    }


def send(url: str, count: int) -> Tally:
    """Send one request after the other."""
    tally = Tally()
    with httpx.Client(timeout=_TIMEOUT) as client:
        for _ in range(count):
            _ask(client, url, tally)
    return tally


@contextmanager
def keep_sending(url: str, pause: float = 0.02) -> Iterator[Tally]:
    """Customers who never stop while the block runs; the tally is complete when it has ended."""
    tally, over = Tally(), threading.Event()

    def go_on() -> None:
        with httpx.Client(timeout=_TIMEOUT) as client:
            while not over.is_set():
                _ask(client, url, tally)
                time.sleep(pause)

    customer = threading.Thread(target=go_on)
    customer.start()
    try:
        yield tally
    finally:
        over.set()
        customer.join()


def _ask(client: httpx.Client, url: str, tally: Tally) -> None:
    try:
        answer = client.post(url, json=write_request(WINE))
    except httpx.HTTPError as error:
        tally.failures.append(f"{type(error).__name__}: {error}")
        return
    if answer.status_code != httpx.codes.OK:
        tally.failures.append(f"{answer.status_code}: {answer.text[:200]}")
        return
    tally.answers[f"v{answer.json()['model_version']}"] += 1


def count_mirrored(prometheus: str, namespace: str, predictor: str) -> int:
    """How many requests the shadow has answered so far, by its executor's own counter."""
    query = (
        "sum(seldon_api_executor_server_requests_seconds_count"
        f'{{namespace="{namespace}",predictor_name="{predictor}",service="predictions"}})'
    )
    answer = httpx.get(f"{prometheus}/api/v1/query", params={"query": query}, timeout=_TIMEOUT)
    answer.raise_for_status()
    found = answer.json()["data"]["result"]
    return int(float(found[0]["value"][1])) if found else 0
