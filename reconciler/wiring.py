"""The composition root: the one place that picks concrete clients."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from reconciler.apply.clock import Clock, SystemClock
from reconciler.settings import Settings, SettingsError

if TYPE_CHECKING:
    from reconciler.clients.cluster.interface import Cluster
    from reconciler.clients.forge.interface import Forge
    from reconciler.clients.metrics.interface import MetricsReader
    from reconciler.clients.registry.interface import RegistryReader
    from reconciler.clients.source.bot_branches import BotBranches
    from reconciler.clients.source.interface import Source
    from reconciler.clients.source.publishing import GitPublisher
    from reconciler.clients.source.worktree import GitWorktree

# The clients are imported when they are opened: each costs up to half a second, and validate needs none.


def open_clock() -> Clock:
    """The machine's own time."""
    return SystemClock()


def open_source(settings: Settings) -> Source:
    """The repository that a run reads: the one that was named, or the work tree's own."""
    from reconciler.clients.source.remote import open_repository

    return open_repository(settings.repository or str(settings.directory), settings.git)


def open_worktree_source(settings: Settings) -> Source:
    """The work tree's own repository, for comparing with its commits."""
    from reconciler.clients.source.remote import open_repository

    return open_repository(str(settings.directory), settings.git)


def open_worktree(settings: Settings) -> GitWorktree:
    """The caller's own work tree, where edits go."""
    from reconciler.clients.source.worktree import GitWorktree

    return GitWorktree(settings.directory)


def open_publisher(settings: Settings) -> GitPublisher:
    """The same work tree's repository, for branches that are pushed."""
    from reconciler.clients.source.publishing import GitPublisher

    return GitPublisher(settings.directory)


def open_bot_branches(settings: Settings, remote: str, prefix: str) -> BotBranches:
    """The registry bot's branches at a remote of the work tree, below a prefix."""
    from reconciler.clients.source.bot_branches import BotBranches

    return BotBranches(settings.directory, remote, prefix)


def open_cluster(settings: Settings, hurried: Callable[[], bool] = bool) -> Cluster:
    """The API server of the kubeconfig and context, or of the Pod; `hurried` tells when the run is to end."""
    from reconciler.clients.cluster.kubernetes import connect

    return connect(kubeconfig=settings.cluster.kubeconfig, context=settings.cluster.context, hurried=hurried)


def open_cluster_briefly(settings: Settings) -> Cluster:
    """The same for what waits for nobody and goes on for long: a scrape is over after ten seconds."""
    from reconciler.clients.cluster.kubernetes import connect
    from reconciler.clients.cluster.transport import Patience

    patience = Patience(timeout=5.0, tries=2, pause=0.2, budget=8.0, waits=math.inf)
    return connect(
        kubeconfig=settings.cluster.kubeconfig, context=settings.cluster.context, patience=patience
    )


def open_metrics(server: str) -> MetricsReader:
    """The source of metrics at an address that environment.yaml names."""
    from reconciler.clients.metrics.prometheus import PrometheusReader

    return PrometheusReader(server)


def open_forge(settings: Settings, remote: str = "") -> Forge:
    """The forge of a git remote; by default that of `--repository`, or else of the work tree's `origin`.

    Nothing is asked of it yet. Raises ForgeRefused where there is no remote, or no forge behind it, or a
    file that was named cannot be read.
    """
    from reconciler.clients.forge.remote import find_forge

    if not remote:
        remote = settings.repository or open_worktree(settings).read_remote("origin")
    return find_forge(remote, settings.forge, os.environ)


def open_registry() -> RegistryReader:
    """The registry called `main`: that of MLFLOW_TRACKING_URI, with MLflow's usual credentials.

    Raises SettingsError if it is not set: MLflow would fall back to a folder of its own.
    """
    uri = os.environ.get("MLFLOW_TRACKING_URI", "")
    if not uri:
        raise SettingsError(
            "MLFLOW_TRACKING_URI is not set, so there is no registry to ask; "
            "set it to the tracking server's address, such as https://mlflow.example.com."
        )
    from reconciler.clients.registry.mlflow import MlflowRegistry

    return MlflowRegistry(uri)
