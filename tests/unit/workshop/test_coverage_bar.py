"""The bar that the pure stages are held to."""

from __future__ import annotations

import pytest

from scripts.coverage_bar import STAGES, measure


def entry(taken: int, missing: int) -> dict[str, dict[str, int]]:
    return {
        "summary": {"covered_branches": taken, "missing_branches": missing, "num_branches": taken + missing}
    }


def test_counts_the_branches_of_one_stage_and_names_its_worst_file_first() -> None:
    report = {
        "files": {
            "reconciler/plan/diff.py": entry(9, 1),
            "reconciler/plan/guards.py": entry(7, 3),
            "reconciler/plan/shares.py": entry(4, 0),
            "reconciler/planner/other.py": entry(0, 50),
        }
    }
    share = measure("plan", report)
    assert (share.taken, share.all, round(share.percent, 2)) == (20, 24, 83.33)
    assert share.files == (("reconciler/plan/guards.py", 3), ("reconciler/plan/diff.py", 1))


def test_code_without_branches_is_covered() -> None:
    assert measure("load", {"files": {"reconciler/load/__init__.py": entry(0, 0)}}).percent == 100


def test_nothing_measured_is_no_pass() -> None:
    with pytest.raises(ValueError, match="no file of reconciler/render"):
        measure("render", {"files": {}})


def test_holds_the_stages_that_are_pure() -> None:
    assert STAGES == ("load", "edit", "validate", "policy", "resolve", "render", "plan")
