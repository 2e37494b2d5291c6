"""The matrix as a document."""

from __future__ import annotations

from collections.abc import Iterable

from tests.e2e.health.stage import Stage

_HEAD = """\
# What is said of a SeldonDeployment, and what is so

Written by `tests/e2e/test_health_matrix.py`; accept a new one with `scripts/bless` and that path. Each row
was played on a real control plane with the real Seldon operator while everything was looked at all the time.
The words are those in which each step came to rest. In no look at all did modelsync say Current of what was
not served as asked, or Failed of what still had time. *kstatus* is the generic rule that Flux and others
apply; where it stands in bold it was wrong.

| situation | step | so it is | kstatus | modelsync | because |
|---|---|---|---|---|---|
"""


def write_table(stages: Iterable[Stage]) -> str:
    """The document; the same for the same words."""
    rows = []
    for stage in stages:
        for place, step in enumerate(stage.steps):
            wrong = step.kstatus != step.word
            cells = (
                stage.title if place == 0 else "",
                step.what,
                step.truth,
                f"**{step.kstatus}**" if wrong else step.kstatus,
                step.word,
                step.reason.replace("|", "\\|"),
            )
            rows.append(f"| {' | '.join(cells)} |".replace("|  |", "| |"))
    return _HEAD + "\n".join(rows) + "\n"
