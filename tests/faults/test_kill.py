"""`kill -9` between any two API requests: the next run ends as if nothing had happened.

Each stage of the demo's story (a first sync, a move of traffic, a healed edit, a prune) is run once
undisturbed through a counting proxy, then once for each of its requests with the client killed right
after the server acted on that request. One undisturbed run later, objects, inventory and record must be
those of the undisturbed story.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.cli.app import run
from scripts.local_cluster import LocalCluster
from tests.conftest import MakeNamespace
from tests.faults.killing_proxy import KillingProxy, write_kubeconfig
from tests.support.shop import Shop

_OBJECTS = "/apis/machinelearning.seldon.io/v1/namespaces/{}/seldondeployments"
_SYNC = ("sync", "production", "--lease-duration", "1s", "--lease-wait", "30s")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One repository and one namespace, and the cluster that both belong to."""

    cluster: LocalCluster
    shop: Shop
    namespace: str

    def sync(self, kubeconfig: Path | None = None) -> int:
        """An undisturbed run, in this process: only the run that is killed needs one of its own."""
        where = ("-C", str(self.shop.folder), "--kubeconfig", str(kubeconfig or self.cluster.kubeconfig))
        return int(run([*_SYNC, *where]))

    def patch(self, name: str, body: object) -> None:
        path = f"{_OBJECTS.format(self.namespace)}/{name}?fieldManager=kubectl-edit"
        answer = self.cluster.api.request("PATCH", path, body, content_type="application/json-patch+json")
        assert answer.status == 200, answer.body


def declare_first(world: World) -> None:
    world.shop.declare("production/wines", {1: 90, 2: 10})
    world.shop.declare("production/prices", {1: 100})
    world.shop.commit("First")


def move_traffic(world: World) -> None:
    world.shop.declare("production/wines", {1: 50, 2: 50})
    world.shop.commit("Move")


def edit_by_hand(world: World) -> None:
    world.patch("wines", [{"op": "replace", "path": "/spec/predictors/0/traffic", "value": 51}])


def retire(world: World) -> None:
    world.shop.declare("production/prices", {1: 100}, more="retire: true")
    world.shop.commit("Retire")


Step = Callable[[World], None]
STAGES: dict[str, tuple[Step, ...]] = {
    "create": (declare_first,),
    "update": (declare_first, move_traffic),
    "heal": (declare_first, edit_by_hand),
    "prune": (declare_first, retire),
}


@pytest.mark.covers("B7", "T1", "S0", "S1", "S2", "S3", "S4", "S5", "S6", "S7", "S9", "S10", "S11")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("stage", STAGES)
def test_a_run_killed_after_any_request_is_completed_by_the_next(
    stage: str, cluster: LocalCluster, make_namespace: MakeNamespace, tmp_path: Path
) -> None:
    reference = prepare(stage, cluster, make_namespace, tmp_path / "reference")
    with KillingProxy(cluster) as proxy:
        assert reference.sync(write_kubeconfig(tmp_path / "counting", proxy)) == 0
        requests = [str(request) for request in proxy.requests]
    expected = read_state(reference)

    assert len(requests) >= 8, requests
    for fatal in range(1, len(requests) + 1):
        world = prepare(stage, cluster, make_namespace, tmp_path / str(fatal))
        run_until_killed(world, fatal, tmp_path / f"kubeconfig-{fatal}")
        assert world.sync() == 0, f"after a kill at {requests[fatal - 1]}"
        assert read_state(world) == expected, f"after a kill at {requests[fatal - 1]}"


def prepare(stage: str, cluster: LocalCluster, make_namespace: MakeNamespace, folder: Path) -> World:
    """All steps of a stage, each but the last one synced."""
    namespace = make_namespace("production")
    shop = Shop(folder)
    shop.add_environment("production", namespace)
    world = World(cluster=cluster, shop=shop, namespace=namespace)
    *before, last = STAGES[stage]
    for step in before:
        step(world)
        assert world.sync() == 0
    last(world)
    return world


def run_until_killed(world: World, fatal: int, kubeconfig: Path) -> None:
    with KillingProxy(world.cluster, fatal=fatal) as proxy:
        victim = subprocess.Popen(
            [sys.executable, "-m", "reconciler", *_SYNC],
            cwd=world.shop.folder,
            env=world.shop.environment(write_kubeconfig(kubeconfig, proxy)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        proxy.victim = victim.pid
        code = victim.wait(timeout=60)
        # The Lease is renewed by the clock, so that a quicker run may end before it comes so far.
        ended = code == 0 and len(proxy.requests) < fatal
        assert code == -9 or ended, f"the run was to be killed, and ended with {code}"


def read_state(world: World) -> str:
    """Objects and record of the target as text, without what differs between any two runs or namespaces."""
    api, namespace = world.cluster.api, world.namespace
    objects = api.demand("GET", _OBJECTS.format(namespace))["items"]
    for item in objects:
        for key in ("uid", "resourceVersion", "creationTimestamp", "managedFields"):
            del item["metadata"][key]
    record = api.demand("GET", f"/api/v1/namespaces/{namespace}/configmaps/modelsync-production")
    # Of a take-back that was cut off nobody knows whether it was one.
    told = ("history", "appliedAt", "figures", "reversals")
    data = {key: value for key, value in record["data"].items() if key not in told}
    text = json.dumps([objects, data, record["metadata"]["labels"]], indent=1, sort_keys=True)
    for pattern, word in (
        (re.escape(namespace), "NAMESPACE"),
        (r"applyset-[\w-]+-v1", "APPLYSET"),
        (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "UID"),
        (r"\b[0-9a-f]{40,64}\b", "HASH"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\w.:+]*", "TIME"),
    ):
        text = re.sub(pattern, word, text)
    return text
