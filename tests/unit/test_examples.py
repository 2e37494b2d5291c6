"""Every rule is shown by example: small repositories that keep it, and ones that break it.

`tests/examples/<rule>/{positive,negative}/<case>/` is a repository. A negative one has an `expected.txt`
with all its findings, one in a line: `file:line:column rule`, and, where it matters, words that the
finding must say (with MODELSYNC_BLESS=1 they are written anew, to be reviewed as a change). A file
`<name>.repeated` stands for a large file `<name>`: its first line says how often the lines up to the last
are repeated. Where there is a folder `base`, it is the repository before the change; `history.yaml` tells
what served until then (tests/support/histories.py).
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import pytest

from reconciler.load.documents import load
from reconciler.load.worktree import Worktree, read_worktree
from reconciler.pipeline.extras import check_extras
from reconciler.policy.policies import POLICIES
from reconciler.state.findings import Finding
from reconciler.state.history import History
from reconciler.state.owners import OwnersFile
from reconciler.state.repository import Repository
from reconciler.validate.checks import Check, check
from reconciler.validate.parse import parse
from reconciler.validate.rules import STRUCTURAL_RULES
from tests.support.histories import read_history

EXAMPLES = Path(__file__).parents[1] / "examples"
CASES = sorted(EXAMPLES.glob("*/*/*/"))
RULES = sorted({*STRUCTURAL_RULES, *(policy.id for policy in POLICIES)})

NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)

# No folder of files can show these: a submodule is an entry of a commit, and permissions are not kept in git.
SHOWN_ELSEWHERE = {"submodules", "unreadable-file"}

# What these judge is checked, and refused besides until something acts on it.
REFUSED_BESIDES = {"experiment-decides", "experiment-kept", "experiment-current"}


@dataclass(frozen=True)
class Expected:
    place: str
    rule: str
    words: str


def read_expected(case: Path) -> tuple[Expected, ...]:
    lines = (case / "expected.txt").read_text(encoding="utf-8").splitlines()
    parts = ((*line.split(" ", 2), "")[:3] for line in lines if line.strip())
    return tuple(Expected(place, rule, words) for place, rule, words in parts)


def find_all(case: Path, scratch: Path) -> tuple[Finding, ...]:
    worktree = read_worktree(_expand(case, scratch))
    owned = read_owned_before(case)
    return check_extras(check_case(worktree, read_base(case), read_history_of(case), owned)).findings


def check_case(
    worktree: Worktree, base: Repository | None, history: History | None, owned: OwnersFile | None
) -> Check:
    loaded = load(worktree.files, links=worktree.links, unreadable=worktree.unreadable)
    return check(
        loaded, base=base, now=NOW, history=history, codeowners=worktree.codeowners, owned_before=owned
    )


def read_base(case: Path) -> Repository | None:
    if not (case / "base").is_dir():
        return None
    repository, faults = parse(load(read_worktree(case / "base").files))
    assert {fault.rule for fault in faults} <= {"not-served-yet"}
    return repository


def read_owned_before(case: Path) -> OwnersFile | None:
    return read_worktree(case / "base").codeowners


def read_history_of(case: Path) -> History | None:
    file = case / "history.yaml"
    return read_history(file) if file.is_file() else None


def _expand(case: Path, scratch: Path) -> Path:
    repeated = tuple(case.rglob("*.repeated"))
    if not repeated:
        return case
    copy = scratch / case.name
    shutil.copytree(case, copy, symlinks=True)
    for original in repeated:
        path = copy / original.relative_to(case)
        count, _, text = path.read_text(encoding="utf-8").partition("\n")
        *repeated_lines, last = text.splitlines(keepends=True)
        path.with_suffix("").write_text("".join(repeated_lines) * int(count) + last, encoding="utf-8")
        path.unlink()
    return copy


def name(case: Path) -> str:
    return str(case.relative_to(EXAMPLES))


def cases_of(side: str) -> list[Path]:
    return [case for case in CASES if case.parent.name == side]


@pytest.mark.parametrize("case", cases_of("positive"), ids=name)
def test_what_keeps_the_rule_has_no_finding(case: Path, tmp_path: Path) -> None:
    found = find_all(case, tmp_path)
    if case.parents[1].name in REFUSED_BESIDES:
        found = tuple(one for one in found if one.rule != "not-served-yet")
    assert found == ()


@pytest.mark.covers("T7")
@pytest.mark.parametrize("case", cases_of("negative"), ids=name)
def test_what_breaks_the_rule_is_found_where_it_stands(case: Path, tmp_path: Path) -> None:
    found = find_all(case, tmp_path)
    if os.environ.get("MODELSYNC_BLESS") == "1":
        lines = (f"{one.location} {one.rule} {one.message}\n" for one in found)
        (case / "expected.txt").write_text("".join(lines), encoding="utf-8")
    expected = read_expected(case)
    assert [(str(one.location), one.rule) for one in found] == [(one.place, one.rule) for one in expected]
    for finding, wanted in zip(found, expected, strict=True):
        assert wanted.words in f"{finding.message} {finding.advice}"


@pytest.mark.parametrize("case", cases_of("negative"), ids=name)
def test_a_negative_example_shows_its_own_rule(case: Path) -> None:
    assert case.parents[1].name in {one.rule for one in read_expected(case)}


@pytest.mark.parametrize("rule", sorted({*RULES} - SHOWN_ELSEWHERE))
def test_every_rule_is_shown_from_both_sides(rule: str) -> None:
    sides = {case.parent.name for case in CASES if case.parents[1].name == rule}
    assert sides == {"positive", "negative"}


def test_every_example_belongs_to_a_rule() -> None:
    assert {case.parents[1].name for case in CASES} <= set(RULES)
