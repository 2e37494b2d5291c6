"""Stop a server when the process that it was started for is gone without having stopped it.

Run as `python -m scripts.local_mlflow.guard PID STARTED OWNER_PID OWNER_STARTED FOLDER`; FOLDER, the
server's data, is removed then unless it is empty text. A killed test run leaves nothing behind.
"""

from __future__ import annotations

import shutil
import sys
import time

from scripts.local_mlflow.process import is_running, stop_group

_STEP = 0.5


def watch(server: tuple[int, float], owner: tuple[int, float], folder: str) -> None:
    """Return when the server has ended, after ending it if its owner went first."""
    while is_running(*server):
        if not is_running(*owner):
            stop_group(*server)
            if folder:
                shutil.rmtree(folder, ignore_errors=True)
            return
        time.sleep(_STEP)


if __name__ == "__main__":
    pid, started, owner_pid, owner_started = sys.argv[1:5]
    watch((int(pid), float(started)), (int(owner_pid), float(owner_started)), sys.argv[5])
