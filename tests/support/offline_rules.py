"""Runs every rule over every example in a process that can reach nothing.

Called as `python -m tests.support.offline_rules`. The files are read first. Then a hook of the interpreter
refuses sockets, other processes and writing; what rules do with values alone goes on. Prints the rules that
found something, one in a line.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from reconciler.load.worktree import Worktree, read_worktree
from reconciler.state.history import History
from reconciler.state.owners import OwnersFile
from reconciler.state.repository import Repository
from tests.unit.test_examples import (
    CASES,
    check_case,
    read_base,
    read_history_of,
    read_owned_before,
)

_REFUSED = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "urllib.",
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Reached(BaseException):
    """Something outside was asked for. No rule may catch it as an error of its own."""


def refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse what leaves the process."""
    if event.startswith(_REFUSED):
        raise Reached(event)
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING:
        raise Reached(f"{event} {arguments[0]}")


def prove_refusal() -> None:
    """Show that the hook refuses what it is for."""
    attempts = (
        lambda: socket.create_connection(("127.0.0.1", 9)),
        lambda: subprocess.run([sys.executable, "-c", ""], check=False),
        lambda: Path(os.devnull).write_text("x", encoding="utf-8"),
    )
    for attempt in attempts:
        try:
            attempt()
        except Reached:
            continue
        raise SystemExit("the hook lets something through")


def main() -> None:
    """Read all, close the process off, judge all."""
    # Repeated files stand for large ones; what they show is about loading alone.
    cases = [case for case in CASES if not any(case.rglob("*.repeated"))]
    read: list[tuple[Worktree, Repository | None, History | None, OwnersFile | None]] = [
        (read_worktree(case), read_base(case), read_history_of(case), read_owned_before(case))
        for case in cases
    ]
    sys.addaudithook(refuse)
    prove_refusal()
    found = {finding.rule for one in read for finding in check_case(*one).findings}
    print("\n".join(sorted(found)))


if __name__ == "__main__":
    main()
