"""Ending a process and all that it started, and nothing else."""

from __future__ import annotations

import os
import signal
import time

import psutil

_STEP = 0.05

# The system computes a process's start from its clock, which may be adjusted meanwhile.
_SAME_START = 2.0


def read_start_time(pid: int) -> float:
    """When a process started, in seconds since the epoch; 0 if none of this id runs.

    Together with the id it names one process for good: ids are given again, start times are not.
    """
    try:
        process = psutil.Process(pid)
        return 0.0 if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.NoSuchProcess:
        return 0.0


def is_running(pid: int, started: float) -> bool:
    """Whether this very process still runs."""
    return bool(started) and abs(read_start_time(pid) - started) <= _SAME_START


def stop_group(pid: int, started: float, *, patience: float = 10.0) -> None:
    """End the process group that `pid` leads: politely, and after `patience` seconds by force.

    Does nothing if that process is gone or its id belongs to another one now.
    """
    if not is_running(pid, started):
        return
    for sign in (signal.SIGTERM, signal.SIGKILL):
        end = time.monotonic() + patience
        reached = _signal_group(pid, sign)
        while reached and time.monotonic() < end:
            _reap(pid)
            time.sleep(_STEP)
            reached = _signal_group(pid, 0)
        if not reached:
            return


def _signal_group(group: int, sign: int) -> bool:
    """Whether the group still had anybody to send this to."""
    try:
        os.killpg(group, sign)
    except (ProcessLookupError, PermissionError):
        # macOS answers with a missing permission for a group of zombies.
        return False
    return True


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        # Somebody else's child: its own parent reaps it.
        return
