"""Looks at all namespaces of the matrix all the time, and holds each verdict against the truth of then.

A look is five lists, taken in the order in which the product takes them. A look during which a situation did
something is not counted for it: what is true then depends on the order of two requests.
"""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from reconciler.apply.health import assess
from reconciler.clients.cluster.interface import Cluster
from reconciler.clients.cluster.kinds import DEPLOYMENT, EVENT, POD, VIRTUAL_SERVICE
from reconciler.observe.closeup import Closeup
from reconciler.observe.live import WORKLOAD_SELECTOR
from reconciler.observe.routes import parse_routes
from reconciler.state.objects import SELDON_DEPLOYMENT, LiveObject, ObjectKey
from reconciler.state.observations import Health, HealthWord
from reconciler.state.routes import DeploymentRoutes
from tests.e2e.health.kstatus import compute_kstatus
from tests.e2e.health.truth import Seen, Served, is_served, is_told

PAUSE = 0.1
AT_ONCE = 4
# A Deployment's own clock has whole seconds.
ROUNDING = 1.0

Key = tuple[str, str]
"""Namespace and name of a SeldonDeployment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What is true of an object from now on.

    `served` is what must be there for it to be served as asked; None if it cannot be. `failed_after` are the
    seconds from now after which it is true that it failed; None if it never is.
    """

    phase: int
    served: Served | None
    failed_after: float | None
    since: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One look at one object: what was said, whether it was served as asked, and whether its status tells so.

    Equal ones in a row are one.
    """

    phase: int
    after: float
    word: HealthWord
    reason: str
    kstatus: str
    served: bool
    told: bool = False
    false: str = ""


@dataclass(slots=True)
class Track:
    """All that was seen of one object; `recorded` are its different states, for other engines to judge."""

    samples: list[Sample] = field(default_factory=list)
    looks: int = 0
    notes: set[str] = field(default_factory=set)
    variants: set[tuple[str, ...]] = field(default_factory=set)
    recorded: dict[str, tuple[Mapping[str, Any], Sample]] = field(default_factory=dict)


class Observer:
    """Watches `cluster` from `start` to `stop`; situations tell it what they do."""

    def __init__(self, cluster: Cluster) -> None:
        self._reader = cluster.reader
        self._lock = threading.Condition()
        self._expected: dict[Key, Expectation | None] = {}
        self._tracks: dict[Key, Track] = defaultdict(Track)
        self._ended = threading.Event()
        self._pool = ThreadPoolExecutor(1)
        self._watching: Future[None] | None = None

    def start(self) -> None:
        self._watching = self._pool.submit(self._run)

    def stop(self) -> None:
        """End; raises what went wrong while watching."""
        self._ended.set()
        self._pool.shutdown()
        if self._watching is not None:
            self._watching.result()

    def act(self, keys: tuple[Key, ...], action: Callable[[], None], expected: Expectation) -> None:
        """Do something to objects; from the moment it is done `expected` holds for all of them.

        They are looked at at once, a few times: after an edit the old status stands for some hundredths of a
        second only.
        """
        with self._lock:
            for key in keys:
                self._expected[key] = None
        action()
        with self._lock:
            for key in keys:
                self._expected[key] = Expectation(
                    phase=expected.phase,
                    served=expected.served,
                    failed_after=expected.failed_after,
                    since=time.monotonic(),
                )
        for _ in range(AT_ONCE):
            for namespace in {key[0] for key in keys}:
                self._look(namespace)

    def wait(self, key: Key, is_wanted: Callable[[Sample], bool], seconds: float) -> bool:
        """Wait until the last look at an object is one that is wanted; False when none was."""

        def is_said() -> bool:
            samples = self._tracks[key].samples
            return bool(samples and is_wanted(samples[-1]))

        end = time.monotonic() + seconds
        with self._lock:
            while not is_said():
                # When watching ended early, `stop` says why.
                if time.monotonic() > end or self._watching is None or self._watching.done():
                    return False
                self._lock.wait(timeout=1)
            return True

    def forget(self, key: Key) -> None:
        """Look no more at an object; what was seen is kept."""
        with self._lock:
            self._expected[key] = None

    def track(self, key: Key) -> Track:
        return self._tracks[key]

    def _run(self) -> None:
        while not self._ended.is_set():
            self._look("")
            self._ended.wait(PAUSE)

    def _look(self, namespace: str) -> None:
        """At one namespace, or at all of them."""
        begin = time.monotonic()
        objects = self._reader.list(SELDON_DEPLOYMENT, namespace)
        workloads = self._reader.list(DEPLOYMENT, namespace, label_selector=WORKLOAD_SELECTOR)
        services = self._reader.list(VIRTUAL_SERVICE, namespace)
        pods = self._reader.list(POD, namespace, label_selector=WORKLOAD_SELECTOR)
        events = self._reader.list(EVENT, namespace)
        groups = [_group(items) for items in (workloads, pods, events, services)]
        live = {(item.key.namespace, item.key.name): item for item in objects}
        end = time.monotonic()
        now = datetime.now(timezone.utc)
        with self._lock:
            # What changed since the look began belongs to no phase.
            known = {
                key: expected
                for key, expected in self._expected.items()
                if expected is not None and expected.since <= begin and namespace in ("", key[0])
            }
        for key, expected in known.items():
            own = [group.get(key[0], ()) for group in groups]
            sample, health = _judge(key, live.get(key), own, expected, now, end)
            with self._lock:
                if self._expected[key] is expected:
                    _note(self._tracks[key], live.get(key), sample, health)
        with self._lock:
            self._lock.notify_all()


def _judge(
    key: Key,
    live: LiveObject | None,
    own: list[tuple[LiveObject, ...]],
    expected: Expectation,
    now: datetime,
    end: float,
) -> tuple[Sample, Health]:
    workloads, pods, events, services = own
    if live is None:
        word, health = HealthWord.NOT_FOUND, None
    else:
        routes = parse_routes(services, "istio", (live,)).get(live.key.name, DeploymentRoutes())
        closeup = Closeup(pods=pods, events=events)
        health = assess(live, workloads, now=now, closeup=closeup, routes=routes)
        word = health.word
        # The words must not hang on the explanations.
        assert assess(live, workloads, now=now, routes=routes).word is word, key
    seen = Seen(
        deployments=tuple(dict(item.body) for item in workloads),
        virtual_services=tuple(dict(item.body) for item in services),
    )
    served = live is not None and expected.served is not None and is_served(expected.served, seen, live.uid)
    after = end - expected.since
    may_fail = expected.failed_after is not None and after >= expected.failed_after - ROUNDING
    false = ""
    if word is HealthWord.CURRENT and not served:
        false = "Current"
    elif word is HealthWord.FAILED and not may_fail:
        false = "Failed"
    sample = Sample(
        phase=expected.phase,
        after=round(after, 1),
        word=word,
        reason=health.reason if health is not None else "",
        kstatus=compute_kstatus(dict(live.body) if live is not None else None),
        served=served,
        told=live is not None and expected.served is not None and is_told(expected.served, live.body),
        false=false,
    )
    return sample, health or Health(
        key=ObjectKey(kind=SELDON_DEPLOYMENT, namespace=key[0], name=key[1]), word=word
    )


def _note(track: Track, live: LiveObject | None, sample: Sample, health: Health) -> None:
    track.looks += 1
    track.notes.update(health.notes)
    track.variants.add(tuple(f"{item.predictor} {item.word.value}" for item in health.variants))
    last = track.samples[-1] if track.samples else None
    if last is None or replace(last, after=sample.after) != sample:
        track.samples.append(sample)
    if live is not None:
        text = json.dumps(
            [sample.phase, sample.served, live.body.get("spec"), live.body.get("status")], sort_keys=True
        )
        track.recorded.setdefault(text, (dict(live.body), sample))


def _group(items: tuple[LiveObject, ...]) -> dict[str, tuple[LiveObject, ...]]:
    groups: dict[str, list[LiveObject]] = defaultdict(list)
    for item in items:
        groups[item.key.namespace].append(item)
    return {namespace: tuple(found) for namespace, found in groups.items()}
