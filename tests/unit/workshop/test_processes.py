"""Processes by id and start time: the right one is stopped, and no other."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from scripts.local_cluster.errors import ClusterError
from scripts.local_cluster.processes import Process, identify, start


def sleeper(folder: Path, *, code: str = "import time; time.sleep(600)") -> Process:
    return start("sleeper", (sys.executable, "-c", code), log=folder / "log", folder=folder)


def test_stops_what_it_started(tmp_path: Path) -> None:
    process = sleeper(tmp_path)
    assert process.is_running()
    process.stop()
    assert not process.is_running()
    assert not psutil.pid_exists(process.pid)
    process.stop()  # once more does nothing


def test_kills_what_does_not_heed(tmp_path: Path) -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('deaf', flush=True); time.sleep(600)"
    )
    process = sleeper(tmp_path, code=code)
    end = time.monotonic() + 10
    while process.last_words() != "deaf":
        assert time.monotonic() < end
        time.sleep(0.02)
    process.stop(grace=0.2)
    assert not process.is_running()


def test_never_touches_a_process_that_got_the_same_id_later(tmp_path: Path) -> None:
    process = sleeper(tmp_path)
    try:
        earlier = replace(process, started=process.started - 60)
        assert not earlier.is_running()
        earlier.stop()
        assert process.is_running()
    finally:
        process.stop()


def test_a_process_that_ended_by_itself_is_gone_and_its_last_words_stay(tmp_path: Path) -> None:
    process = sleeper(tmp_path, code="print('one'); print('two'); print('three')")
    end = time.monotonic() + 10
    while process.is_running():
        assert time.monotonic() < end
        time.sleep(0.02)
    assert process.last_words(2) == "two\nthree"


def test_lives_in_a_session_of_its_own(tmp_path: Path) -> None:
    process = sleeper(tmp_path)
    try:
        assert os.getsid(process.pid) == process.pid
    finally:
        process.stop()


def test_identifies_a_running_process_only() -> None:
    assert identify("me", os.getpid()).is_running()
    with pytest.raises(ClusterError, match="there is no process"):
        identify("nobody", 2**22 + 1)
