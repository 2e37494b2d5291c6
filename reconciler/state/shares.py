"""A part of the traffic."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One predictor's part of the requests, in percent: of the live ones, or mirrored if `shadow`."""

    predictor: str
    version: str
    shadow: bool
    percent: int
