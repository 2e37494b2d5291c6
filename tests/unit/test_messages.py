"""What findings say of what was found and what was expected, held over all examples.

The ways in which messages say these are a closed list, so that a message which only complains fails here.
A denial counts where it says what is denied, not where it judges: "no such model", but not "no good".
That they name their object first, and what to do, is held with the rules (test_rules.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from reconciler.policy.policies import POLICIES
from reconciler.state.documents import Location
from reconciler.state.findings import Finding
from tests.unit.test_examples import cases_of, find_all, name

RULES = frozenset(policy.id for policy in POLICIES)
CASES = [case for case in cases_of("negative") if case.parents[1].name in RULES]
OF_FILES = [case for case in cases_of("negative") if case.parents[1].name not in RULES]

JUDGES = (
    "good|right|fine|well|valid|correct|proper|sound|sensible|possible|usual|suitable|acceptable|okay|allowed"
)
ASKS = r"\b(expected|at most|at least|needs?|must|enough|exactly|limit|allowed:)(?!\w)"
COMPARES = r"\b(than|below|above)\b|[,;] but\b|; [^;]*\b(says|were|was|only|may|has|holds)\b"
DENIES = rf"\b(no|not|never)\b(?! ({JUDGES})\b)|\b(none|nothing|neither|cannot|without|nobody)\b"
EXPECTED = re.compile(f"{ASKS}|{COMPARES}|{DENIES}")
"""How a message says what would be right: it asks for it, sets it beside what is, or denies what is."""

ABSENT = re.compile(rf"{DENIES}|\b(gone|removes)\b")
"""How a message says that something is not there, and so is written nowhere."""

WORD = re.compile(r"[^\s{}\[\],\"']*\w[^\s{}\[\],\"':]*")
NOT_WRITTEN_THERE: Mapping[str, str] = {
    "names-fit": "it may be the name of the file or folder",
    "rules-loosened": "it may be what the base says and the file no longer does",
    "shared-serving-change": "it is the environments that serve what the file says",
}
"""Rules of which what was found need not stand at the place that they point to, and why."""


SAID_BY_ADVICE = frozenset(
    {
        "custom-tags",
        "duplicate-keys",
        "extras-metadata",
        "extras-named-for-deployment",
        "extras-unique",
        "known-keys",
        "merge-keys",
        "missing-file",
        "plain-scalars",
        "symbolic-links",
        "tabs",
        "yaml-syntax",
    }
)
"""Rules of files that tell only in their advice what to write, as their messages quote what may not stand."""


def find_own(case: Path, scratch: Path) -> tuple[Finding, ...]:
    rule = case.parents[1].name
    return tuple(finding for finding in find_all(case, scratch) if finding.rule == rule)


def list_written(case: Path, place: Location) -> Iterator[str]:
    """The words that stand at a place, and the key before it."""
    file = case / place.file
    if not file.is_file():
        return
    lines = _read_lines(file)[place.line - 1 : place.end_line]
    last = lines[-1][: place.end_column - 1] if len(lines) > 1 else None
    before, inside = lines[0][: place.column - 1], lines[0][place.column - 1 :]
    if len(lines) == 1:
        inside = inside[: place.end_column - place.column]
    yield from WORD.findall(" ".join([*WORD.findall(before)[-1:], inside, *lines[1:-1], last or ""]))


def _is_word_of(said: str, word: str) -> bool:
    """Whether a text has this word, or `v3` for a version 3."""
    return re.search(rf"(?<!\w)v?{re.escape(word)}(?!\w)", said) is not None


@cache
def _read_lines(file: Path) -> tuple[str, ...]:
    return tuple(file.read_text(encoding="utf-8").split("\n"))


@pytest.mark.parametrize("case", CASES, ids=name)
def test_a_message_shows_what_was_found_and_what_was_expected(case: Path, tmp_path: Path) -> None:
    for finding in find_own(case, tmp_path):
        said = finding.message.partition(": ")[2]
        written = [word for word in list_written(case, finding.location) if _is_word_of(said, word)]
        assert written or ABSENT.search(said) or finding.rule in NOT_WRITTEN_THERE, finding
        assert EXPECTED.search(said), finding


@pytest.mark.parametrize("case", OF_FILES, ids=name)
def test_a_message_about_a_file_says_what_it_should_hold_or_what_to_write(case: Path, tmp_path: Path) -> None:
    """The object of these is the key or the value itself: there is no declaration yet to name."""
    for finding in find_own(case, tmp_path):
        assert is_told(finding) or (finding.rule in SAID_BY_ADVICE and finding.advice), finding


def is_told(finding: Finding) -> bool:
    """Whether the message itself says what was expected of a file."""
    return EXPECTED.search(finding.message) is not None or "did you mean" in finding.message


def test_no_rule_leaves_it_to_its_advice_without_need(tmp_path: Path) -> None:
    excused = [case for case in OF_FILES if case.parents[1].name in SAID_BY_ADVICE]
    assert {
        finding.rule for case in excused for finding in find_own(case, tmp_path) if not is_told(finding)
    } == SAID_BY_ADVICE


@pytest.mark.parametrize(
    "said",
    [
        "the disruption budget is wrong.",
        "the disruption budget is not right.",
        "the reward is no good.",
        "v5 may be wrong.",
        "the image is not allowed here.",
        "the shares are odd, only worse.",
    ],
)
def test_a_message_that_only_complains_is_told(said: str) -> None:
    assert not EXPECTED.search(said)


def test_a_message_that_only_complains_names_nothing_absent() -> None:
    assert not ABSENT.search("the disruption budget is wrong.")
