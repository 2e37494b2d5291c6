"""Stop a cluster when the process that it was started for is gone without having stopped it.

Run as `python -m scripts.local_cluster.guard STATE_FILE PID STARTED`; a killed test run leaves nothing then.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from scripts.local_cluster.processes import Process, start
from scripts.local_cluster.state import read_state
from scripts.local_cluster.teardown import tear_down

INTERVAL = 0.5
ROOT = Path(__file__).resolve().parents[2]


def start_guard(state_file: Path, owner: Process, *, log: Path) -> Process:
    """Start the guard of a cluster that ends with `owner`. Raises ClusterError when it cannot be started."""
    command = (
        sys.executable,
        "-m",
        "scripts.local_cluster.guard",
        str(state_file),
        str(owner.pid),
        str(owner.started),
    )
    return start("guard", command, log=log, folder=ROOT)


def watch(state_file: Path, owner: Process, *, interval: float = INTERVAL) -> None:
    """Return when the cluster was stopped by its owner, or after stopping it because the owner is gone."""
    while owner.is_running():
        if not state_file.exists():
            return
        time.sleep(interval)
    state = read_state(state_file)
    if state is not None:
        tear_down(state, state_file)


if __name__ == "__main__":
    watch(Path(sys.argv[1]), Process(name="owner", pid=int(sys.argv[2]), started=float(sys.argv[3])))
