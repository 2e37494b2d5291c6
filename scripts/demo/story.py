"""The steps of the story. Each uses the commands that a team would use, on servers that are real."""

from __future__ import annotations

from pathlib import Path

from scripts.demo.chapters.declare import lay_out, pin_and_declare, review, train_first
from scripts.demo.chapters.keep import heal, prune, refuse
from scripts.demo.chapters.serve import add_shadow, ask, lose_challenger, shift_traffic, sync_first
from scripts.demo.narrator import Narrator
from scripts.demo.stage import Stage


def tell(story: Narrator, repository: Path, stage: Stage) -> None:
    """All steps, in order. Raises StepFailed at the first that does not end as it should."""
    train_first(story, stage)
    lay_out(story, stage, repository)
    pin_and_declare(story)
    review(story)
    sync_first(story, stage)
    ask(story, stage)
    shift_traffic(story, stage)
    heal(story, stage)
    add_shadow(story, stage)
    lose_challenger(story, stage)
    refuse(story)
    prune(story, stage)
