"""A real forge on loopback, Gitea, for tests of pull requests: see README.md here."""

from __future__ import annotations

from scripts.local_cluster.gitea.server import Account, GiteaServer

__all__ = ["Account", "GiteaServer"]
