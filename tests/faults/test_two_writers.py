"""Several runs of one target at once: real processes, one writer."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.conftest import Team
from tests.faults.between import Between, Once, is_rehearsal, is_write, reads_record
from tests.support.proxy import Request

_RUNS = 3


def start(team: Team, kubeconfig: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "reconciler", "sync", "production", *options],
        cwd=team.shop.folder,
        env=team.shop.environment(kubeconfig),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.covers("B28", "T13")
def test_of_runs_that_start_at_once_one_writes_at_a_time_and_each_object_is_made_once(
    team: Team, tmp_path: Path
) -> None:
    together = threading.Barrier(_RUNS)
    writes: list[int] = []

    gates = [Once(reads_record, lambda: together.wait(60)) for _ in range(_RUNS)]

    def watch(number: int) -> Between:
        def note(request: Request) -> None:
            if is_write(request):
                writes.append(number)

        return Between(team.cluster, before=gates[number], after=note)

    with ExitStack() as stack:
        proxies = [stack.enter_context(watch(number)) for number in range(_RUNS)]
        runs = [
            start(team, proxy.write_kubeconfig(tmp_path / f"kubeconfig-{number}"), "--lease-wait", "60s")
            for number, proxy in enumerate(proxies)
        ]
        ended = [(run.communicate(timeout=120)[0], run.returncode) for run in runs]

    assert all(gate.done for gate in gates)
    assert [code for _said, code in ended] == [0] * _RUNS, ended
    turns = [number for number, _group in itertools.groupby(writes)]
    assert len(turns) == len(set(turns)), f"runs wrote in turns: {turns}"
    assert [item["metadata"]["generation"] for item in team.live().values()] == [1, 1]
    assert sum("SeldonDeployment/wines created" in " ".join(said.split()) for said, _code in ended) == 1
    assert "in sync" in team.sync().out


@pytest.mark.covers("B28", "T13", "S0")
def test_a_run_that_was_frozen_while_its_lease_ran_out_writes_nothing_more(
    team: Team, tmp_path: Path
) -> None:
    assert team.sync().code == 0
    team.shop.declare("production/wines", {1: 60, 2: 40})
    team.shop.commit("Of the run that freezes")
    frozen: list[subprocess.Popen[str]] = []
    halted = threading.Event()

    def freeze() -> None:
        os.kill(frozen[0].pid, signal.SIGSTOP)
        halted.set()

    with Between(team.cluster, after=Once(is_rehearsal, freeze)) as proxy:
        frozen.append(start(team, proxy.write_kubeconfig(tmp_path / "proxied"), "--lease-duration", "3s"))
        try:
            assert halted.wait(60)
            team.shop.declare("production/wines", {1: 30, 2: 70})
            team.shop.commit("Of the run that takes over")
            assert team.sync("--lease-wait", "60s").code == 0
            written = team.live()["wines"]["metadata"]["resourceVersion"]
            since = team.cluster.audit_position()
        finally:
            os.kill(frozen[0].pid, signal.SIGCONT)
        said, _ = frozen[0].communicate(timeout=60)

    assert frozen[0].returncode == 3, said
    assert "lost its Lease" in said
    # It may try to renew what it holds no more, which the version refuses, and may tell that it stopped.
    written_late = {asked for asked in team.requests(since) if not asked.startswith(("get ", "list "))}
    assert written_late <= {"update leases", "create events"}
    assert team.live()["wines"]["metadata"]["resourceVersion"] == written
    assert team.shares("wines") == {"v1": 30, "v2": 70}
    assert "in sync" in team.sync().out
