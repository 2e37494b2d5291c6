"""An emergency whose command is killed: either it counts whole, with its mark, or the next sync undoes it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.clients.cluster.kinds import CONFIG_MAP
from reconciler.clients.cluster.kubernetes import connect
from reconciler.observe.inventory import decode_record, encode_record
from reconciler.pipeline.sync.bodies import read_applied
from reconciler.plan.shares import read_shares
from reconciler.render.digest import digest_manifest
from reconciler.state.inventory import DIGEST_LENGTH, GoodSet, TargetRecord
from reconciler.state.objects import SELDON_DEPLOYMENT, ObjectKey
from reconciler.state.targets import Target
from tests.e2e.conftest import Team
from tests.faults.between import Between, Once, is_apply
from tests.support.proxy import Request

GIT, GOOD = {"v1": 90, "v2": 10}, {"v1": 100}


def is_record(request: Request) -> bool:
    """The record is stored."""
    return request.method == "PUT" and "/configmaps/" in request.path


def read_record(team: Team, target: Target) -> TargetRecord:
    live = connect(kubeconfig=team.cluster.kubeconfig).reader.get(
        CONFIG_MAP, team.namespace, "modelsync-production"
    )
    return decode_record(live, target)


def prepare(team: Team, target: Target) -> None:
    """Version 1 was good, versions 1 and 2 are served; nothing here makes Pods, so it is said by hand."""
    cluster = connect(kubeconfig=team.cluster.kubeconfig)
    team.shop.declare("production/wines", {1: 100})
    team.shop.commit("One")
    assert team.sync().code == 0
    live = cluster.reader.get(SELDON_DEPLOYMENT, team.namespace, "wines")
    assert live is not None
    body = read_applied(live, target.field_manager)
    good = GoodSet(
        deployment="wines",
        model="wines",
        revision="main@sha1:77ad03e",
        digest=digest_manifest(body).removeprefix("sha256:")[:DIGEST_LENGTH],
        shares=read_shares(body),
        body=json.dumps(body),
    )
    team.shop.declare("production/wines", {1: 90, 2: 10})
    team.shop.commit("Two")
    assert team.sync().code == 0
    key = ObjectKey(kind=CONFIG_MAP, namespace=team.namespace, name="modelsync-production")
    known = replace(read_record(team, target), good=(good,))
    cluster.writer.replace(key, encode_record(known, target))


@pytest.mark.covers("T23", "S6")
@pytest.mark.parametrize(
    ("moment", "ends_at"),
    [(is_apply, GIT), (is_record, GOOD)],
    ids=["before-the-record", "after-the-record"],
)
def test_an_emergency_that_is_killed_counts_whole_or_not_at_all(
    team: Team, tmp_path: Path, moment: Callable[[Request], bool], ends_at: dict[str, int]
) -> None:
    target = Target(environment="production", namespace=team.namespace)
    prepare(team, target)
    started: list[subprocess.Popen[bytes]] = []
    hook = Once(moment, lambda: started[0].kill())
    with Between(team.cluster, after=hook) as proxy:
        command = [
            "emergency",
            "rollback",
            "production/wines",
            "--for",
            "2h",
            "--reason",
            "nonsense",
            "--yes",
        ]
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "reconciler", *command, "--namespace", team.namespace],
                cwd=tmp_path,
                env=team.shop.environment(proxy.write_kubeconfig(tmp_path / "proxied")),
                stdout=subprocess.DEVNULL,
            )
        )
        assert started[0].wait(120) == -9
    assert hook.done
    leases = f"/apis/coordination.k8s.io/v1/namespaces/{team.namespace}/leases"
    # It would run out by itself.
    team.cluster.api.demand("DELETE", f"{leases}/modelsync-production")

    assert team.sync().code == 0

    assert team.shares("wines") == ends_at
    record = read_record(team, target)
    assert [mark.deployment for mark in record.marks] == (["wines"] if ends_at == GOOD else [])
    assert {entry.key.name for entry in record.entries} == {"prices", "wines"}
