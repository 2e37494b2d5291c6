"""The parts that a local cluster can have beside its API server, and what each of them needs."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import Enum
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any

from scripts.local_cluster import bundles
from scripts.local_cluster.bundles import Bundle

if TYPE_CHECKING:
    from scripts.local_cluster.cluster import LocalCluster


class Part(str, Enum):
    """One part. Its module, `scripts.local_cluster.<value>`, has `start_part(cluster)`.

    It may have `provide_part()`, too, which fetches or builds what is no bundle.
    """

    CONTROLLERS = "controllers"  # kube-controller-manager and kube-scheduler
    OPERATOR = "operator"  # Seldon Core's operator with its webhook
    KWOK = "kwok"  # a Node that only pretends
    STORAGE = "storage"  # an S3 server
    GATEWAY = "gateway"  # istiod and Envoy
    NODE = "node"  # a Node that runs Pods as processes
    METRICS = "metrics"  # Prometheus


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What must be there before a part is started."""

    parts: tuple[Part, ...] = ()  # running
    bundles: tuple[Bundle, ...] = ()  # built
    crds: bool = False  # served: others' definitions, see foreign_crds.py


NEEDS: Mapping[Part, Need] = {
    Part.CONTROLLERS: Need(bundles=(bundles.CONTROLLERS,)),
    Part.OPERATOR: Need(parts=(Part.CONTROLLERS,), bundles=(bundles.OPERATOR,), crds=True),
    Part.KWOK: Need(parts=(Part.CONTROLLERS,), bundles=(bundles.CONTROLLERS,)),
    Part.STORAGE: Need(bundles=(bundles.STORAGE,)),
    Part.GATEWAY: Need(bundles=(bundles.ISTIOD,), crds=True),
    Part.NODE: Need(parts=(Part.CONTROLLERS, Part.STORAGE), bundles=(bundles.STORAGE,), crds=True),
    # It scrapes the gateway where there is one, and so must know the gateway's address.
    Part.METRICS: Need(parts=(Part.GATEWAY,), bundles=(bundles.PROMETHEUS,)),
}


def complete(parts: Iterable[Part]) -> tuple[Part, ...]:
    """The parts and all that they need, each after what it needs; the same for the same set."""
    wanted: set[Part] = set()
    pending = list(parts)
    while pending:
        part = pending.pop()
        wanted.add(part)
        pending.extend(need for need in NEEDS[part].parts if need not in wanted)
    order = TopologicalSorter({part: NEEDS[part].parts for part in Part if part in wanted})
    return tuple(order.static_order())


def provide(parts: Iterable[Part]) -> None:
    """Build or fetch what these parts are started from. Raises ClusterError when something cannot be had."""
    chosen = tuple(parts)
    for bundle in {bundle.name: bundle for part in chosen for bundle in NEEDS[part].bundles}.values():
        bundles.provide(bundle)
    for part in chosen:
        provide_part: Callable[[], None] | None = getattr(_module(part), "provide_part", None)
        if provide_part is not None:
            provide_part()


def start_parts(parts: Iterable[Part], cluster: LocalCluster, *, failed: threading.Event) -> None:
    """Start the parts, each as soon as all that it needs runs, side by side where they can.

    `failed` is set when the first one fails, so that the others need not wait to the end. Raises what that
    one raised, after all of them have come to an end.
    """
    sorter: TopologicalSorter[Part] = TopologicalSorter({part: NEEDS[part].parts for part in parts})
    sorter.prepare()
    running: dict[Future[None], Part] = {}
    with ThreadPoolExecutor(max_workers=len(Part)) as pool:
        try:
            while sorter.is_active():
                for part in sorter.get_ready():
                    running[pool.submit(_module(part).start_part, cluster)] = part
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
                    sorter.done(running.pop(future))
        except BaseException:
            failed.set()
            raise


def _module(part: Part) -> Any:
    # Looked up when it is wanted: a plain API server does not load what it does not start.
    return importlib.import_module(f"scripts.local_cluster.{part.value}")
