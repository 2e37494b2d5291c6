"""Pieces of Markdown that hold whatever files and registries say, and nothing of it can leave its place.

A value can neither format, nor link, nor ping people, nor end a code block, a cell or an HTML comment.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence

# What GitHub's Markdown reads within a line: emphasis, code, links, HTML, tables, strikethrough, formulas.
_READ = re.compile(r"[\\`*_\[\]|~$]")
# What GitHub turns into links by itself; a zero-width space after it keeps it a text.
_LINKED = re.compile(r"@|#(?=\w)|:(?=//)|www(?=\.)|\b[Gg][Hh]-(?=\d)")
_QUIET = "\u200b"
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def clean(text: str) -> str:
    """The text in one line, without characters that hide or turn others around."""
    if text.isascii() and text.isprintable():
        return text
    shown = ("�" if unicodedata.category(sign) in _HIDDEN and not sign.isspace() else sign for sign in text)
    return re.sub(r"\s+", " ", "".join(shown))


def show_text(text: str) -> str:
    """A sentence in which names and values may stand."""
    quiet = _LINKED.sub(lambda found: found[0] + _QUIET, clean(text))
    return _READ.sub(lambda found: f"\\{found[0]}", html.escape(quiet, quote=False))


def show_code(text: str) -> str:
    """A name in a code span, in a table's cell too; empty for no text."""
    shown = clean(text).replace("`", "'").replace("|", "\\|").strip()
    return f"`{shown}`" if shown else ""


def fence(language: str, lines: Iterable[str]) -> str:
    """A code block whose fence is longer than any run of backticks in it; nothing for no lines."""
    text = "\n".join(clean_line(line) for line in lines if line)
    if not text:
        return ""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    mark = "`" * max(3, longest + 1)
    return f"{mark}{language}\n{text}\n{mark}\n\n"


def clean_line(line: str) -> str:
    """The same as `clean`, but runs of spaces are kept: they align what stands in a code block."""
    if line.isascii() and line.isprintable():
        return line
    return "".join("�" if unicodedata.category(sign) in _HIDDEN else sign for sign in line)


def fold(summary: str, body: str) -> str:
    """A part that is shown when it is asked for."""
    return f"<details><summary>{show_text(summary)}</summary>\n\n{body}</details>\n\n"


def take(parts: Sequence[str], room: int) -> tuple[Sequence[str], int]:
    """The first parts that fit into `room` characters, and how many do not."""
    used = 0
    for index, part in enumerate(parts):
        used += len(part)
        if used > room:
            return parts[:index], len(parts) - index
    return parts, 0
