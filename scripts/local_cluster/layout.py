"""The folder of one cluster: where everything lies, and what the servers read when they start."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from scripts.local_cluster import audit
from scripts.local_cluster.binaries import Binaries
from scripts.local_cluster.certificates import locate_certificates, make_certificates
from scripts.local_cluster.commands import api_server_command
from scripts.local_cluster.kubeconfig import certificate_user, write_kubeconfig
from scripts.local_cluster.parts import Part
from scripts.local_cluster.ports import LOOPBACK
from scripts.local_cluster.state import ClusterState

_PKI = "pki"
_POLICY = "audit-policy.yaml"


def lay_out(binaries: Binaries, parts: Iterable[Part], *, port: int, etcd_port: int) -> ClusterState:
    """A new, empty folder, and the state of a cluster there of which nothing runs yet."""
    folder = Path(tempfile.mkdtemp(prefix="modelsync-cluster-"))
    return ClusterState(
        folder=folder,
        server=f"https://{LOOPBACK}:{port}",
        kubeconfig=folder / "kubeconfig.yaml",
        ca_file=folder / _PKI / "ca.crt",
        audit_log=folder / "audit.log",
        kubectl=binaries.kubectl,
        api_server=binaries.apiserver,
        etcd_port=etcd_port,
        source=binaries.source,
        parts=tuple(part.value for part in parts),
        programs=(),
        processes=(),
        facts={},
    )


def fill_folder(state: ClusterState) -> None:
    """Write keys, certificates, the administrator's kubeconfig and the audit policy."""
    (state.folder / _PKI).mkdir(mode=0o700)
    certificates = make_certificates(state.folder / _PKI)
    write_kubeconfig(
        state.kubeconfig, server=state.server, ca=state.ca_file, user=certificate_user(certificates.admin)
    )
    (state.folder / _POLICY).write_text(audit.POLICY, encoding="utf-8")


def write_api_server_command(state: ClusterState) -> tuple[str, ...]:
    """The command of the cluster's API server."""
    return api_server_command(
        state.api_server,
        port=int(state.server.rsplit(":", 1)[1]),
        etcd_port=state.etcd_port,
        certificates=locate_certificates(state.folder / _PKI),
        audit_policy=state.folder / _POLICY,
        audit_log=state.audit_log,
        scratch=state.folder / "scratch",
    )
