"""How waiting for a revision ended."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.state.outcomes import Outcome
from reconciler.state.shares import Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """How a wait ended. `revision` is what was waited for last: a later one where that overtook the first.

    `shares` are what the revision declares, empty where it ends the deployment; `overtaken` is the first
    revision, empty where none overtook it; `seconds` is how long it took.
    """

    name: str
    revision: str
    outcome: Outcome
    reason: str = ""
    shares: tuple[Share, ...] = ()
    overtaken: str = ""
    seconds: float = 0.0
    requests: int = 0
