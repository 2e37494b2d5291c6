"""A proxy before a real server that plays one fault on one request of one run, counted by arrival."""

from __future__ import annotations

import json
import os
import re
import ssl
import threading
import time
from dataclasses import replace
from pathlib import Path

import urllib3

from scripts.local_cluster import LocalCluster
from scripts.local_cluster.kubeconfig import NAME
from tests.faults.sweep_faults import AFTER, LATENESS, REFUSALS, SIGNALS, Fault
from tests.support.proxy import CutAfter, Drop, Halve, Proxy, Repeat, Reply, Request, open_pool

Decision = Reply | CutAfter | Halve | Repeat | Drop | None


class FaultyProxy(Proxy):
    """Plays `fault` on request number `at` (from 1); None plays none, and only counts.

    For KILL and TERM, `aim` says which process is meant; a request that they are played on waits for it.
    `page` is how many items the server is asked for at once, whatever the client asks for; 0 changes nothing.
    """

    def __init__(
        self,
        upstream: str,
        *,
        fault: Fault | None = None,
        at: int = 0,
        page: int = 0,
        context: ssl.SSLContext | None = None,
        pool: urllib3.PoolManager | None = None,
    ) -> None:
        super().__init__(upstream, self._meet, after=self._leave, context=context, pool=pool)
        self._fault = fault
        self._at = at
        self._page = page
        self._victim = 0
        self._aimed = threading.Event()

    @property
    def hit(self) -> Request | None:
        """The request that the fault was played on; None if the run ended before it came so far."""
        return self.requests[self._at - 1] if 0 < self._at <= len(self.requests) else None

    def aim(self, process: int) -> None:
        """Name the process that KILL and TERM are sent to."""
        self._victim = process
        self._aimed.set()

    def _meet(self, request: Request) -> Decision:
        fault = self._fault
        if fault is Fault.DEAD and request.number >= self._at:
            return Drop()
        if fault is None or request.number != self._at:
            return None
        if fault is Fault.DROP_BEFORE:
            return Drop()
        if fault is Fault.LATE:
            time.sleep(LATENESS)
        if fault is Fault.REPEAT:
            return Repeat()
        return _refuse(fault) if fault in REFUSALS and fault not in AFTER else None

    def _leave(self, request: Request) -> Decision:
        fault = self._fault
        if fault is None or request.number != self._at:
            return None
        if fault in SIGNALS:
            assert self._aimed.wait(30), "no process was named to send the signal to"
            os.kill(self._victim, SIGNALS[fault])
            return Drop() if fault is Fault.KILL else None
        if fault is Fault.DROP_AFTER:
            return Drop()
        if fault is Fault.CUT:
            return CutAfter(bytes=20)
        if fault is Fault.HALVE:
            return Halve()
        if fault is Fault.SLOW:
            time.sleep(LATENESS)
        return _refuse(fault) if fault in REFUSALS and fault in AFTER else None

    def _ask(self, request: Request) -> tuple[int, list[tuple[str, str]], bytes]:
        if self._page:
            target = re.sub(r"\blimit=\d+", f"limit={self._page}", request.target)
            request = replace(request, target=target)
        return super()._ask(request)


def _refuse(fault: Fault) -> Reply:
    refusal = REFUSALS[fault]
    headers = {} if refusal.retry_after is None else {"Retry-After": str(refusal.retry_after)}
    return Reply(status=refusal.status, body=refusal.body, content_type="application/json", headers=headers)


def open_admin_pool(cluster: LocalCluster) -> urllib3.PoolManager:
    """Connections to the API server as its administrator, for any number of proxies."""
    return open_pool(trust_admin(cluster))


def trust_admin(cluster: LocalCluster) -> ssl.SSLContext:
    """TLS towards the API server with the administrator's certificate."""
    admin = cluster.certificates.admin
    context = ssl.create_default_context(cafile=str(cluster.ca_file))
    context.load_cert_chain(admin.certificate, admin.key)
    return context


def write_kubeconfig(path: Path, proxy: Proxy) -> Path:
    """A kubeconfig that leads through the proxy, which has the rights."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": NAME, "cluster": {"server": proxy.uri}}],
        "users": [{"name": NAME, "user": {}}],
        "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME}}],
        "current-context": NAME,
    }
    # JSON is YAML.
    path.write_text(json.dumps(content), encoding="utf-8")
    return path
