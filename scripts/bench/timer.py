"""Runs one command and prints how long it took and how much memory it held, as JSON.

It is run by path, isolated and without `site`, so that it stays small: on Linux a child's peak memory
counts from the fork on, so that it is never below what its parent held at that time.
"""

from __future__ import annotations

import json
import os
import sys
import time


def run(command: list[str]) -> dict[str, float]:
    """Seconds on the wall and on processors, the peak resident set in KiB (Linux's unit of ru_maxrss), and
    the exit code. Processors and memory are those of the command and of what it started and waited for.
    """
    begin = time.perf_counter()
    process = os.posix_spawn(
        command[0],
        command,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, usage = os.wait4(process, 0)
    seconds = time.perf_counter() - begin
    return {
        "seconds": seconds,
        "cpu": usage.ru_utime + usage.ru_stime,
        "kib": usage.ru_maxrss,
        "code": os.waitstatus_to_exitcode(status),
    }


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1:])))
