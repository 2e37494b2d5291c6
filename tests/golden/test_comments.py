"""Changes in, comments out: each case with a `base/` gives exactly its comment.md (see scripts/bless)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler.report.comment import MARKER, show_comment
from scripts.bench.repository import Size, generate
from tests.golden.changes import HEAD, read_sides, review_files

GOLDEN = Path(__file__).parent
CASES = sorted(path.parent.name for path in GOLDEN.glob("*/base"))
GITHUB_LIMIT = 65_536
SCREEN = 40
"""Lines that are shown before anything is unfolded."""


def _check(case: str, shown: str) -> None:
    golden = GOLDEN / case / "comment.md"
    if os.environ.get("MODELSYNC_BLESS") == "1":
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8"), (
        f"{case}: if this is meant, accept it with scripts/bless"
    )


@pytest.mark.parametrize("case", CASES)
def test_comment(case: str) -> None:
    shown = show_comment(review_files(*read_sides(GOLDEN / case)))
    assert shown.startswith(f"{MARKER} head={HEAD} -->\n")
    assert len(_list_unfolded(shown)) <= SCREEN
    _check(case, shown)


def test_a_change_of_200_environments_fits_into_a_comment() -> None:
    files = {path: text.encode() for path, text in generate(Size()).items()}
    first = {
        min(path for path in files if path.startswith(f"{folder}/deployments/")) for folder in _folders(files)
    }
    changed = {
        path: data.replace(b"traffic: 90", b"traffic: 70").replace(b"traffic: 10", b"traffic: 30")
        for path, data in files.items()
        if path in first
    }
    review = review_files(files, {**files, **changed})
    assert len({row.target for row in review.rows}) == 200
    shown = show_comment(review)
    assert len(shown) <= GITHUB_LIMIT
    assert shown.count("<details>") == shown.count("</details>")
    assert shown.count("```") % 2 == 0
    _check("change-200-environments", shown)


def _folders(files: dict[str, bytes]) -> set[str]:
    return {"/".join(path.split("/")[:2]) for path in files if path.startswith("environments/")}


def _list_unfolded(comment: str) -> list[str]:
    """The lines that are seen at once."""
    lines, depth = [], 0
    for line in comment.splitlines():
        if depth == 0 and line:
            lines.append(line)
        depth += line.count("<details>") - line.count("</details>")
    return lines
