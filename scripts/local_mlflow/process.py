"""Ending a process and all that it started, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

_STEP = 0.05


def read_start_time(pid: int) -> str:
    """When a process started, in the system's own words; empty if there is none of this id.

    Together with the id it names one process for good: ids are given again, start times are not.
    """
    try:
        # The second field is the program's name in brackets and may hold blanks; the start time is field 22.
        fields = (
            Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        )
        return fields[19] if fields[0] != "Z" else ""
    except FileNotFoundError:
        # Linux says it in /proc; elsewhere ps does.
        if Path("/proc/self/stat").exists():
            return ""
    asked = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip()


def stop_group(pid: int, started: str, *, patience: float = 10.0) -> None:
    """End the process group that `pid` leads: politely, and after `patience` seconds by force.

    Does nothing if that process is gone or its id belongs to another one now.
    """
    if not started or read_start_time(pid) != started:
        return
    for sign, wait in ((signal.SIGTERM, patience), (signal.SIGKILL, patience)):
        if not _signal_group(pid, sign):
            return
        end = time.monotonic() + wait
        while time.monotonic() < end:
            _reap(pid)
            if not _signal_group(pid, 0):
                return
            time.sleep(_STEP)


def _signal_group(group: int, sign: int) -> bool:
    """Whether the group still had anybody to send this to."""
    try:
        os.killpg(group, sign)
    except ProcessLookupError:
        return False
    except PermissionError:
        # macOS answers so for a group of zombies.
        return False
    return True


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        # Somebody else's child: its own parent reaps it.
        return
