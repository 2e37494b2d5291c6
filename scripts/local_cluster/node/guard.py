"""End what a node's Pods run when the node itself is gone, however it went.

Run as `python -I guard.py MARK` with a pipe from the node as standard input: when the
node ends, the pipe does. All processes with the variable MODELSYNC_NODE=MARK, which only that node's Pods
have, are killed then.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator

import psutil

VARIABLE = "MODELSYNC_NODE"
_CLEAN_LOOKS = 3  # a process that was being started at the first look is seen at a later one
_STEP = 0.1


def marked(mark: str) -> Iterator[psutil.Process]:
    """The processes of the Pods of one node."""
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(VARIABLE) == mark:
                yield process
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue


def kill_all(mark: str) -> None:
    """Kill all processes of the Pods of one node; returns when there are none."""
    clean = 0
    while clean < _CLEAN_LOOKS:
        found = tuple(marked(mark))
        for process in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        clean = 0 if found else clean + 1
        time.sleep(_STEP)


if __name__ == "__main__":
    sys.stdin.buffer.read()
    kill_all(sys.argv[1])
