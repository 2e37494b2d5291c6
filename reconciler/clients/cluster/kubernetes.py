"""Connects to an API server. The only module that imports the Kubernetes library.

The library reads the kubeconfig or the Pod's service account and gives credentials and a connection
pool; paths, bodies, timeouts and retries are our own. It takes half a second to import, so it is
imported when a connection is made and not before.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from reconciler import __version__
from reconciler.clients.cluster.interface import Cluster, ClusterMisconfigured
from reconciler.clients.cluster.rest import PAGE, RestReader, RestWriter
from reconciler.clients.cluster.transport import DryRunTransport, HttpTransport, Patience

if TYPE_CHECKING:
    from kubernetes.client import Configuration

_POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


def connect(
    *,
    kubeconfig: Path | None = None,
    context: str | None = None,
    patience: Patience | None = None,
    page: int = PAGE,
) -> Cluster:
    """The cluster that a kubeconfig and context name, or else the one that this process runs in.

    Without `kubeconfig` the usual places count (KUBECONFIG, ~/.kube/config), then the Pod's service
    account. Sends no request. Raises ClusterMisconfigured.
    """
    from kubernetes.client import ApiClient

    configuration, namespace = _configure(kubeconfig, context)
    client = ApiClient(configuration=configuration)
    transport = HttpTransport(
        client.rest_client.pool_manager,
        configuration.host,
        headers=lambda: _headers(configuration),
        patience=patience,
    )
    return Cluster(
        reader=RestReader(transport, page=page),
        writer=RestWriter(transport),
        dry_run=RestWriter(DryRunTransport(transport)),
        namespace=namespace,
    )


def _configure(kubeconfig: Path | None, context: str | None) -> tuple[Configuration, str]:
    """The configuration, and the namespace that the caller calls its own."""
    from kubernetes.client import Configuration
    from kubernetes.config import ConfigException, load_incluster_config, load_kube_config
    from kubernetes.config.kube_config import KUBE_CONFIG_DEFAULT_LOCATION, list_kube_config_contexts

    configuration = Configuration()
    named = kubeconfig is not None or context is not None
    usual = any(Path(path).expanduser().is_file() for path in KUBE_CONFIG_DEFAULT_LOCATION.split(os.pathsep))
    file = str(kubeconfig) if kubeconfig is not None else None
    where = file or "the kubeconfig"
    try:
        if named or usual:
            load_kube_config(  # type: ignore[no-untyped-call]  # the library has no types here
                config_file=file,
                context=context,
                client_configuration=configuration,
                # The library would write renewed tokens into the user's file.
                persist_config=False,
            )
            contexts, current = list_kube_config_contexts(  # type: ignore[no-untyped-call]  # no types
                config_file=file
            )
            chosen = next((item for item in contexts if item["name"] == context), current)
            namespace = str(chosen["context"].get("namespace") or "default")
        else:
            where = f"there is no kubeconfig at {KUBE_CONFIG_DEFAULT_LOCATION}, and the Pod's service account"
            namespace = _POD_NAMESPACE.read_text().strip() if _POD_NAMESPACE.is_file() else "default"
            load_incluster_config(  # type: ignore[no-untyped-call]  # the library has no types here
                client_configuration=configuration
            )
    except (ConfigException, OSError, ValueError, yaml.YAMLError) as error:
        raise _misconfigured(where, str(error)) from error
    except (TypeError, AttributeError, LookupError) as error:
        # The library does not check the shape of what it reads.
        raise _misconfigured(where, "it is not a kubeconfig") from error
    return configuration, namespace


def _misconfigured(where: str, why: str) -> ClusterMisconfigured:
    said = " ".join(why.split()).rstrip(".")
    return ClusterMisconfigured(
        f"no cluster to talk to: {where} cannot be used ({said}). "
        "Name one with --kubeconfig and --context, or run in a Pod whose service account is mounted."
    )


def _headers(configuration: Configuration) -> Mapping[str, str]:
    headers = {"User-Agent": f"modelsync/{__version__}"}
    try:
        token = configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
    except OSError as error:
        raise ClusterMisconfigured(f"the credentials cannot be renewed: {error}") from error
    if token:
        headers["Authorization"] = token
    return headers
