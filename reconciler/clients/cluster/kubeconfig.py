"""Reads plain kubeconfigs, and the Pod's service account, without the Kubernetes library.

Importing the library takes longer than a whole run that finds nothing to do. Whatever is not plain (several
files, plug-ins, providers, passwords, anything unknown or of an odd shape) is left to it.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from reconciler.clients.cluster.access import Access, TokenFile, find_proxy
from reconciler.clients.cluster.interface import ClusterMisconfigured

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")

_CLUSTER_KEYS = frozenset(
    {
        "server",
        "certificate-authority",
        "certificate-authority-data",
        "insecure-skip-tls-verify",
        "tls-server-name",
        "proxy-url",
        "disable-compression",
        "extensions",
    }
)
_USER_KEYS = frozenset(
    {
        "client-certificate",
        "client-certificate-data",
        "client-key",
        "client-key-data",
        "token",
        "tokenFile",
        "extensions",
    }
)
# What is written as a text would count as set, whatever it says.
_SWITCHES = ("insecure-skip-tls-verify", "disable-compression")
_Node = Mapping[str, Any]

# The parser in C is ten times as fast, and a kubeconfig is mostly long lines of certificates.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_kubeconfig(path: Path, context: str | None) -> tuple[Access, str] | None:
    """Access to the API server that the context (empty: the current one) names, and the context's namespace.

    None if the file is not plain, or cannot be used at all. Raises ClusterMisconfigured as `check_switches`.
    """
    config = _load(path)
    _check_switches(config, path)
    try:
        chosen = _find(config["contexts"], context or config["current-context"])["context"]
        cluster = _find(config["clusters"], chosen["cluster"])["cluster"]
        user = _find(config["users"], chosen["user"])["user"] if chosen.get("user") else {}
        if not (_CLUSTER_KEYS.issuperset(cluster) and _USER_KEYS.issuperset(user)):
            return None
        return _read_access(cluster, user, path.parent), str(chosen.get("namespace") or "default")
    except (
        OSError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        ClusterMisconfigured,
    ):
        # The library says what is wrong with it.
        return None


def check_switches(path: Path) -> None:
    """Raise ClusterMisconfigured unless the switches of all clusters of a kubeconfig are true or false.

    Like kubectl, which takes nothing of a file with another one; the library takes "false" for true.
    """
    _check_switches(_load(path), path)


def read_service_account(
    folder: Path = _ACCOUNT, environment: Mapping[str, str] = os.environ
) -> tuple[Access, str] | None:
    """Access as the Pod's service account, and the Pod's namespace. None outside a Pod."""
    host, port = environment.get("KUBERNETES_SERVICE_HOST"), environment.get("KUBERNETES_SERVICE_PORT")
    token, authority = folder / "token", folder / "ca.crt"
    if not (host and port and token.is_file() and authority.is_file()):
        return None
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    namespace = folder / "namespace"
    access = Access(
        server=server,
        authority=authority.read_bytes(),
        proxy=find_proxy(server, environment),
        authorization=TokenFile(token),
    )
    return access, namespace.read_text(encoding="utf-8").strip() if namespace.is_file() else "default"


def _load(path: Path) -> Any:
    """What the file holds; None if it cannot be read."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  (a safe loader)
    except (OSError, ValueError, yaml.YAMLError):
        return None


def _check_switches(config: object, path: Path) -> None:
    items = config.get("clusters") if isinstance(config, Mapping) else None
    for item in items if isinstance(items, list) else ():
        node = item.get("cluster") if isinstance(item, Mapping) else None
        if not isinstance(node, Mapping):
            continue
        for key in _SWITCHES:
            value = node.get(key)
            if not isinstance(value, bool | None):
                raise ClusterMisconfigured(
                    f"{path}: {key} of the cluster {item.get('name')} is {json.dumps(value, default=str)}; "
                    "write true or false there, without quotes."
                )


def _find(items: list[_Node], name: str) -> _Node:
    """The item of that name. Raises ValueError unless it is there once."""
    (found,) = (item for item in items if item["name"] == name)
    return found


def _read_access(cluster: _Node, user: _Node, folder: Path) -> Access:
    server = _text(cluster["server"]).rstrip("/")
    proxy = _text(cluster.get("proxy-url") or "") or find_proxy(server)
    authorization = _read_token(user, folder)
    if not server.startswith("https://"):
        return Access(server=server, proxy=proxy, authorization=authorization)
    return Access(
        server=server,
        authority=_read_pem(cluster, "certificate-authority", folder),
        certificate=_read_pem(user, "client-certificate", folder),
        key=_read_pem(user, "client-key", folder),
        verify=not cluster.get("insecure-skip-tls-verify"),
        server_name=_text(cluster.get("tls-server-name") or ""),
        proxy=proxy,
        authorization=authorization,
    )


def _read_token(user: _Node, folder: Path) -> Callable[[], str]:
    if "token" in user and "tokenFile" in user:
        raise ValueError("which of the two counts is for the library to say")
    if "tokenFile" in user:
        file = TokenFile(folder / _text(user["tokenFile"]))
        file()
        return file
    header = f"Bearer {_text(user['token'])}" if user.get("token") else ""
    return lambda: header


def _read_pem(node: _Node, name: str, folder: Path) -> bytes:
    if f"{name}-data" in node:
        return base64.b64decode(_text(node[f"{name}-data"]))
    return (folder / _text(node[name])).read_bytes() if name in node else b""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
