"""A real etcd and a real kube-apiserver on loopback, for tests and the demo."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from scripts.local_cluster import audit
from scripts.local_cluster.api import AdminApi
from scripts.local_cluster.binaries import Binaries, find_binaries, tell
from scripts.local_cluster.certificates import Certificates, locate_certificates, make_certificates
from scripts.local_cluster.commands import api_server_command, etcd_command
from scripts.local_cluster.crds import install_crds
from scripts.local_cluster.errors import ClusterError, PortTaken
from scripts.local_cluster.kubeconfig import certificate_user, token_user, write_kubeconfig
from scripts.local_cluster.ports import LOOPBACK, free_ports, is_free
from scripts.local_cluster.processes import Process, identify, start
from scripts.local_cluster.state import ClusterState, read_state, write_state
from scripts.local_cluster.teardown import tear_down

ROOT = Path(__file__).resolve().parents[2]
ATTEMPTS = 3
API_SERVER = "kube-apiserver"


class LocalCluster:
    """A control plane with RBAC, an audit log and the CRDs in `crds/`; no controllers and no nodes.

    As a context manager it is started on entry and gone on exit, whatever happens in between; when the
    process dies without coming to that, a guard process takes it down.
    """

    def __init__(
        self,
        *,
        crds: bool = True,
        port: int = 0,
        state_file: Path | None = None,
        owner: Process | None = None,
        detached: bool = False,
        binaries: Binaries | None = None,
        deadline: float = 60.0,
        say: Callable[[str], None] = tell,
    ) -> None:
        """Describe a cluster; `start` starts it.

        crds: install the custom resource definitions in `crds/`.
        port: of the API server on 127.0.0.1; 0 takes a free one.
        state_file: where to note what runs; in the cluster's own folder when not given.
        owner: the process whose end is the cluster's end; this one when not given.
        detached: the cluster outlives its owner, until `stop` is called by whoever reads the state file.
        binaries: the programs; searched for (and built) when not given.
        deadline: seconds in which each server must be ready.
        """
        self._crds = crds
        self._port = port
        self._state_file = state_file
        self._owner = owner
        self._detached = detached
        self._binaries = binaries
        self._deadline = deadline
        self._say = say
        self._state: ClusterState | None = None
        self._api: AdminApi | None = None

    @classmethod
    def attach(cls, state_file: Path) -> LocalCluster:
        """The running cluster that a state file describes. Raises ClusterError when there is none."""
        state = read_state(state_file)
        if state is None:
            raise ClusterError(f"{state_file}: no cluster was started here")
        cluster = cls(state_file=state_file)
        cluster._state = state
        return cluster

    def __enter__(self) -> LocalCluster:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def state(self) -> ClusterState:
        """What runs where. Raises ClusterError before `start` and after `stop`."""
        if self._state is None:
            raise ClusterError("the local cluster is not started")
        return self._state

    @property
    def server(self) -> str:
        """The API server's URL, `https://127.0.0.1:PORT`."""
        return self.state.server

    @property
    def kubeconfig(self) -> Path:
        """A kubeconfig of the administrator (group `system:masters`)."""
        return self.state.kubeconfig

    @property
    def ca_file(self) -> Path:
        """The certificate that the API server's certificate is checked with, PEM."""
        return self.state.ca_file

    @property
    def kubectl(self) -> Path:
        """A kubectl that fits the API server."""
        return self.state.kubectl

    @property
    def audit_log(self) -> Path:
        """The audit log: one JSON object (audit.k8s.io/v1 Event, level Metadata) for each request."""
        return self.state.audit_log

    @property
    def api(self) -> AdminApi:
        """Requests as the administrator."""
        if self._api is None:
            self._api = AdminApi(self.server, ca=self.ca_file, user=self._certificates().admin)
        return self._api

    def audit_position(self) -> int:
        """A place in the audit log: after all requests that were answered until now. For `audit_events`."""
        return audit.settle(self.audit_log, lambda path: self.api.demand("GET", path))

    def audit_events(self, since: int = 0) -> tuple[dict[str, Any], ...]:
        """The audit events of all requests from position `since` until now, oldest first.

        All requests of everybody, the API server's own included: choose by `user.username`, `userAgent` or
        `objectRef`.
        """
        return audit.read_events(self.audit_log, since, self.audit_position())

    def kubeconfig_for_token(self, token: str, path: Path) -> Path:
        """Write a kubeconfig to `path` that presents a bearer token (a service account's); returns `path`."""
        write_kubeconfig(path, server=self.server, ca=self.ca_file, user=token_user(token))
        return path

    def start(self) -> None:
        """Start everything and wait until the API server is ready and serves the CRDs.

        Raises PortTaken when the given port is not free, and ClusterError, with the last lines of its log,
        when a server dies or is not ready in time. Nothing is left running then.
        """
        if self._state is not None:
            raise ClusterError("the local cluster is started already")
        if self._port and not is_free(self._port):
            raise PortTaken(
                f"port {self._port} on {LOOPBACK} is taken by another process; "
                "choose another, or none for a free one"
            )
        binaries = self._binaries or find_binaries(say=self._say)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._start_once(binaries)
                return
            except PortTaken:
                # Another process took a port between our look and the server's start.
                if self._port or attempt == ATTEMPTS:
                    raise

    def stop(self) -> None:
        """Stop the servers and remove all their data. Does nothing when that was done before."""
        if self._state is None:
            return
        state_file = self._file()
        # Whoever else has attached may have restarted a server since.
        state = read_state(state_file) or self._state
        tear_down(state, state_file)
        self._forget()

    def stop_api_server(self) -> None:
        """Stop the API server alone; etcd keeps the data."""
        for process in self.state.processes:
            if process.name == API_SERVER:
                process.stop()
        self._note(tuple(entry for entry in self.state.processes if entry.name != API_SERVER))

    def start_api_server(self) -> None:
        """Start the API server again, on the same port, and wait until it is ready."""
        process = start(
            API_SERVER, self._api_server_command(), log=self._log(API_SERVER), folder=self.state.folder
        )
        self._note((*self.state.processes, process))
        self._wait_until_ready(process)

    def _start_once(self, binaries: Binaries) -> None:
        with ExitStack() as undo:
            # From here on anything that goes wrong, ^C included, must take down what was started.
            undo.callback(self.stop)
            etcd_port, peer_port = self._lay_out(binaries)
            if not self._detached:
                self._start_guard()
            etcd = start(
                "etcd",
                etcd_command(
                    binaries.etcd,
                    data=self.state.folder / "etcd",
                    client_port=etcd_port,
                    peer_port=peer_port,
                    certificates=self._certificates(),
                ),
                log=self._log("etcd"),
                folder=self.state.folder,
            )
            self._note((*self.state.processes, etcd))
            self._wait(etcd, lambda: not is_free(etcd_port))
            self.start_api_server()
            if self._crds:
                install_crds(self.api)
            undo.pop_all()

    def _lay_out(self, binaries: Binaries) -> tuple[int, int]:
        """Make the folder and what the servers read; the ports of etcd."""
        folder = Path(tempfile.mkdtemp(prefix="modelsync-cluster-"))
        ports = free_ports(3)
        port = self._port or ports[0]
        self._state = ClusterState(
            folder=folder,
            server=f"https://{LOOPBACK}:{port}",
            kubeconfig=folder / "kubeconfig.yaml",
            ca_file=folder / "pki" / "ca.crt",
            audit_log=folder / "audit.log",
            kubectl=binaries.kubectl,
            api_server=binaries.apiserver,
            etcd_port=ports[1],
            source=binaries.source,
            processes=(),
        )
        self._note(())
        (folder / "pki").mkdir(mode=0o700)
        certificates = make_certificates(folder / "pki")
        write_kubeconfig(
            self.kubeconfig, server=self.server, ca=self.ca_file, user=certificate_user(certificates.admin)
        )
        (folder / "audit-policy.yaml").write_text(audit.POLICY, encoding="utf-8")
        return ports[1], ports[2]

    def _start_guard(self) -> None:
        owner = self._owner or identify("owner", os.getpid())
        guard = start(
            "guard",
            (
                sys.executable,
                "-m",
                "scripts.local_cluster.guard",
                str(self._file()),
                str(owner.pid),
                str(owner.started),
            ),
            log=self._log("guard"),
            folder=ROOT,
        )
        self._note((*self.state.processes, guard))

    def _api_server_command(self) -> tuple[str, ...]:
        folder = self.state.folder
        return api_server_command(
            self.state.api_server,
            port=int(self.server.rsplit(":", 1)[1]),
            etcd_port=self.state.etcd_port,
            certificates=self._certificates(),
            audit_policy=folder / "audit-policy.yaml",
            audit_log=self.audit_log,
            scratch=folder / "scratch",
        )

    def _wait_until_ready(self, process: Process) -> None:
        def is_ready() -> bool:
            try:
                return self.api.request("GET", "/readyz").status == 200
            except ClusterError:
                return False

        self._wait(process, is_ready)

    def _wait(self, process: Process, is_ready: Callable[[], bool]) -> None:
        end = time.monotonic() + self._deadline
        while True:
            # In this order: a stranger on the same port must not be taken for a server that died on it.
            if not process.is_running():
                words = process.last_words()
                fault = PortTaken if "address already in use" in words else ClusterError
                raise fault(f"{process.name} ended while it was starting; the end of its log:\n{words}")
            if is_ready():
                return
            if time.monotonic() > end:
                raise ClusterError(
                    f"{process.name} is not ready after {self._deadline:.0f} s; the end of its log:\n"
                    f"{process.last_words()}"
                )
            time.sleep(0.05)

    def _certificates(self) -> Certificates:
        return locate_certificates(self.state.folder / "pki")

    def _file(self) -> Path:
        return self._state_file or self.state.folder / "state.json"

    def _log(self, name: str) -> Path:
        return self.state.folder / f"{name}.log"

    def _note(self, processes: tuple[Process, ...]) -> None:
        self._state = replace(self.state, processes=processes)
        write_state(self._file(), self._state)

    def _forget(self) -> None:
        if self._api is not None:
            self._api.close()
        self._api = None
        self._state = None
