"""The part with Kubernetes' own controllers and its scheduler."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.local_cluster.bundles import CONTROLLERS, provide
from scripts.local_cluster.ports import LOOPBACK, free_ports, is_free

if TYPE_CHECKING:
    from scripts.local_cluster.cluster import LocalCluster

MANAGER = "kube-controller-manager"
SCHEDULER = "kube-scheduler"
# What keeps its promises without a kubelet, a cloud and volumes. Not the endpoint controllers: they would
# offer the addresses of Pods that nobody answers on beside those that the serving node registers.
# Not the node's life cycle: a Node here is what the part that made it says.
CHOSEN = (
    "clusterrole-aggregation-controller",
    "cronjob-controller",
    "deployment-controller",
    "disruption-controller",
    "garbage-collector-controller",
    "horizontal-pod-autoscaler-controller",
    "job-controller",
    "namespace-controller",
    "pod-garbage-collector-controller",
    "replicaset-controller",
    "resourcequota-controller",
    "root-ca-certificate-publisher-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
)


def start_part(cluster: LocalCluster) -> None:
    """Start both, and wait until a namespace has its ServiceAccount (Pods are refused before) and the
    scheduler is healthy. Raises ClusterError.
    """
    programs = provide(CONTROLLERS)
    manager_port, scheduler_port = free_ports(2)
    certificates = cluster.certificates
    common = (f"--bind-address={LOOPBACK}", "--leader-elect=false", "--profiling=false")
    # A test makes in seconds what a cluster gets in a day.
    pace = ("--kube-api-qps=300", "--kube-api-burst=600")
    manager = cluster.run_program(
        MANAGER,
        (
            str(programs / MANAGER),
            f"--kubeconfig={cluster.user_kubeconfig(f'system:{MANAGER}')}",
            f"--secure-port={manager_port}",
            f"--cert-dir={cluster.state.folder / 'scratch'}",
            f"--tls-cert-file={certificates.server.certificate}",
            f"--tls-private-key-file={certificates.server.key}",
            f"--root-ca-file={certificates.ca}",
            f"--service-account-private-key-file={certificates.service_account_key}",
            # Each controller has the rights of its own account only, as in a real cluster.
            "--use-service-account-credentials=true",
            f"--controllers={','.join(CHOSEN)}",
            *common,
            *pace,
        ),
    )
    scheduler = cluster.run_program(
        SCHEDULER,
        (
            str(programs / SCHEDULER),
            f"--kubeconfig={cluster.user_kubeconfig(f'system:{SCHEDULER}')}",
            f"--secure-port={scheduler_port}",
            f"--cert-dir={cluster.state.folder / 'scratch'}",
            f"--tls-cert-file={certificates.server.certificate}",
            f"--tls-private-key-file={certificates.server.key}",
            *common,
            *pace,
        ),
    )
    account = "/api/v1/namespaces/default/serviceaccounts/default"
    cluster.wait_for(manager, lambda: cluster.api.request("GET", account).status == 200)
    cluster.wait_for(scheduler, lambda: not is_free(scheduler_port))
