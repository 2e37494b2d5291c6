"""From bytes to text that looks the same to people, editors and the parser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Protocol

from reconciler.load.limits import DOCUMENT_BYTES, FINDINGS
from reconciler.state.documents import Location
from reconciler.state.findings import Finding, Grade

_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")

# Control characters (but for tab and line ends), Unicode's own line ends (the parser would count lines that
# editors do not show), marks that turn the direction of text around, surrogates and non-characters.
_UNSEEN = re.compile(
    "\r(?!\n)|[^\t\n\r\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)

_NAMES = {
    "\0": "a NUL character",
    "\r": "a carriage return without a line feed",
    "\x85": "a next-line character",
    "\u2028": "a line separator",
    "\u2029": "a paragraph separator",
    "\ufeff": "a byte order mark",
}


class Mark(Protocol):
    """A place as the parser says it."""

    @property
    def line(self) -> int:
        """Counted from 0."""

    @property
    def column(self) -> int:
        """Counted from 0."""


def check_text(file: str, data: bytes) -> tuple[Finding, ...]:
    """What is wrong with a file before it is parsed: its size, encoding and characters.

    With a finding of rule `document-size`, `utf-8` or `control-characters` the file cannot be parsed; tabs
    are only a reason to distrust what the parser says.
    """
    if len(data) > DOCUMENT_BYTES:
        return (_refuse_size(file),)
    if data.startswith((_UTF8_MARK, *_UTF16_MARKS)):
        return (_refuse_mark(file, data),)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return (_refuse_encoding(file, data, error.start),)
    return tuple(islice(_check_characters(file, text), FINDINGS))


def _check_characters(file: str, text: str) -> Iterator[Finding]:
    for match in _UNSEEN.finditer(text):
        yield _refuse_unseen(file, text, match.start())
    if "\t" in text:
        lines = text.split("\n")
        for number, line in enumerate(lines, start=1):
            if "\t" in line:
                yield _refuse_tab(file, number, line.index("\t") + 1)


def locate(file: str, text: str, index: int) -> Location:
    """The place of the character at `index`."""
    line = text.count("\n", 0, index) + 1
    column = index - (text.rfind("\n", 0, index) + 1) + 1
    return Location(file=file, line=line, column=column, end_line=line, end_column=column + 1)


def span(file: str, data: bytes, start: Mark, end: Mark) -> Location:
    """The stretch between two marks of the parser, whose lines and columns count from 0."""
    (line, column), (end_line, end_column) = _place(data, start), _place(data, end)
    return Location(file=file, line=line, column=column, end_line=end_line, end_column=end_column)


def _place(data: bytes, mark: Mark) -> tuple[int, int]:
    """Line and column from 1. What the parser puts below the last line is put at its end."""
    content = data.rstrip(b"\r\n")
    if mark.line <= content.count(b"\n"):
        return mark.line + 1, mark.column + 1
    last = content[content.rfind(b"\n") + 1 :]
    return content.count(b"\n") + 1, len(last.decode("utf-8")) + 1


def _refuse_size(file: str) -> Finding:
    return Finding(
        rule="document-size",
        grade=Grade.HARD,
        location=Location(file=file),
        message="the file is larger than 1 MiB; a declaration is a few kilobytes.",
        advice="Check whether something else was saved under this name.",
    )


def _refuse_mark(file: str, data: bytes) -> Finding:
    name = "UTF-8 with a byte order mark" if data.startswith(_UTF8_MARK) else "UTF-16"
    return Finding(
        rule="utf-8",
        grade=Grade.HARD,
        location=Location(file=file),
        message=f"the file is saved as {name}; expected plain UTF-8.",
        advice='Save it as "UTF-8" (not "UTF-8 with BOM", not "Unicode").',
    )


def _refuse_encoding(file: str, data: bytes, index: int) -> Finding:
    before = data[:index].decode("utf-8")
    return Finding(
        rule="utf-8",
        grade=Grade.HARD,
        location=locate(file, before, len(before)),
        message=f"byte 0x{data[index]:02x} here is not UTF-8: it is another encoding, or no text.",
        advice="Save it as UTF-8.",
    )


def _refuse_unseen(file: str, text: str, index: int) -> Finding:
    character = text[index]
    name = _NAMES.get(character, f"the unseen character U+{ord(character):04X}")
    return Finding(
        rule="control-characters",
        grade=Grade.HARD,
        location=locate(file, text, index),
        message=f"{name} stands here, which people do not see and editors show differently.",
        advice=f"Remove it; where it is meant, write it in double quotes as {_escape(character)}.",
    )


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _refuse_tab(file: str, line: int, column: int) -> Finding:
    return Finding(
        rule="tabs",
        grade=Grade.HARD,
        location=Location(file=file, line=line, column=column, end_line=line, end_column=column + 1),
        message="a tab stands here; YAML is indented with spaces, and a tab looks different in each editor.",
        advice='Write spaces; where a tab is meant, write it in double quotes as "\\t".',
    )
