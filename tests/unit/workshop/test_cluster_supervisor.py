"""Programs of a cluster: run, stopped, run again, and noted for whoever comes later."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scripts.local_cluster.errors import ClusterError, PortTaken
from scripts.local_cluster.processes import identify
from scripts.local_cluster.state import read_state, write_state
from scripts.local_cluster.supervisor import Supervisor
from scripts.local_cluster.teardown import tear_down
from tests.support.owned import make_empty_state

SLEEP = ("sleep", "600")


def never() -> bool:
    return False


@pytest.fixture
def state_file(tmp_path: Path) -> Iterator[Path]:
    """The state file of a cluster without any program; what a test runs is stopped after it."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    file = tmp_path / "state.json"
    write_state(file, make_empty_state(folder))
    yield file
    left = read_state(file)
    if left is not None:
        tear_down(left, file)


@pytest.fixture
def supervisor(state_file: Path) -> Supervisor:
    return Supervisor(state_file, deadline=20)


class TestOutage:
    def test_a_stopped_program_runs_again_by_the_same_command(self, supervisor: Supervisor) -> None:
        first = supervisor.run_program("sleeper", SLEEP)
        supervisor.stop_process("sleeper")
        assert not first.is_running()
        assert [process.name for process in supervisor.state.processes] == []

        again = supervisor.start_process("sleeper")

        assert again.is_running()
        assert again.pid != first.pid
        assert [process.pid for process in supervisor.state.processes] == [again.pid]
        assert supervisor.state.programs[0].command == SLEEP

    def test_a_program_that_runs_is_not_started_twice(self, supervisor: Supervisor) -> None:
        process = supervisor.run_program("sleeper", SLEEP)
        assert supervisor.start_process("sleeper") == process

    def test_a_program_that_does_not_listen_is_killed_without_grace(
        self, supervisor: Supervisor, tmp_path: Path
    ) -> None:
        deaf = tmp_path / "deaf"
        script = f"trap '' TERM; touch {deaf}; while :; do sleep 0.1; done"
        process = supervisor.run_program("deaf", ("sh", "-c", script))
        supervisor.wait_for(process, deaf.exists)
        supervisor.stop_process("deaf", grace=0)
        assert not process.is_running()

    def test_processes_stand_in_the_order_of_their_first_start(self, supervisor: Supervisor) -> None:
        for name in ("first", "second"):
            supervisor.run_program(name, SLEEP)
        supervisor.stop_process("first")
        supervisor.start_process("first")
        assert [process.name for process in supervisor.state.processes] == ["first", "second"]

    def test_another_supervisor_of_the_cluster_can_do_it(
        self, supervisor: Supervisor, state_file: Path
    ) -> None:
        process = supervisor.run_program("sleeper", SLEEP)
        other = Supervisor(state_file, deadline=20)
        other.stop_process("sleeper")
        assert not process.is_running()
        assert other.start_process("sleeper") == supervisor.state.processes[0]

    def test_an_unknown_name_is_answered_with_the_known_ones(self, supervisor: Supervisor) -> None:
        supervisor.run_program("sleeper", SLEEP)
        with pytest.raises(ClusterError, match="snorer: .* no program of that name; it has sleeper"):
            supervisor.stop_process("snorer")

    def test_a_name_is_taken_once(self, supervisor: Supervisor) -> None:
        supervisor.run_program("sleeper", SLEEP)
        with pytest.raises(ClusterError, match="sleeper: .* has a program of that name"):
            supervisor.run_program("sleeper", SLEEP)


class TestEnvironment:
    def test_a_program_gets_its_variables_and_none_that_lead_elsewhere(
        self, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("KUBECONFIG", "/somewhere/else")
        monkeypatch.setenv("PATH", "/usr/bin:/bin")
        process = supervisor.run_program(
            "printer",
            ("sh", "-c", "echo [$KUBECONFIG] $GREETING $PATH; sleep 600"),
            environment={"GREETING": "hi"},
        )
        supervisor.wait_for(process, lambda: process.last_words() != "")
        assert process.last_words() == "[] hi /usr/bin:/bin"


class TestWaiting:
    def test_a_program_that_ends_shows_its_last_words(self, supervisor: Supervisor) -> None:
        process = supervisor.run_program("broken", ("sh", "-c", "echo disk on fire; exit 3"))
        with pytest.raises(ClusterError, match=r"broken ended while it was starting[\s\S]*disk on fire"):
            supervisor.wait_for(process, never)

    def test_a_taken_port_is_told_apart(self, supervisor: Supervisor) -> None:
        process = supervisor.run_program("late", ("sh", "-c", "echo listen: address already in use; exit 1"))
        with pytest.raises(PortTaken):
            supervisor.wait_for(process, never)

    def test_the_deadline(self, state_file: Path) -> None:
        hasty = Supervisor(state_file, deadline=0.2)
        process = hasty.run_program("sleeper", SLEEP)
        with pytest.raises(ClusterError, match="sleeper is not ready after 0 s"):
            hasty.wait_for(process, never)

    def test_nobody_waits_on_when_another_part_has_failed(self, state_file: Path) -> None:
        failed = threading.Event()
        supervisor = Supervisor(state_file, deadline=600, give_up=failed)
        process = supervisor.run_program("sleeper", SLEEP)
        failed.set()
        with pytest.raises(ClusterError, match="sleeper: not waited for"):
            supervisor.wait_for(process, never)


class TestNotes:
    def test_facts_of_several_at_once_are_all_kept(self, state_file: Path) -> None:
        def note(number: int) -> None:
            Supervisor(state_file, deadline=20).note_fact(f"fact-{number}", str(number))

        with ThreadPoolExecutor(max_workers=8) as pool:
            list(pool.map(note, range(40)))

        state = read_state(state_file)
        assert state is not None
        assert state.facts == {f"fact-{number}": str(number) for number in range(40)}

    def test_the_file_is_for_its_owner_only(self, supervisor: Supervisor, state_file: Path) -> None:
        supervisor.note_fact("storage_secret", "s3cret")
        assert oct(state_file.stat().st_mode & 0o777) == "0o600"

    def test_nothing_is_noted_of_a_cluster_that_is_gone(
        self, supervisor: Supervisor, state_file: Path
    ) -> None:
        tear_down(supervisor.state, state_file)
        with pytest.raises(ClusterError, match="does not run any more"):
            supervisor.note_fact("gateway", "http://127.0.0.1:1")
        assert not state_file.exists()


class TestEnd:
    def test_what_a_killed_program_leaves_behind_goes_with_the_cluster(
        self, supervisor: Supervisor, state_file: Path, tmp_path: Path
    ) -> None:
        noted = tmp_path / "child"
        script = f"setsid sleep 600 & echo $! > {noted}.part; mv {noted}.part {noted}; wait"
        parent = supervisor.run_program("parent", ("sh", "-c", script))
        supervisor.wait_for(parent, noted.exists)
        child = identify("child", int(noted.read_text(encoding="utf-8")))
        supervisor.stop_process("parent", grace=0)
        assert child.is_running()

        tear_down(supervisor.state, state_file)

        end = time.monotonic() + 20
        while child.is_running() and time.monotonic() < end:
            time.sleep(0.02)
        assert not child.is_running()
