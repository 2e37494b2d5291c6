"""Fixtures of the scenarios: a team's repository and its namespace in the shared cluster."""

from __future__ import annotations

from tests.e2e.conftest import team

__all__ = ["team"]
