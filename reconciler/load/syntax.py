"""Says in plain words why a file is not YAML.

The wording of the parser differs from version to version, so it is neither matched nor shown: the message
comes from the characters at the two places that an error names, where it was noticed and what was being
read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import yaml

from reconciler.load.text import span
from reconciler.state.findings import Finding, Grade

_CLOSERS = {"[": "]", "{": "}"}
_SPECIAL_STARTS = "@`%*&!"

_NO_COLON = "no colon and space follow the key in this line."
_WRITE_PAIR = 'Write "key: value".'


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A place in the text, counted from 0, with the character and the whole line that stand there."""

    index: int
    line: int
    column: int
    character: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """Where the parser gave up, and where that which it was reading began."""

    problem: _Place
    context: _Place
    is_at_end: bool
    above: str

    @property
    def lacks_colon_above(self) -> bool:
        """Whether the line above begins where this one does, and gives no value to a key."""
        line = self.above.split(" #")[0].rstrip()
        is_pair = ": " in line or line.endswith(":")
        return bool(line) and _indent(line) == _indent(self.problem.text) and not is_pair


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    place: _Place
    message: str
    advice: str


def describe_syntax(file: str, data: bytes, error: yaml.MarkedYAMLError) -> Finding:
    """The finding for what the parser could not read."""
    text = data.decode("utf-8")
    problem = _locate(text, error.problem_mark)
    context = _locate(text, error.context_mark or error.problem_mark)
    scene = _Scene(
        problem=problem,
        context=context,
        is_at_end=not text[problem.index :].strip(),
        above=text.split("\n")[problem.line - 1] if problem.line else "",
    )
    verdict = next(verdict for judge in _JUDGES if (verdict := judge(scene)))
    return Finding(
        rule="yaml-syntax",
        grade=Grade.HARD,
        location=span(file, data, verdict.place, replace(verdict.place, column=verdict.place.column + 1)),
        message=verdict.message,
        advice=verdict.advice,
    )


def _locate(text: str, mark: Any) -> _Place:
    lines = text.split("\n")
    return _Place(
        index=mark.index,
        line=mark.line,
        column=mark.column,
        character=text[mark.index : mark.index + 1],
        text=lines[mark.line] if mark.line < len(lines) else "",
    )


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _judge_open_bracket(scene: _Scene) -> _Verdict | None:
    closer = _CLOSERS.get(scene.context.character)
    if closer is None or (scene.problem.line == scene.context.line and not scene.is_at_end):
        return None
    return _Verdict(
        place=scene.context,
        message=f"the {scene.context.character} here is not closed by the end of its line or block.",
        advice=f"Close it with {closer}, and put a comma between its items.",
    )


def _judge_open_quote(scene: _Scene) -> _Verdict | None:
    if scene.context.character not in ("'", '"') or not scene.is_at_end:
        return None
    return _Verdict(
        place=scene.context,
        message=f"the quote ({scene.context.character}) that begins here never ends.",
        advice="Close it with the same character.",
    )


def _judge_escape(scene: _Scene) -> _Verdict | None:
    if scene.context.character != '"' or scene.context.index == scene.problem.index:
        return None
    return _Verdict(
        place=scene.problem,
        message="the text in double quotes holds a backslash sequence that YAML does not know.",
        advice="Write \\\\ for a backslash, or put the text in single quotes.",
    )


def _judge_special_start(scene: _Scene) -> _Verdict | None:
    place = scene.context if scene.context.line == scene.problem.line else scene.problem
    if not place.character or place.character not in _SPECIAL_STARTS:
        return None
    words = place.text[place.column :].split() or [place.character]
    word = words[0].rstrip(",]}")
    return _Verdict(
        place=place,
        message=f"text may not begin with {place.character} unless it stands in quotes.",
        advice=f'Write "{word}".',
    )


def _judge_directive(scene: _Scene) -> _Verdict | None:
    if scene.problem.text[:1] != "%":
        return None
    return _Verdict(
        place=scene.problem,
        message="directives (lines that begin with %) are not used here.",
        advice="Remove the line.",
    )


def _judge_colon(scene: _Scene) -> _Verdict | None:
    place = scene.problem
    if place.character != ":":
        return None
    if not place.text[: place.column].strip(" -"):
        return _Verdict(place=place, message="there is no key before the colon.", advice="Write one.")
    if scene.lacks_colon_above:
        above = _Place(index=0, line=place.line - 1, column=_indent(place.text), character="", text="")
        return _Verdict(place=above, message=_NO_COLON, advice=_WRITE_PAIR)
    return _Verdict(
        place=place,
        message="this colon makes a key of the text before it, where no key may stand.",
        advice="Put text that holds a colon and a space in quotes; else check the indentation.",
    )


def _judge_missing_colon(scene: _Scene) -> _Verdict | None:
    line = scene.context.text
    if scene.context.line == scene.problem.line or ":" in line or line.lstrip().startswith("-"):
        return None
    return _Verdict(
        place=scene.context,
        message=_NO_COLON,
        advice=_WRITE_PAIR,
    )


def _judge_item(scene: _Scene) -> _Verdict | None:
    if not scene.problem.text[scene.problem.column :].startswith("- "):
        return None
    return _Verdict(
        place=scene.problem,
        message="a list item begins here, where none may stand.",
        advice="Begin each item on a line of its own, below the key and in the column of the other items.",
    )


def _judge_closer(scene: _Scene) -> _Verdict | None:
    if not scene.problem.character or scene.problem.character not in "]},":
        return None
    return _Verdict(
        place=scene.problem,
        message=f"the {scene.problem.character} here closes or separates nothing that is open.",
        advice="Remove it, or put the text in quotes.",
    )


def _judge_rest(scene: _Scene) -> _Verdict:
    if scene.is_at_end:
        message = "the file ends in the middle of a value."
        return _Verdict(place=scene.problem, message=message, advice="Complete it; was the file cut?")
    return _Verdict(
        place=scene.problem,
        message="what begins here does not fit what stands above it.",
        advice=(
            "Check the indentation: the keys of one block begin in the same column; "
            "nothing may follow a closing quote or bracket."
        ),
    )


_JUDGES: tuple[Callable[[_Scene], _Verdict | None], ...] = (
    _judge_open_bracket,
    _judge_open_quote,
    _judge_escape,
    _judge_directive,
    _judge_special_start,
    _judge_colon,
    _judge_missing_colon,
    _judge_item,
    _judge_closer,
    _judge_rest,
)
