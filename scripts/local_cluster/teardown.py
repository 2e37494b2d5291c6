"""Take a cluster down: its processes by id, then its files."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from scripts.local_cluster.state import ClusterState


def tear_down(state: ClusterState, state_file: Path) -> None:
    """Stop the processes of a cluster, the last started first, and remove its folder and state file.

    What is gone already is no error; so this may be called twice, and of a cluster that was half started.
    """
    for process in reversed(state.processes):
        if process.pid != os.getpid():  # the guard ends by itself
            process.stop()
    shutil.rmtree(state.folder, ignore_errors=True)
    state_file.unlink(missing_ok=True)
