"""Where stories are played: one API server, repositories, and one process that forks runs."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import urllib3

from scripts.local_cluster import LocalCluster
from scripts.local_cluster.api import AdminApi
from tests.faults.sweep_faults import LEASE, Fault
from tests.faults.sweep_proxy import FaultyProxy, open_admin_pool, write_kubeconfig
from tests.faults.sweep_runner import Ended, Runner
from tests.faults.sweep_story import Story, name_branch, write_repository
from tests.support.git_servers import GitHttpServer
from tests.support.proxy import Request

_SYNC = ("sync", "production", "-o", "json", "--lease-wait", "60s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A run: its end, what the API server was asked, and what was asked where the fault was played.

    `hit` is the request that the fault met; None if the run ended before it came so far.
    """

    ended: Ended
    requests: Sequence[Request]
    disturbed: Sequence[Request]
    hit: Request | None


class Stand:
    """Plays faults between the program and the API server.

    `all_or_nothing` if a run that does not succeed must not have written any object.
    """

    all_or_nothing = False

    def __init__(
        self, cluster: LocalCluster, folder: Path, *, name: str, runner: Runner, page: int = 0
    ) -> None:
        """`name` begins the names of its namespaces; `folder` is for its own files.

        `page` is how many items of a list the API server gives at once; 0 leaves that to the program.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._page = page
        self.folder = folder
        self._cluster = cluster
        self._name = name
        self._runner = runner
        self._pool: urllib3.PoolManager = open_admin_pool(cluster)
        self._numbers = itertools.count()

    def close(self) -> None:
        self._pool.clear()

    def open_api(self) -> AdminApi:
        """Requests as the administrator, past every proxy; one for each thread."""
        return AdminApi(self._cluster.server, ca=self._cluster.ca_file, user=self._cluster.certificates.admin)

    def name_namespaces(self, count: int) -> list[str]:
        """Names that were not given before."""
        return [f"{self._name}-{next(self._numbers)}" for _ in range(count)]

    def write_repository(self, namespaces: Mapping[str, Story]) -> Path:
        """A repository in `folder` for the stories of some namespaces."""
        return write_repository(self.folder / f"{next(self._numbers)}.git", namespaces)

    def run(
        self,
        repository: Path,
        namespace: str,
        stage: int,
        *options: str,
        fault: Fault | None = None,
        at: int = 0,
    ) -> Ran:
        """One run, given back once all has arrived that was on its way."""
        with FaultyProxy(self._cluster.server, fault=fault, at=at, page=self._page, pool=self._pool) as proxy:
            ended = self.sync(proxy, str(repository), namespace, stage, *options, aim=proxy, fault=fault)
        return Ran(ended=ended, requests=proxy.requests, disturbed=proxy.requests, hit=proxy.hit)

    def sync(
        self,
        proxy: FaultyProxy,
        repository: str,
        namespace: str,
        stage: int,
        *options: str,
        aim: FaultyProxy,
        fault: Fault | None,
    ) -> Ended:
        """Sync from `repository` through `proxy`; a signal comes from the proxy that is to `aim`."""
        kubeconfig = write_kubeconfig(self.folder / f"{next(self._numbers)}.kubeconfig", proxy)
        # The next run waits for the Lease of one that was killed; one without a fault must not lose its
        # own on a busy machine.
        lease = f"{LEASE if fault else 30}s"
        ended = self._runner.run(
            *(*_SYNC, "--lease-duration", lease, "--kubeconfig", str(kubeconfig), *options),
            *("--repository", repository, "--ref", name_branch(namespace, stage)),
            folder=self.folder,
            started=aim.aim,
        )
        for each in {proxy, aim}:
            each.settle()
        kubeconfig.unlink()
        return ended


class SourceStand(Stand):
    """Plays faults between the program and a git server that it reads over HTTP, with a cache per namespace.

    `git` serves `folder`.
    """

    all_or_nothing = True

    def __init__(
        self, cluster: LocalCluster, folder: Path, *, name: str, runner: Runner, git: GitHttpServer
    ) -> None:
        super().__init__(cluster, folder, name=name, runner=runner)
        self._git = git

    def run(
        self,
        repository: Path,
        namespace: str,
        stage: int,
        *options: str,
        fault: Fault | None = None,
        at: int = 0,
    ) -> Ran:
        cache = self.folder / "caches" / namespace
        cache.mkdir(parents=True, exist_ok=True)
        with (
            FaultyProxy(self._cluster.server, pool=self._pool) as cluster,
            FaultyProxy(self._git.url("").rstrip("/"), fault=fault, at=at) as git,
        ):
            url = f"{git.uri}/{repository.name}"
            where = ("--git-cache", str(cache), *options)
            ended = self.sync(cluster, url, namespace, stage, *where, aim=git, fault=fault)
        return Ran(ended=ended, requests=cluster.requests, disturbed=git.requests, hit=git.hit)
