"""What a Pod's status says of its containers, by the rules of kubelets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scripts.local_cluster.node.backoff import BackOff
from scripts.local_cluster.node.probes import Probe, Streak
from scripts.local_cluster.node.programs import last_words
from scripts.local_cluster.node.status import ContainerView, find_phase, is_ready, pod_status

BEFORE, NOW = "2026-01-01T00:00:00Z", "2026-01-01T00:00:09Z"
WAITING = {"waiting": {"reason": "PodInitializing"}}
RUNNING = {"running": {"startedAt": BEFORE}}
CRASHED = {"terminated": {"exitCode": 1}}
DONE = {"terminated": {"exitCode": 0}}


def view(
    name: str = "wines", state: Mapping[str, Any] = RUNNING, *, ready: bool = False, **rest: Any
) -> ContainerView:
    return ContainerView(name=name, image="i", state=state, ready=ready, **rest)


def status(
    *main: ContainerView,
    initial: tuple[ContainerView, ...] = (),
    previous: Mapping[str, Any] | None = None,
    policy: str = "Always",
) -> dict[str, Any]:
    pod = {"metadata": {}, "spec": {"restartPolicy": policy}}
    return pod_status(
        pod, initial, main, previous=previous or {}, address="127.20.0.1", started=BEFORE, now=NOW
    )


def conditions(of: Mapping[str, Any]) -> dict[str, tuple[str, str | None, str]]:
    return {
        entry["type"]: (entry["status"], entry["reason"], entry["lastTransitionTime"])
        for entry in of["conditions"]
    }


class TestConditions:
    def test_of_a_pod_that_serves(self) -> None:
        assert conditions(status(view(ready=True))) == {
            "PodReadyToStartContainers": ("True", None, NOW),
            "Initialized": ("True", None, NOW),
            "Ready": ("True", None, NOW),
            "ContainersReady": ("True", None, NOW),
        }
        assert is_ready(status(view(ready=True)))

    def test_name_the_containers_that_are_not_ready(self) -> None:
        found = status(view("a", ready=True), view("b"), view("c"))
        assert not is_ready(found)
        messages = {entry["type"]: entry["message"] for entry in found["conditions"]}
        assert messages["Ready"] == "containers with unready status: [b c]"

    def test_name_the_init_containers_that_are_not_done(self) -> None:
        found = status(view(state=WAITING), initial=(view("fetch", CRASHED),))
        assert conditions(found)["Initialized"] == ("False", "ContainersNotInitialized", NOW)
        assert found["phase"] == "Pending"

    def test_last_since_they_changed(self) -> None:
        first = status(view(ready=True))
        for entry in first["conditions"]:
            entry["lastTransitionTime"] = BEFORE
        found = conditions(status(view(ready=False), previous=first))
        assert found["Initialized"][2] == BEFORE
        assert found["Ready"][2] == NOW

    def test_of_a_pod_that_came_to_its_end(self) -> None:
        found = status(view(state=DONE), policy="Never")
        assert found["phase"] == "Succeeded"
        assert conditions(found)["Ready"] == ("False", "PodCompleted", NOW)


@pytest.mark.parametrize(
    ("policy", "initial", "main", "phase"),
    [
        ("Always", (), (view(state=WAITING),), "Pending"),
        ("Always", (), (view(),), "Running"),
        ("Always", (), (view(state=CRASHED),), "Running"),
        ("Always", (), (view(state={"waiting": {"reason": "CrashLoopBackOff"}}, last=CRASHED),), "Running"),
        ("Always", (view(state=CRASHED),), (view(state=WAITING),), "Pending"),
        ("Never", (view(state=CRASHED),), (view(state=WAITING),), "Failed"),
        ("Never", (view(state=DONE),), (view(state=CRASHED), view(state=DONE)), "Failed"),
        ("OnFailure", (), (view(state=CRASHED),), "Running"),
        ("OnFailure", (), (view(state=DONE),), "Succeeded"),
    ],
)
def test_phase(
    policy: str, initial: tuple[ContainerView, ...], main: tuple[ContainerView, ...], phase: str
) -> None:
    assert find_phase(policy, initial, main) == phase


def test_back_off_doubles_up_to_five_minutes_and_forgets() -> None:
    back_off = BackOff(10)
    assert [back_off.next() for _ in range(8)] == [0, 10, 20, 40, 80, 160, 300, 300]
    back_off.ran(599)
    assert back_off.next() == 300
    back_off.ran(600)
    assert back_off.next() == 0


def test_only_so_many_answers_in_a_row_count() -> None:
    probe = Probe(kind="Readiness", action={}, delay=0, period=1, timeout=1, successes=2, failures=3)
    streak, verdicts = Streak(), []
    for passed in (True, True, False, True, False, False, False, True, True):
        streak.add(passed)
        verdicts.append(streak.verdict(probe))
    assert verdicts == [None, True, None, None, None, None, False, None, True]


class TestLastWords:
    def words(self, folder: Path, *, policy: str = "File", failed: bool = True) -> str:
        return last_words(folder / "0.log", folder / "termination-log", policy=policy, failed=failed)

    def test_are_what_the_program_left_for_it(self, tmp_path: Path) -> None:
        (tmp_path / "termination-log").write_text("out of wine", encoding="utf-8")
        (tmp_path / "0.log").write_text("much else", encoding="utf-8")
        assert self.words(tmp_path, policy="FallbackToLogsOnError") == "out of wine"

    def test_are_the_logs_end_where_the_policy_says_so(self, tmp_path: Path) -> None:
        (tmp_path / "0.log").write_text("\n".join(str(line) for line in range(200)), encoding="utf-8")
        assert self.words(tmp_path) == ""
        assert self.words(tmp_path, policy="FallbackToLogsOnError", failed=False) == ""
        words = self.words(tmp_path, policy="FallbackToLogsOnError").splitlines()
        assert (len(words), words[-1]) == (80, "199")
