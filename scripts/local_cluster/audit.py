"""The API server's audit log: which requests were made.

The log is written before a request is counted as done, but after its answer may have left; a marked request
that shows up in the log therefore proves that the ones answered before it are there, too.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.local_cluster.errors import ClusterError

# One event for each request (two for a watch: begin and end), without bodies.
POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
"""
MARK = "/version?modelsync-audit-mark="


def settle(log: Path, send: Callable[[str], object], *, deadline: float = 10.0) -> int:
    """Wait until every request answered so far is in the log; the log's length in bytes then.

    `send` makes a GET request to the path it is given. Raises ClusterError when the mark does not show up
    within `deadline` seconds.
    """
    begin = log.stat().st_size if log.exists() else 0
    mark = f"{MARK}{uuid.uuid4().hex}"
    send(mark)
    needle = mark.encode()
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        with log.open("rb") as handle:
            handle.seek(begin)
            new = handle.read()
        found = new.find(needle)
        line_end = new.find(b"\n", found) if found >= 0 else -1
        if line_end >= 0:
            return begin + line_end + 1
        time.sleep(0.01)
    raise ClusterError(f"{log}: no audit event of a marked request within {deadline:.0f} s")


def read_events(log: Path, begin: int, end: int) -> tuple[dict[str, Any], ...]:
    """The events between two lengths of the log, oldest first, without our own marks."""
    with log.open("rb") as handle:
        handle.seek(begin)
        lines = handle.read(end - begin).splitlines()
    events = (json.loads(line) for line in lines if line)
    return tuple(event for event in events if MARK not in event["requestURI"])
