"""Prometheus' own judgement of metrics, rules and their tests."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from scripts.local_cluster.bundles import PROMTOOL, provide


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What promtool said, and whether it had nothing against it."""

    clean: bool
    said: str


def run_promtool(*arguments: str, given: str = "", folder: Path | None = None) -> Verdict:
    """Run promtool with `given` as its input; built from Go modules where the cache has it not."""
    done = subprocess.run(
        [str(provide(PROMTOOL) / "promtool"), *arguments],
        input=given,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return Verdict(clean=done.returncode == 0, said=(done.stdout + done.stderr).strip())
