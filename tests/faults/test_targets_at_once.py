"""Targets of one run are worked on side by side, and each is told as if it had been alone."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from pathlib import Path

from tests.conftest import MakeNamespace
from tests.e2e.conftest import Team
from tests.faults.between import Between, is_write
from tests.support.proxy import Request
from tests.support.shop import Ended

_NAMESPACE = re.compile(r"/namespaces/([^/?]+)")


def add_staging(team: Team, namespace: str) -> None:
    """A second environment with one deployment."""
    team.shop.add_environment("staging", namespace)
    team.shop.declare("staging/wines", {2: 100})
    team.shop.commit("Add staging")


def sync_both(team: Team, between: Between, folder: Path, *more: str) -> Ended:
    proxied = between.write_kubeconfig(folder / "proxied")
    return team.shop.run("sync", "production", "staging", *more, kubeconfig=proxied)


def name_namespace(request: Request) -> str:
    found = _NAMESPACE.search(request.path)
    return found[1] if found else ""


def test_a_target_that_waits_for_the_api_server_keeps_no_other_one_waiting(
    team: Team, make_namespace: MakeNamespace, tmp_path: Path
) -> None:
    """The first write in each namespace is answered only once the other's is under way, too."""
    staging = make_namespace("staging")
    add_staging(team, staging)
    both = threading.Barrier(2)
    met: set[str] = set()
    lock = threading.Lock()

    def hold(request: Request) -> None:
        name = name_namespace(request)
        with lock:
            first = is_write(request) and name not in met
            if first:
                met.add(name)
        if first:
            both.wait(60)

    with Between(team.cluster, before=hold) as between:
        ended = sync_both(team, between, tmp_path)

    assert ended.code == 0, ended.out + ended.err
    assert not both.broken
    assert met == {team.namespace, staging}


def test_each_target_is_told_its_own_requests_in_the_order_of_names(
    team: Team, make_namespace: MakeNamespace, tmp_path: Path
) -> None:
    staging = make_namespace("staging")
    add_staging(team, staging)
    with Between(team.cluster) as between:
        ended = sync_both(team, between, tmp_path, "-o", "json")

        asked = Counter(name_namespace(request) for request in between.requests)
    assert ended.code == 0, ended.out + ended.err
    told = json.loads(ended.out)["targets"]
    assert [item["environment"] for item in told] == ["production", "staging"]
    # Finding the records is no target's: they are asked for in all namespaces at once.
    assert [item["requests"] for item in told] == [asked[team.namespace], asked[staging]]


def test_a_target_that_fails_leaves_the_other_as_it_would_be_alone(
    team: Team, make_namespace: MakeNamespace, tmp_path: Path
) -> None:
    staging = make_namespace("staging")
    add_staging(team, staging)
    team.cluster.api.demand(
        "PATCH",
        f"/api/v1/namespaces/{staging}",
        {"metadata": {"labels": {"modelsync.dev/environment": "another"}}},
        content_type="application/merge-patch+json",
    )
    with Between(team.cluster) as between:
        ended = sync_both(team, between, tmp_path)

    assert ended.code == 5, ended.out + ended.err
    assert team.shares("wines") == {"v1": 90, "v2": 10}
    assert not team.cluster.api.demand(
        "GET", f"/apis/machinelearning.seldon.io/v1/namespaces/{staging}/seldondeployments"
    )["items"]
