"""The command lines of the servers, and why each flag that is not plain is there."""

from __future__ import annotations

from pathlib import Path

from scripts.local_cluster.certificates import Certificates
from scripts.local_cluster.ports import LOOPBACK


def etcd_command(
    program: Path, *, data: Path, client_port: int, peer_port: int, certificates: Certificates
) -> tuple[str, ...]:
    """etcd with one member, on loopback, for clients with a certificate of this cluster only."""
    client = f"https://{LOOPBACK}:{client_port}"
    peer = f"https://{LOOPBACK}:{peer_port}"
    ca, server = str(certificates.ca), certificates.server
    return (
        str(program),
        "--name=local",
        f"--data-dir={data}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=local={peer}",
        "--client-cert-auth",
        f"--trusted-ca-file={ca}",
        f"--cert-file={server.certificate}",
        f"--key-file={server.key}",
        "--peer-client-cert-auth",
        f"--peer-trusted-ca-file={ca}",
        f"--peer-cert-file={server.certificate}",
        f"--peer-key-file={server.key}",
        # The data is thrown away with the cluster: nothing is gained by waiting for the disk.
        "--unsafe-no-fsync",
        "--log-level=warn",
    )


def api_server_command(
    program: Path,
    *,
    port: int,
    etcd_port: int,
    certificates: Certificates,
    audit_policy: Path,
    audit_log: Path,
    scratch: Path,
) -> tuple[str, ...]:
    """kube-apiserver on loopback with RBAC, service-account tokens and an audit log."""
    url = f"https://{LOOPBACK}:{port}"
    return (
        str(program),
        f"--bind-address={LOOPBACK}",
        f"--advertise-address={LOOPBACK}",
        f"--secure-port={port}",
        f"--etcd-servers=https://{LOOPBACK}:{etcd_port}",
        f"--etcd-cafile={certificates.ca}",
        f"--etcd-certfile={certificates.etcd_client.certificate}",
        f"--etcd-keyfile={certificates.etcd_client.key}",
        f"--tls-cert-file={certificates.server.certificate}",
        f"--tls-private-key-file={certificates.server.key}",
        f"--client-ca-file={certificates.ca}",
        "--authorization-mode=RBAC",
        f"--service-account-issuer={url}",
        f"--service-account-signing-key-file={certificates.service_account_key}",
        f"--service-account-key-file={certificates.service_account_key}",
        "--service-cluster-ip-range=10.96.0.0/16",
        # A loopback address is refused as an endpoint of the Service `kubernetes`, and nobody asks for it.
        "--endpoint-reconciler-type=none",
        # No controller would take the taint off again, which new Nodes get from it.
        "--disable-admission-plugins=TaintNodesByCondition",
        f"--cert-dir={scratch}",
        f"--audit-policy-file={audit_policy}",
        f"--audit-log-path={audit_log}",
        # One file for the whole life: tests read it from the beginning.
        "--audit-log-maxsize=100000",
    )
