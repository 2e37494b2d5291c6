"""The MLflow server of tests and demo: it starts, answers, and leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from scripts.local_mlflow import MlflowServer, MlflowServerError
from scripts.local_mlflow.guard import watch
from scripts.local_mlflow.process import is_running, read_start_time, stop_group

ROOT = Path(__file__).resolve().parents[2]

SLEEP = "import time; time.sleep(60)"
TREE = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEP!r}]); {SLEEP}"


def start(code: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", code], start_new_session=True)


def wait_for_children(pid: int, count: int) -> list[psutil.Process]:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        children = psutil.Process(pid).children(recursive=True)
        if len(children) >= count:
            return children
        time.sleep(0.05)
    raise AssertionError(f"process {pid} has no {count} children")


def test_a_server_answers_and_its_processes_and_data_go_with_it() -> None:
    with MlflowServer() as server:
        pid, started = server.process
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        assert server.uri.startswith("http://127.0.0.1:")
        # On loopback alone, whatever else the machine is connected to.
        listening = {
            connection.laddr.ip
            for process in family
            for connection in process.net_connections(kind="inet")
            if connection.status == psutil.CONN_LISTEN
        }
        assert listening == {"127.0.0.1"}
        assert server.folder.exists()
    assert not is_running(pid, started)
    assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in family)
    assert not server.folder.exists()


def test_a_server_that_cannot_start_shows_its_last_words(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("this is no database", encoding="utf-8")
    with pytest.raises(MlflowServerError, match=r"did not become healthy(.|\n)*not a database"):
        MlflowServer(tmp_path).start()


def test_a_missing_environment_names_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(MlflowServerError, match="run scripts/bootstrap mlflow"):
        MlflowServer(tmp_path, python=tmp_path / "nowhere").start()


def test_a_server_that_was_not_started_has_no_address(tmp_path: Path) -> None:
    with pytest.raises(MlflowServerError, match="call start"):
        _ = MlflowServer(tmp_path).uri


def test_stopping_ends_the_whole_family() -> None:
    parent = start(TREE)
    children = wait_for_children(parent.pid, 1)
    stop_group(parent.pid, read_start_time(parent.pid))
    assert parent.wait(5) is not None
    psutil.wait_procs(children, timeout=5)
    assert not any(child.is_running() for child in children)


def test_another_process_with_the_same_id_is_left_alone() -> None:
    other = start(SLEEP)
    try:
        stop_group(other.pid, read_start_time(other.pid) - 3600)
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_the_guard_stops_a_server_whose_owner_is_gone(tmp_path: Path) -> None:
    owner, server = start("pass"), start(TREE)
    owned = (owner.pid, read_start_time(owner.pid) or time.time())
    owner.wait()
    data = tmp_path / "data"
    data.mkdir()
    watch((server.pid, read_start_time(server.pid)), owned, str(data))
    assert server.wait(5) is not None
    assert not data.exists()


def test_the_guard_ends_with_the_server() -> None:
    server = start("pass")
    started = read_start_time(server.pid) or time.time()
    server.wait()
    watch((server.pid, started), (psutil.Process().pid, psutil.Process().create_time()), "")
