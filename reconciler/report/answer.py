"""An answer to a comment, as Markdown in which nothing of what was asked or found has an effect."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.report.comment_parts import fence, show_text

_MOST_LINES = 60


def show_answer(said: str, told: Sequence[str]) -> str:
    """The comment, which never begins as a command does, so that no answer is answered."""
    lines = [line for text in told for line in text.splitlines()]
    left = len(lines) - _MOST_LINES
    shown = lines if left <= 0 else [*lines[:_MOST_LINES], f"… {left} more lines in the log of this run"]
    return f"{show_text(said)}\n\n{fence('text', shown)}".rstrip() + "\n"
