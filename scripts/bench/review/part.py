"""The part `review`: what judging a change costs in a large repository with a history."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from scripts.bench.measure import Sample, Task, measure_all
from scripts.bench.review.commits import Large, change_shares, list_deployments, make_repository, run_git
from scripts.bench.review.peers import (
    conftest_command,
    install_validators,
    kubeconform_command,
    lay_out_manifests,
)
from scripts.bench.table import OURS, Row, build_rows

KUBECONFORM, CONFTEST = "kubeconform", "conftest"
MOST = 2.0
"""How many times as long as both validators together validation may take."""

_WHOLE = "validate --base: 200 changed files"
_ONE = "validate --base: one changed file"
_PLAN = "plan --base: 200 changed environments"


def measure_review(rounds: int, tell: Callable[[str], None]) -> tuple[Row, ...]:
    """Validation and plan of changes to the large repository, and the validators on its manifests.

    Raises BenchError where something is not found to be well.
    """
    programs = install_validators()
    with tempfile.TemporaryDirectory(prefix="modelsync-bench-") as name:
        places = _lay_out(Path(name), Large(), tell)
        return build_rows(_measure(places, programs, rounds, tell))


def show_verdict(rows: Sequence[Row]) -> str:
    """Our time over that of both validators together, beside what was promised."""
    ratios = compare(rows)
    verdict = "kept" if ratios["seconds"] <= MOST else "NOT KEPT"
    return (
        f"  validate --base takes {ratios['seconds']:.2f}× the time of {KUBECONFORM} + {CONFTEST} "
        f"({ratios['cpu']:.2f}× on processors), at most {MOST:g}×: {verdict}"
    )


def compare(rows: Sequence[Row]) -> Mapping[str, float]:
    """Our medians over the sums of the medians of both validators, on the wall and on processors."""
    found = {row.name: row for row in rows if row.subject == _WHOLE}
    ours, others = found[OURS], (found[KUBECONFORM], found[CONFTEST])
    return {
        "seconds": ours.seconds / sum(row.seconds for row in others),
        "cpu": ours.cpu / sum(row.cpu for row in others),
    }


def _lay_out(folder: Path, large: Large, tell: Callable[[str], None]) -> Mapping[str, Path]:
    """A clone for each subject, its change committed on a branch or left in the work tree; the manifests."""
    tell(f"making a repository of {large}")
    one, many, manifests = folder / "one", folder / "many", folder / "manifests"
    one.mkdir()
    manifests.mkdir()
    make_repository(one, large)
    lay_out_manifests(one, manifests)
    shutil.copytree(one, many)
    paths = list_deployments(one, one_each=True)
    change_shares(one, paths[:1])
    run_git(many, "switch", "--quiet", "--create", "change")
    change_shares(many, paths)
    run_git(many, "commit", "--quiet", "--all", "--message=Shares of one deployment of each environment")
    return {_WHOLE: many, _ONE: one, _PLAN: many, KUBECONFORM: manifests}


def _measure(
    places: Mapping[str, Path], programs: Path, rounds: int, tell: Callable[[str], None]
) -> Mapping[Task, tuple[Sample, ...]]:
    ours = str(Path(sys.executable).with_name("modelsync"))
    manifests = places[KUBECONFORM]
    tasks = []
    for subject, words, seconds, mib in (
        (_WHOLE, ("validate", "--base", "main"), 3.0, 200.0),
        (_ONE, ("validate", "--base", "main"), 1.5, None),
        (_PLAN, ("plan", "--base", "main", "-o", "markdown"), 2.0, None),
    ):
        tasks.append(
            Task(
                name=OURS,
                subject=subject,
                folder=places[subject],
                commands=((ours, *words),),
                bar_seconds=seconds,
                bar_mib=mib,
            )
        )
    for name, command in (
        (KUBECONFORM, kubeconform_command(programs, manifests)),
        (CONFTEST, conftest_command(programs, manifests)),
    ):
        tasks.insert(-2, Task(name=name, subject=_WHOLE, folder=manifests, commands=(command,)))
    return measure_all(tasks, rounds, tell)
