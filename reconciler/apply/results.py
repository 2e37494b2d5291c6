"""What became of a plan, as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.clients.cluster.interface import ClusterError
from reconciler.state.inventory import ObjectResult, TargetRecord

Report = Callable[[ObjectResult], None]
"""Told of each object's result as it becomes known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What a run did to a target.

    `results` hold one entry for each change of the plan, in its order. `record` is the one to go on with:
    its entries are settled (deleted ones are gone only when a complete list proved it), and it still has
    to be saved. `stopped` says why the run ended before its last change: the API server went away, the
    Lease was lost, a right or kind is missing; None if every change was tried. `wrote` says whether
    anything but the record was changed.
    """

    results: tuple[ObjectResult, ...]
    record: TargetRecord
    stopped: ClusterError | None = None
    wrote: bool = False
