"""What a person asked for and is not done."""

from __future__ import annotations


class EmergencyRefused(Exception):
    """What was asked for in an emergency cannot be done. Says why, and what can."""
