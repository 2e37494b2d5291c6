"""One writer per target: a coordination.k8s.io Lease, renewed while a run writes and given back at its end.

The protocol is that of Kubernetes' own leader election (k8s.io/client-go/tools/leaderelection): writes
carry the resourceVersion, another holder counts as gone when its Lease did not change for its own
duration, measured by our clock from when we first saw it, so that clocks need not agree.
"""

from __future__ import annotations

import os
import socket
import threading
import uuid
from dataclasses import dataclass
from datetime import datetime, timezone
from types import TracebackType
from typing import Any, Protocol, final

from reconciler.apply.clock import Clock
from reconciler.apply.stop import Stop
from reconciler.clients.cluster.interface import (
    AlreadyExists,
    Cluster,
    ClusterError,
    ClusterUnreachable,
    Conflict,
    NotFound,
)
from reconciler.clients.cluster.kinds import LEASE
from reconciler.render.applyset import parent_name
from reconciler.state.objects import ENVIRONMENT_LABEL, MANAGED_BY_LABEL, Body, LiveObject, ObjectKey
from reconciler.state.targets import Target

_POLL = 0.5  # seconds between two looks at a Lease that someone else holds
_TRIES = 3
_MARGIN = 0.2  # the part of the duration before its end in which nothing new is begun


class LeaseError(ClusterError):
    """Base of what concerns the Lease."""


class LeaseHeld(LeaseError):
    """Another run is writing to the target, and did not end in the time that we may wait."""

    def __init__(self, target: Target, holder: str, since: str, waited: float) -> None:
        self.holder = holder
        self.since = since
        when = f" since {since}" if since else ""
        super().__init__(
            f"{target} is being written by {holder}{when}; waited {waited:.0f} s for it to end. "
            "Nothing was changed. The next scheduled run tries again."
        )


class LeaseLost(LeaseError):
    """Another run took over, or the Lease could not be renewed in time; nothing more may be written."""

    def __init__(self, target: Target, detail: str) -> None:
        super().__init__(
            f"{target}: this run lost its Lease ({detail}), so it stopped writing. "
            "What was applied so far is recorded by the next run, which goes on from there."
        )


def name_holder() -> str:
    """Unique for this run, and readable for whoever finds it in the Lease."""
    return f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex[:8]}"


