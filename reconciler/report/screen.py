"""What may go to a terminal: others' words reach people's screens. Pure."""

from __future__ import annotations


def clean_screen(text: str) -> str:
    """The text without characters that would steer a terminal; line breaks stay.

    Reasons, summaries and messages come out of records and from API servers, which others write to as well.
    """
    if text.replace("\n", "").isprintable():
        return text
    return "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text)
