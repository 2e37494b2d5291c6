"""Take a cluster down: its processes by id, then its files."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scripts.local_cluster.processes import kill_marked
from scripts.local_cluster.state import ClusterState

# Stopped one by one after everything else, in this order: a part may have to say goodbye to the API server,
# and that one to etcd. The guard goes last, in case that this process dies before.
LAST = ("kube-apiserver", "etcd", "guard")


def tear_down(state: ClusterState, state_file: Path) -> None:
    """Stop the processes of a cluster, and remove its folder and state file.

    What is gone already is no error; so this may be called twice, and of a cluster that was half started.
    """
    # A guard that calls this ends by itself.
    processes = [process for process in state.processes if process.pid != os.getpid()]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda process: process.stop(), (each for each in processes if each.name not in LAST)))
    for name in LAST:
        for process in processes:
            if process.name == name:
                process.stop()
    # A program that was killed may have left children, and one that was just being started stands in no list.
    kill_marked(state.folder)
    shutil.rmtree(state.folder, ignore_errors=True)
    state_file.unlink(missing_ok=True)
