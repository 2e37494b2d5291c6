"""Kubeconfig files for a local cluster."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import Path

import yaml

from scripts.local_cluster.certificates import KeyPair

NAME = "modelsync-local"


def write_kubeconfig(file: Path, *, server: str, ca: Path, user: Mapping[str, str]) -> None:
    """Write a self-contained kubeconfig with one cluster, user and context, readable by its owner only."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": NAME, "cluster": {"server": server, "certificate-authority-data": _encode(ca)}}
        ],
        "users": [{"name": NAME, "user": dict(user)}],
        "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME}}],
        "current-context": NAME,
    }
    with os.fdopen(
        os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as handle:
        yaml.safe_dump(content, handle, sort_keys=False)


def certificate_user(pair: KeyPair) -> dict[str, str]:
    """The user entry that presents a client certificate."""
    return {
        "client-certificate-data": _encode(pair.certificate),
        "client-key-data": _encode(pair.key),
    }


def token_user(token: str) -> dict[str, str]:
    """The user entry that presents a bearer token, such as a service account's."""
    return {"token": token}


def _encode(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode("ascii")
