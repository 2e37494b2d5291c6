"""How waiting for a revision ended."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.state.outcomes import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """How a wait ended. `revision` is what was waited for last: a later one where that overtook the first.

    `shares` say what the revision serves, empty where it ends the deployment; `seconds` is how long it took.
    """

    name: str
    revision: str
    outcome: Outcome
    reason: str = ""
    shares: str = ""
    overtaken: str = ""
    seconds: float = 0.0
    requests: int = 0
