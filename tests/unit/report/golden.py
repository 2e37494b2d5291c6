"""Golden files of the views; `scripts/bless` accepts what the views print now, and the diff is reviewed."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "golden/reports"


def check_golden(name: str, text: str) -> None:
    """Compare with the file of that name, or write it where MODELSYNC_BLESS=1 says so."""
    file = FOLDER / name
    shown = text if text.endswith("\n") else f"{text}\n"
    if os.environ.get("MODELSYNC_BLESS") == "1":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(shown, encoding="utf-8")
    assert file.is_file(), f"{file} is missing; accept what is printed now: scripts/bless"
    assert shown == file.read_text(encoding="utf-8")
