"""A real etcd and a real kube-apiserver on loopback, and the parts beside them, as one thing."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from scripts.local_cluster import audit
from scripts.local_cluster.api import AdminApi
from scripts.local_cluster.binaries import Binaries, find_binaries, tell
from scripts.local_cluster.certificates import Certificates, issue_user, locate_certificates
from scripts.local_cluster.commands import etcd_command
from scripts.local_cluster.crds import install_crds, read_crds
from scripts.local_cluster.errors import ClusterError, PortTaken
from scripts.local_cluster.foreign_crds import read_foreign_crds
from scripts.local_cluster.guard import start_guard
from scripts.local_cluster.kubeconfig import certificate_user, token_user, write_kubeconfig
from scripts.local_cluster.layout import fill_folder, lay_out, write_api_server_command
from scripts.local_cluster.parts import Part, complete, provide, start_parts
from scripts.local_cluster.ports import LOOPBACK, free_ports, is_free
from scripts.local_cluster.processes import Process, identify
from scripts.local_cluster.state import ClusterState, read_state, write_state
from scripts.local_cluster.supervisor import Supervisor
from scripts.local_cluster.teardown import tear_down

ATTEMPTS = 3
API_SERVER = "kube-apiserver"


class LocalCluster:
    """A control plane with RBAC, an audit log and the CRDs in `crds/`, and the parts that are asked for.

    As a context manager it is started on entry and gone on exit, whatever happens in between; when the
    process dies without coming to that, a guard process takes it down.
    """

    def __init__(
        self,
        parts: Iterable[Part] = (),
        *,
        crds: bool = True,
        port: int = 0,
        state_file: Path | None = None,
        owner: Process | None = None,
        detached: bool = False,
        binaries: Binaries | None = None,
        deadline: float = 120.0,
        say: Callable[[str], None] = tell,
    ) -> None:
        """Describe a cluster; `start` starts it.

        parts: what runs beside the API server; what they need is added.
        crds: install the custom resource definitions in `crds/`.
        port: of the API server on 127.0.0.1; 0 takes a free one.
        state_file: where to note what runs; in the cluster's own folder when not given.
        owner: the process whose end is the cluster's end; this one when not given.
        detached: the cluster outlives its owner, until `stop` is called by whoever reads the state file.
        binaries: the programs; searched for (and built) when not given.
        deadline: seconds in which each server must be ready.
        """
        self._parts = complete(parts)
        self._crds = crds
        self._port = port
        self._state_file = state_file
        self._owner = owner
        self._detached = detached
        self._binaries = binaries
        self._deadline = deadline
        self._say = say
        self._supervisor: Supervisor | None = None
        self._failed = threading.Event()
        self._api: AdminApi | None = None

    @classmethod
    def attach(cls, state_file: Path) -> LocalCluster:
        """The running cluster that a state file describes. Raises ClusterError when there is none."""
        state = read_state(state_file)
        if state is None:
            raise ClusterError(f"{state_file}: no cluster was started here")
        cluster = cls(parts=tuple(Part(part) for part in state.parts), state_file=state_file)
        cluster._supervisor = Supervisor(state_file, deadline=cluster._deadline)
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
        """What runs where, as of now. Raises ClusterError before `start` and after `stop`."""
        return self._programs().state

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
    def parts(self) -> tuple[Part, ...]:
        """What runs beside the API server, each part after what it needs."""
        return self._parts

    @property
    def api(self) -> AdminApi:
        """Requests as the administrator."""
        if self._api is None:
            self._api = AdminApi(self.server, ca=self.ca_file, user=self.certificates.admin)
        return self._api

    @property
    def certificates(self) -> Certificates:
        """The files of all keys and certificates."""
        return locate_certificates(self.state.folder / "pki")

    def fact(self, key: str) -> str:
        """What a part has noted under `key`. Raises ClusterError when none of the parts has."""
        facts = self.state.facts
        if key not in facts:
            have = ", ".join(part.value for part in self._parts) or "none"
            raise ClusterError(f"{key}: not known here; this cluster was started with these parts: {have}")
        return facts[key]

    def note_fact(self, key: str, value: str) -> None:
        """Tell others an address or a key of this cluster; it goes into the state file."""
        self._programs().note_fact(key, value)

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

    def user_kubeconfig(self, user: str, groups: Sequence[str] = ()) -> Path:
        """A kubeconfig in the cluster's folder that presents a client certificate of `user` in `groups`.

        The user has no rights but those that RBAC objects give.
        """
        pair = issue_user(self.certificates, user, groups)
        path = pair.certificate.with_suffix(".kubeconfig")
        write_kubeconfig(path, server=self.server, ca=self.ca_file, user=certificate_user(pair))
        return path

    def run_program(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> Process:
        """Run a program as part of this cluster: in a session of its own, stopped and restarted by its name.

        name: of its own in this cluster; its output goes to `<name>.log` in the cluster's folder.
        environment: variables on top of `processes.INHERITED`; kept in the state file.
        folder: to run in; the cluster's when not given.

        Raises ClusterError when it cannot be started. Whether it is of use is for `wait_for` to find out.
        """
        return self._programs().run_program(name, command, environment=environment, folder=folder)

    def wait_for(self, process: Process, is_ready: Callable[[], bool]) -> None:
        """Wait until `is_ready` says yes. Raises ClusterError, with the end of the program's log, when it
        ends before that or the deadline passes.
        """
        self._programs().wait_for(process, is_ready)

    def stop_process(self, name: str, *, grace: float = 10.0) -> None:
        """Stop a program for an outage; with a grace of 0 seconds it is killed, as a crash would end it."""
        self._programs().stop_process(name, grace=grace)

    def start_process(self, name: str) -> Process:
        """Run a stopped program again, by the same command; returns at once, see `wait_for`."""
        return self._programs().start_process(name)

    def start(self) -> None:
        """Start everything and wait until the API server and all parts are ready and the CRDs are served.

        What has to be built for the first time is built before anything is started.

        Raises PortTaken when the given port is not free, and ClusterError, with the last lines of its log,
        when a server dies or is not ready in time. Nothing is left running then.
        """
        if self._supervisor is not None:
            raise ClusterError("the local cluster is started already")
        if self._port and not is_free(self._port):
            raise PortTaken(
                f"port {self._port} on {LOOPBACK} is taken by another process; "
                "choose another, or none for a free one"
            )
        binaries = self._binaries or find_binaries(say=self._say)
        provide(self._parts)
        foreign = read_foreign_crds(self._parts)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._start_once(binaries, foreign)
                return
            except PortTaken:
                # Another process took a port between our look and the server's start.
                if self._port or attempt == ATTEMPTS:
                    raise

    def stop(self) -> None:
        """Stop the servers and remove all their data. Does nothing when that was done before."""
        if self._supervisor is None:
            return
        state_file = self._supervisor.file
        state = read_state(state_file)
        if state is not None:
            tear_down(state, state_file)
        if self._api is not None:
            self._api.close()
        self._api = None
        self._supervisor = None

    def stop_api_server(self) -> None:
        """Stop the API server alone; etcd keeps the data."""
        self.stop_process(API_SERVER)

    def start_api_server(self) -> None:
        """Start the API server again, on the same port, and wait until it is ready."""
        self.wait_for(self.start_process(API_SERVER), self._answers)

    def _start_once(self, binaries: Binaries, foreign: Sequence[dict[str, Any]]) -> None:
        with ExitStack() as undo:
            # From here on anything that goes wrong, ^C included, must take down what was started.
            undo.callback(self.stop)
            port, etcd_port, peer_port = free_ports(3)
            state = lay_out(binaries, self._parts, port=self._port or port, etcd_port=etcd_port)
            self._supervise(state)
            fill_folder(state)
            etcd = self.run_program(
                "etcd",
                etcd_command(
                    binaries.etcd,
                    data=state.folder / "etcd",
                    client_port=etcd_port,
                    peer_port=peer_port,
                    certificates=self.certificates,
                ),
            )
            self.wait_for(etcd, lambda: not is_free(etcd_port))
            self.wait_for(self.run_program(API_SERVER, write_api_server_command(state)), self._answers)
            install_crds(self.api, (*(read_crds() if self._crds else ()), *foreign))
            start_parts(self._parts, self, failed=self._failed)
            undo.pop_all()

    def _supervise(self, state: ClusterState) -> None:
        """Write the first state file, and have a guard go by it."""
        file = self._state_file or state.folder / "state.json"
        write_state(file, state)
        self._failed.clear()
        self._supervisor = Supervisor(file, deadline=self._deadline, give_up=self._failed)
        if not self._detached:
            owner = self._owner or identify("owner", os.getpid())
            self._supervisor.add_process(start_guard(file, owner, log=state.folder / "guard.log"))

    def _answers(self) -> bool:
        try:
            return self.api.request("GET", "/readyz").status == 200
        except ClusterError:
            return False

    def _programs(self) -> Supervisor:
        if self._supervisor is None:
            raise ClusterError("the local cluster is not started")
        return self._supervisor