class Fence(Protocol):
    """Proof that we may still write."""

    @property
    def transitions(self) -> int:
        """Counts up whenever the Lease changes hands: a writer with a lower count is stale."""

    def check(self) -> float:
        """In how many seconds others may begin to write, at the soonest.

        Raises LeaseLost unless we may still write. To be asked before each try of a write (`guard` of the
        cluster's writer): what a lost answer and pauses took may have taken the Lease with it.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseTerms:
    """Times in seconds. `duration` is how long a run that died keeps others out (at least 1, whole seconds);
    `wait` is how long to wait for another run.
    """

    duration: float = 15.0
    wait: float = 30.0


@final
class TargetLease:
    """The Lease of one target, as a context manager: held inside, given back at the end whatever happens."""

    def __init__(
        self,
        cluster: Cluster,
        target: Target,
        *,
        holder: str,
        clock: Clock,
        terms: LeaseTerms | None = None,
        stop: Stop | None = None,
        after: int = -1,
    ) -> None:
        """`holder` names this run uniquely and for people: `host/pid/random`.

        Waiting for another run ends with Interrupted once `stop` asks for it. `after` is the fence of the
        target's record: a Lease that was deleted would count from 0 again, and all of its holders be stale.
        """
        self._cluster = cluster
        self._target = target
        self._holder = holder
        self._clock = clock
        self._terms = terms or LeaseTerms()
        self._stop = stop or Stop()
        self._key = ObjectKey(kind=LEASE, namespace=target.namespace, name=parent_name(target.environment))
        self._state = threading.Lock()
        self._ended = threading.Event()
        self._renewer: threading.Thread | None = None
        self._live: LiveObject | None = None
        self._after = after
        self._transitions = 0
        self._renewed = 0.0
        self._lost = ""

    def __enter__(self) -> TargetLease:
        self._acquire()
        self._renewer = threading.Thread(target=self._renew_until_ended, name=str(self._key), daemon=True)
        self._renewer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        if isinstance(error, KeyboardInterrupt):
            # Broken off: what was sent last may still be on its way, so that others wait for it to be over.
            return
        if self._renewer is not None:
            self._renewer.join()
        self._release()

    @property
    def transitions(self) -> int:
        return self._transitions

    def check(self) -> float:
        with self._state:
            left = self._terms.duration - (self._clock.monotonic() - self._renewed)
            lost = self._lost
        if lost:
            raise LeaseLost(self._target, lost)
        if left <= self._terms.duration * _MARGIN:
            raise LeaseLost(self._target, "it could not be renewed in time")
        return left

    def _acquire(self) -> None:
        started = self._clock.monotonic()
        seen_version, seen_at = "", started
        while True:
            self._stop.check()
            now = self._clock.monotonic()
            live = self._read()
            # Asked again: what was to end while it read must not begin to write.
            self._stop.check()
            # Our own name stands there when the answer to our write was lost on the way.
            is_free = live is None or _holder_of(live) in ("", self._holder)
            if live is not None and live.resource_version != seen_version:
                seen_version, seen_at = live.resource_version, now
            is_over = live is not None and now - seen_at >= _duration_of(live)
            if (is_free or is_over) and self._take(live, now):
                return
            # Someone who was quicker holds it, and so does a server that takes no write of ours.
            if now - started >= self._terms.wait:
                spec = {} if live is None else live.body.get("spec") or {}
                holder = "" if live is None else _holder_of(live)
                raise LeaseHeld(
                    self._target, holder or "others", str(spec.get("acquireTime") or ""), now - started
                )
            self._clock.sleep(min(_POLL, self._terms.wait))

    def _take(self, live: LiveObject | None, now: float) -> bool:
        """Whether the Lease is ours now; not if someone was quicker."""
        transitions = max(self._after, -1 if live is None else _transitions_of(live)) + 1
        acquired = self._clock.now()
        try:
            if live is None:
                taken = self._cluster.writer.create(
                    LEASE, self._key.namespace, self._body(None, transitions, acquired)
                )
            else:
                taken = self._cluster.writer.replace(self._key, self._body(live, transitions, acquired))
        except (AlreadyExists, Conflict, NotFound):
            return False
        with self._state:
            self._live, self._transitions, self._renewed = taken, transitions, now
        return True

    def _renew_until_ended(self) -> None:
        while not self._ended.wait(self._terms.duration / 3):
            now = self._clock.monotonic()
            try:
                renewed = self._renew()
            except ClusterUnreachable:
                # Whether it is lost is decided by time alone, in `check`.
                continue
            except ClusterError as error:
                self._give_up(str(error))
                return
            if self._lost:
                return
            if renewed is not None:
                with self._state:
                    self._live, self._renewed = renewed, now

    def _renew(self) -> LiveObject | None:
        """The Lease as it was renewed; None if it is lost, or if others kept writing to it."""
        live = self._live
        for _ in range(_TRIES):
            try:
                return self._cluster.writer.replace(self._key, self._body(live, self._transitions))
            except (Conflict, NotFound):
                live = self._read()
            if live is None:
                self._give_up("it was deleted")
                return None
            if _holder_of(live) != self._holder or _transitions_of(live) != self._transitions:
                self._give_up(f"{_holder_of(live) or 'someone'} took it over")
                return None
            # Someone touched its metadata, or an answer to our own renewal was lost on the way. Others count
            # from when it moved, so that only what is written now counts for us.
        return None

    def _give_up(self, why: str) -> None:
        with self._state:
            self._lost = why

    def _release(self) -> None:
        if self._lost or self._live is None:
            return
        live: LiveObject | None = self._live
        try:
            for _ in range(_TRIES):
                try:
                    self._cluster.writer.replace(self._key, self._body_of_release(live))
                    return
                except Conflict:
                    # A renewal whose answer was lost has moved it.
                    live = self._read()
                if live is None or _holder_of(live) != self._holder:
                    return
        except ClusterError:
            # The run is over either way; the next one waits for the Lease to run out.
            return

    def _body_of_release(self, live: LiveObject | None) -> Body:
        spec = {"leaseDurationSeconds": 1, "leaseTransitions": self._transitions}
        return {**self._body(live, self._transitions), "spec": spec}

    def _read(self) -> LiveObject | None:
        return self._cluster.reader.get(LEASE, self._key.namespace, self._key.name)

    def _body(self, live: LiveObject | None, transitions: int, acquired: datetime | None = None) -> Body:
        spec = dict((live.body.get("spec") or {}) if live is not None else {})
        spec.update(
            holderIdentity=self._holder,
            leaseDurationSeconds=max(1, round(self._terms.duration)),
            leaseTransitions=transitions,
            renewTime=_micro_time(self._clock.now()),
        )
        if acquired is not None:
            spec["acquireTime"] = _micro_time(acquired)
        metadata: dict[str, Any] = {
            "name": self._key.name,
            "namespace": self._key.namespace,
            "labels": {ENVIRONMENT_LABEL: self._target.environment, MANAGED_BY_LABEL: "modelsync"},
        }
        if live is not None:
            metadata["resourceVersion"] = live.resource_version
            # Without it the API server would make a deleted Lease anew for us.
            metadata["uid"] = live.uid
        return {"apiVersion": LEASE.api_version, "kind": LEASE.name, "metadata": metadata, "spec": spec}


def _holder_of(live: LiveObject) -> str:
    return str((live.body.get("spec") or {}).get("holderIdentity") or "")


def _transitions_of(live: LiveObject) -> int:
    return int((live.body.get("spec") or {}).get("leaseTransitions") or 0)


def _duration_of(live: LiveObject) -> float:
    return float((live.body.get("spec") or {}).get("leaseDurationSeconds") or 0)


def _micro_time(time: datetime) -> str:
    return time.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
