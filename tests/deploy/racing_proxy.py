"""A proxy before the real API server in which somebody else is quicker, just before a request arrives."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import yaml

from scripts.local_cluster import LocalCluster
from tests.support.proxy import Proxy, Request


class RacingProxy(Proxy):
    """Forwards to the API server, with the client's own token.

    `before` is called with each request before the server gets to see it.
    """

    def __init__(self, cluster: LocalCluster, before: Callable[[Request], None]) -> None:
        context = ssl.create_default_context(cafile=str(cluster.ca_file))
        super().__init__(cluster.server, before, context=context)

    def redirect(self, kubeconfig: Path, to: Path) -> Path:
        """Write a copy of a token's kubeconfig that leads through this proxy."""
        content = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        content["clusters"][0]["cluster"] = {"server": self.uri}
        to.write_text(yaml.safe_dump(content), encoding="utf-8")
        return to
