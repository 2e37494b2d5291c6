"""What is routed and served in a target, read once for all of its deployments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from reconciler.clients.cluster.interface import ClusterReader, RightMissing
from reconciler.clients.metrics.interface import MetricsError, MetricsReader
from reconciler.observe.routes import read_leftovers, read_routes
from reconciler.plan.traffic import find_served_differences
from reconciler.policy.clusters import ClusterView
from reconciler.state.objects import SELDON_DEPLOYMENT, LiveObject
from reconciler.state.routes import DeploymentRoutes, Requests, Routes, ServedDifference, Traffic
from reconciler.state.targets import Target

OpenMetrics = Callable[[str], MetricsReader]
"""Gives the reader of the source at an address; sends nothing."""

# Requests that came before a change of the routes are counted up to a scrape later, and most sources
# scrape once a minute or more often; what came so soon after a change is not compared with it.
_SETTLED_AFTER = 90  # seconds
_LEAST_WINDOW = 60  # seconds; less holds too few scrapes to be halved


def read_routes_now(
    reader: ClusterReader, target: Target, view: ClusterView, objects: tuple[LiveObject, ...]
) -> Routes:
    """The routes of the SeldonDeployments among `objects` as they are now. Raises ClusterError."""
    return read_routes(reader, target.namespace, _first_ingress(view), _only_served(objects))


def read_traffic(
    reader: ClusterReader,
    target: Target,
    view: ClusterView,
    objects: tuple[LiveObject, ...],
    *,
    open_metrics: OpenMetrics,
    window: int,
    now: datetime,
) -> Traffic:
    """Routes, leftovers, and the requests of the last `window` seconds, compared with the routes.

    A source of metrics that does not answer leaves its part unknown. Raises ClusterError.
    """
    served = _only_served(objects)
    ingress = _first_ingress(view)
    traffic = Traffic(routes=read_routes(reader, target.namespace, ingress, served))
    if ingress == "istio":
        traffic = _add_leftovers(traffic, reader, target.namespace, served)
    if view.metrics is None:
        unknown = "its environment.yaml names no source (metrics: {prometheus: …})"
        return replace(traffic, served_unknown=unknown)
    source = _Source(open_metrics(view.metrics.prometheus), target.namespace)
    try:
        requests = source.read(window)
        differences = dict(_compare(traffic.routes, source, window, now))
    except MetricsError as error:
        return replace(traffic, served_unknown=str(error))
    return replace(traffic, requests=requests, differences=differences)


def _add_leftovers(
    traffic: Traffic, reader: ClusterReader, namespace: str, served: tuple[LiveObject, ...]
) -> Traffic:
    try:
        return replace(traffic, leftovers=read_leftovers(reader, namespace, served))
    except RightMissing as error:
        return replace(traffic, leftovers_unknown=str(error))


def _only_served(objects: tuple[LiveObject, ...]) -> tuple[LiveObject, ...]:
    return tuple(live for live in objects if live.key.kind == SELDON_DEPLOYMENT)


def _first_ingress(view: ClusterView) -> str:
    """Where there are several, the first named speaks: the operator tells all of them at the same time."""
    return view.platform.ingresses[0]


class _Source:
    """Asks for each window once."""

    def __init__(self, reader: MetricsReader, namespace: str) -> None:
        self._reader = reader
        self._namespace = namespace
        self._read: dict[int, Requests] = {}

    def read(self, seconds: int) -> Requests:
        if seconds not in self._read:
            self._read[seconds] = self._reader.read_requests(self._namespace, seconds)
        return self._read[seconds]


def _compare(
    routes: Routes, source: _Source, window: int, now: datetime
) -> Iterator[tuple[str, tuple[ServedDifference, ...]]]:
    """Windows are halved until they lie after the last change: few serve any number of deployments."""
    by_window: dict[int, list[tuple[str, DeploymentRoutes]]] = defaultdict(list)
    for name, own in routes.deployments.items():
        chosen = choose_window(own.changed, now, window)
        if chosen is not None:
            by_window[chosen].append((name, own))
    for seconds, deployments in by_window.items():
        whole, half = source.read(seconds), source.read(seconds // 2)
        if not whole.complete:
            continue
        for name, own in deployments:
            later = half.of(name)
            earlier = {key: max(0, count - later.get(key, 0)) for key, count in whole.of(name).items()}
            if found := find_served_differences(own.shares, earlier, later):
                yield name, found


def choose_window(changed: datetime | None, now: datetime, window: int) -> int | None:
    """The longest of `window`, its half, its quarter … that begins after the routes settled, in seconds.

    None where the routes changed too recently for any. Routes of unknown age count as old.
    """
    settled = window if changed is None else int((now - changed).total_seconds()) - _SETTLED_AFTER
    while window >= _LEAST_WINDOW:
        if window <= settled:
            return window
        window //= 2
    return None
