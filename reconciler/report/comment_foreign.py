"""A comment that somebody else's code wrote, made harmless before it is shown under our name.

Text that `report.comment` wrote passes as it is. Of all other text the words stay: nothing in it can mention
anybody, link, load an image, end a fold or be HTML. What is read here is what GitHub and Gitea read, or more.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from reconciler.plan.wording import count
from reconciler.report.comment import LIMIT, MARKER, VERDICTS
from reconciler.state.reviews import Verdict

_QUIET = "\u200b"
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
_FIRST = re.compile(rf"{re.escape(MARKER)} head=([0-9a-f]{{40}}(?:[0-9a-f]{{24}})?|none) -->")
_VERDICT = re.compile(rf"### ({'|'.join(map(re.escape, VERDICTS.values()))}): ")
_FENCE = re.compile(r"(`{3,99})(?:diff|text)?")
_FOLD = re.compile(r"<details><summary>(.*)</summary>")
_FOLD_END = "</details>"
_SMALL = re.compile(r"<sub>(.*)</sub>")
# What becomes a link by itself. A zero-width space behind it keeps it a text.
_LINKED = re.compile(
    rf"(@|#(?=\w)|:(?=\\*/\\*/)|www(?=\\*\.)|\bgh-(?=\d)|\bgh(?=\\+-))(?!{_QUIET})", re.IGNORECASE
)
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt);)")
# What a code span may hold: no border of a table's cell.
_CODE = re.compile(r"(?:\\.|[^|\\])+")
MOST = LIMIT + 2_000
"""Characters of the result: a little more than our own comments have, and less than a forge takes."""

_ROOM = 400
"""Characters for the ends of what is open, and for the sentence that something was left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ends:
    """What is open after a line: a code block, by the fence that ends it, and a fold."""

    fence: str = ""
    fold: bool = False


def read_head(text: str) -> str:
    """The commit that a comment says it is about; empty where it says none, or is no such comment."""
    found = _FIRST.match(text)
    return "" if found is None or found[1] == "none" else found[1]


def read_verdict(text: str) -> Verdict | None:
    """What the comment's heading says; None where it has no such heading."""
    found = _VERDICT.match(text.partition("\n")[2])
    return next((key for key, word in VERDICTS.items() if found and found[1] == word), None)


def neutralise(text: str) -> str:
    """The text with its words and without effects, within MOST characters."""
    lines = re.split(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", text)
    shown: list[str] = []
    room, ends, left = MOST - _ROOM, _Ends(), 0
    for written, after in _rewrite(lines):
        room -= len(written) + 1
        if left or room < 0:
            left += 1
        else:
            shown.append(written)
            ends = after
    if not left:
        return "\n".join(shown)
    closing = [ends.fence] * bool(ends.fence) + ["", _FOLD_END] * ends.fold
    return "\n".join((*shown, *closing, "", f"{count(left, 'more line')} left out.", ""))


def _rewrite(lines: list[str]) -> Iterator[tuple[str, _Ends]]:
    """Each line as it is shown, and what is open after it; last the ends of what nothing ended."""
    ends, due = _Ends(), False
    for number, raw in enumerate(lines):
        line = _strip(raw)
        if ends.fence:
            if re.fullmatch(rf" {{0,3}}`{{{len(ends.fence)},}}[ \t]*", line):
                ends = replace(ends, fence="")
            yield line, ends
            continue
        if due and line:
            # HTML goes on to the next blank line, and what stands in it is read by other rules.
            yield "", ends
        due = False
        if number == 0 and _FIRST.fullmatch(line):
            yield line, ends
        elif (found := _FENCE.fullmatch(line)) is not None:
            ends = replace(ends, fence=found[1])
            yield line, ends
        elif ends.fold and line == _FOLD_END:
            ends, due = replace(ends, fold=False), True
            yield line, ends
        elif not ends.fold and (found := _FOLD.fullmatch(line)) is not None:
            ends, due = replace(ends, fold=True), True
            yield f"<details><summary>{_show_raw(found[1])}</summary>", ends
        elif (found := _SMALL.fullmatch(line)) is not None:
            yield f"<sub>{_show_line(found[1])}</sub>", ends
        else:
            yield _show_line(line), ends
    if ends.fence:
        yield ends.fence, replace(ends, fence="")
    if ends.fold:
        yield "", ends
        yield _FOLD_END, replace(ends, fold=False)


def _strip(line: str) -> str:
    if line.isascii() and line.isprintable():
        return line
    return "".join("�" if sign != _QUIET and unicodedata.category(sign) in _HIDDEN else sign for sign in line)


def _show_raw(text: str) -> str:
    """A text that is HTML's, not Markdown's: there is no code in it, and a backslash hides nothing."""
    return _LINKED.sub(rf"\1{_QUIET}", _ENTITY.sub("&amp;", text).replace("<", "&lt;").replace(">", "&gt;"))


def _show_line(line: str) -> str:
    """A line of Markdown that may stress, list, quote, and hold code and cells, and no more."""
    return "".join(text if code else _show_text(text) for code, text in _split(line))


def _show_text(text: str) -> str:
    text = _ENTITY.sub("&amp;", text).replace("<", "&lt;")
    text = re.sub(r"(\\.)|([\[\]~$`])", lambda found: found[1] or f"\\{found[2]}", text)
    # A backslash at the end would take the next piece's first character along.
    if (len(text) - len(text.rstrip("\\"))) % 2:
        text = f"{text}\\"
    return _LINKED.sub(rf"\1{_QUIET}", text)


def _split(line: str) -> Iterator[tuple[bool, str]]:
    """The line's pieces, and whether each is a code span: one backtick, no cell's border, one backtick.

    All other backticks are text, so that none is left whose partner stands in another line.
    """
    line = re.sub(r"`{2,}", lambda run: "'" * len(run[0]), line)
    text, place = "", 0
    while place < len(line):
        sign = line[place]
        if sign == "\\" and place + 1 < len(line):
            text += line[place : place + 2]
            place += 2
            continue
        end = line.find("`", place + 1) if sign == "`" else -1
        if end > 0 and _CODE.fullmatch(line, place + 1, end):
            yield False, text
            yield True, line[place : end + 1]
            text, place = "", end + 1
            continue
        text += sign
        place += 1
    yield False, text
