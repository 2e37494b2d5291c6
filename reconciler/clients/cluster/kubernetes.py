"""Connects to an API server. The only module that imports the Kubernetes library.

The library is asked only for what needs it: kubeconfigs with plug-ins, providers, passwords or several
files. It gives their credentials; connections, paths, bodies, timeouts and retries are our own. It takes
longer to import than a run that finds nothing to do takes in all, so plain kubeconfigs and the Pod's
service account are read without it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from reconciler.clients.cluster.access import Access, find_proxy
from reconciler.clients.cluster.interface import Cluster, ClusterMisconfigured
from reconciler.clients.cluster.kubeconfig import check_switches, read_kubeconfig, read_service_account
from reconciler.clients.cluster.rest import PAGE, RestReader, RestWriter
from reconciler.clients.cluster.transport import DryRunTransport, HttpTransport, Patience

if TYPE_CHECKING:
    from kubernetes.client import Configuration


def connect(
    *,
    kubeconfig: Path | None = None,
    context: str | None = None,
    patience: Patience | None = None,
    page: int = PAGE,
    hurried: Callable[[], bool] = bool,
) -> Cluster:
    """The cluster that a kubeconfig and context name, or else the one that this process runs in.

    Without `kubeconfig` the usual places count (KUBECONFIG, ~/.kube/config), then the Pod's service
    account. `hurried` tells when the run is to end, so that nothing is tried again from then on. Sends no
    request. Raises ClusterMisconfigured.
    """
    access, namespace = find_access(kubeconfig, context)
    return _build(HttpTransport(access, patience=patience, hurried=hurried), page, namespace)


def _build(transport: HttpTransport, page: int, namespace: str) -> Cluster:
    return Cluster(
        reader=RestReader(transport, page=page),
        writer=RestWriter(transport),
        dry_run=RestWriter(DryRunTransport(transport)),
        open_part=lambda: _build(transport.part(), page, namespace),
        namespace=namespace,
    )


def find_access(kubeconfig: Path | None, context: str | None) -> tuple[Access, str]:
    """How the API server is reached, and the namespace that the caller calls its own.

    Raises ClusterMisconfigured.
    """
    places = str(kubeconfig) if kubeconfig is not None else os.environ.get("KUBECONFIG") or "~/.kube/config"
    files = [path for path in map(_expand, places.split(os.pathsep)) if path.is_file()]
    if kubeconfig is None and context is None and not files:
        found = read_service_account()
        if found is not None:
            return found
        raise _misconfigured(
            f"there is no kubeconfig at {places}, and the Pod's service account",
            "KUBERNETES_SERVICE_HOST, its token and ca.crt are not all there",
        )
    plain = read_kubeconfig(files[0], context) if len(files) == 1 else None
    return plain or read_with_library(
        places, context, where="the kubeconfig" if kubeconfig is None else places
    )


def read_with_library(places: str, context: str | None, *, where: str) -> tuple[Access, str]:
    """The same by the Kubernetes library, which knows every form of kubeconfig.

    `places` are files as KUBECONFIG names them; `where` is how messages call them.
    Raises ClusterMisconfigured.
    """
    from kubernetes.client import Configuration
    from kubernetes.config import ConfigException, load_kube_config
    from kubernetes.config.kube_config import list_kube_config_contexts

    for place in places.split(os.pathsep):
        check_switches(_expand(place))
    # A proxy that is given, were it empty, keeps the library from reading the environment.
    configuration = Configuration(proxy="")
    try:
        load_kube_config(  # type: ignore[no-untyped-call]  # the library has no types here
            config_file=places,
            context=context,
            client_configuration=configuration,
            # The library would write renewed tokens into the user's file.
            persist_config=False,
        )
        contexts, current = list_kube_config_contexts(  # type: ignore[no-untyped-call]  # no types
            config_file=places
        )
        chosen = next((item for item in contexts if item["name"] == context), current)
        return _read_configuration(configuration), str(chosen["context"].get("namespace") or "default")
    except (ConfigException, OSError, ValueError, yaml.YAMLError) as error:
        raise _misconfigured(where, str(error)) from error
    except (TypeError, AttributeError, LookupError) as error:
        # The library does not check the shape of what it reads.
        raise _misconfigured(where, "it is not a kubeconfig") from error


def _expand(place: str) -> Path:
    return Path(place).expanduser()


def _read_configuration(configuration: Configuration) -> Access:
    def read(file: str | None) -> bytes:
        return Path(file).read_bytes() if file else b""

    return Access(
        server=configuration.host,
        authority=read(configuration.ssl_ca_cert),
        certificate=read(configuration.cert_file),
        key=read(configuration.key_file),
        verify=configuration.verify_ssl,
        server_name=configuration.tls_server_name or "",
        proxy=configuration.proxy or find_proxy(configuration.host),
        authorization=lambda: _authorize(configuration),
    )


def _misconfigured(where: str, why: str) -> ClusterMisconfigured:
    said = " ".join(why.split()).rstrip(".")
    return ClusterMisconfigured(
        f"no cluster to talk to: {where} cannot be used ({said}). "
        "Name one with --kubeconfig and --context, or run in a Pod whose service account is mounted."
    )


def _authorize(configuration: Configuration) -> str:
    """Asks the library, which runs the plug-in again where a token has expired."""
    try:
        return configuration.get_api_key_with_prefix("BearerToken", alias="authorization") or ""
    except OSError as error:
        raise ClusterMisconfigured(f"the credentials cannot be renewed: {error}") from error
