"""What may go to a terminal or a log of CI: others' words reach people's screens. Pure."""

from __future__ import annotations

import re

# GitHub reads `::` at the beginning of a line as a command of the step, and `##[` anywhere in it; Azure
# (`##vso[`) and TeamCity (`##teamcity[`) alike.
_COMMAND = re.compile(r"^(\s*):(?=:)|#(?=#\w*\[)", re.MULTILINE)


def clean_screen(text: str) -> str:
    """The text without characters that would steer a terminal, and without commands to CI; line breaks stay.

    Reasons, summaries and messages come out of records and from API servers, which others write to as well.
    """
    quiet = quiet_commands(text)
    if quiet.replace("\n", "").isprintable():
        return quiet
    return "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in quiet)


def quiet_commands(text: str) -> str:
    """The text in which no line is a command to the CI that prints it: `::error` becomes `: :error`."""
    if "::" not in text and "##" not in text:
        return text
    return _COMMAND.sub(lambda found: f"{found[0]} ", text)
