"""How a waiver is written."""

from __future__ import annotations

from datetime import datetime, timedelta


def write_waiver(environment: str, rule: str, objects: tuple[str, ...], now: datetime) -> str:
    """The lines of exceptions.yaml that would allow what `rule` refuses, for a week."""
    until = (now + timedelta(days=7)).date().isoformat()
    return (
        f"  environments/{environment}/exceptions.yaml\n"
        "    waivers:\n"
        f"      - {{rule: {rule}, objects: [{', '.join(objects)}], reason: …, until: {until}}}"
    )
