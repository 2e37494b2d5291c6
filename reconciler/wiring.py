"""The composition root: the one place that picks concrete clients."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from reconciler.pipeline.clock import Clock
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.clients.cluster.interface import Cluster
    from reconciler.clients.registry.interface import RegistryReader
    from reconciler.clients.source.interface import Source

# The clients are imported when they are opened: each costs up to half a second, and validate needs none.


def open_clock() -> Clock:
    """The machine's own time."""
    return Clock(now=lambda: datetime.now(timezone.utc), monotonic=time.monotonic, sleep=time.sleep)
