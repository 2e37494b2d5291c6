"""Processor time and memory of running processes, from Linux's /proc."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def read_processor_time(pid: int) -> float:
    """Seconds that the process has spent on processors so far, in user and kernel mode."""
    return parse_ticks(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")) / _TICKS


def read_peak(pid: int) -> float:
    """The most memory that was resident since `forget_peak`, or since the process began; MiB."""
    return parse_peak(Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))


def forget_peak(pid: int) -> None:
    """Let the peak begin anew at what is resident now (proc(5), clear_refs)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5\n", encoding="ascii")


def parse_ticks(stat: str) -> int:
    """Clock ticks in user and kernel mode of a process, without its children (proc(5): fields 14 and 15)."""
    # The second field, the program's name in brackets, may hold anything, blanks and brackets included.
    fields = stat.rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def parse_peak(status: str) -> float:
    """VmHWM of a status file, in MiB. Raises ValueError where there is none."""
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise ValueError("the status names no VmHWM")
