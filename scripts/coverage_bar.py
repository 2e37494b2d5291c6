"""Measure the branches that the unit tests take in the stages that are pure, and hold them to a bar.

Run it as `python -m scripts.coverage_bar [--bar PERCENT]`. It runs the tests that are values in, values out
(no server is started for them) and ends with 1 when a test fails or a stage is below the bar.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).resolve().parents[1]
STAGES = ("load", "edit", "validate", "policy", "resolve", "render", "plan")
TESTS = ("tests/unit", "tests/golden", "tests/repository")


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many branches of a stage's code the tests take."""

    stage: str
    taken: int
    all: int
    files: tuple[tuple[str, int], ...]  # file and its branches not taken, most first

    @property
    def percent(self) -> float:
        """100 for code without branches."""
        return 100.0 if self.all == 0 else 100.0 * self.taken / self.all


def measure(stage: str, report: Mapping[str, Any]) -> Share:
    """The share of one stage in coverage's JSON report (`branch = true`).

    Raises ValueError when the report holds no file of the stage: nothing measured is no pass.
    """
    files = {
        name: entry["summary"]
        for name, entry in report["files"].items()
        if Path(name).is_relative_to(f"reconciler/{stage}")
    }
    if not files:
        raise ValueError(f"the report holds no file of reconciler/{stage}")
    missed = ((name, summary["missing_branches"]) for name, summary in files.items())
    return Share(
        stage=stage,
        taken=sum(summary["covered_branches"] for summary in files.values()),
        all=sum(summary["num_branches"] for summary in files.values()),
        files=tuple(sorted((entry for entry in missed if entry[1]), key=lambda entry: (-entry[1], entry[0]))),
    )


def run_tests() -> Mapping[str, Any]:
    """Run the tests under coverage; its JSON report. Raises ClickException when a test fails."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "COVERAGE_FILE": str(Path(folder) / "coverage")}
        source = "--source=" + ",".join(f"reconciler/{stage}" for stage in STAGES)
        coverage = (sys.executable, "-m", "coverage")
        tests = [path for path in TESTS if (ROOT / path).exists()]
        done = subprocess.run(
            [*coverage, "run", "--branch", source, "-m", "pytest", "-q", "--no-header", *tests],
            cwd=ROOT,
            env=environment,
            check=False,
        )
        if done.returncode != 0:
            raise click.ClickException("a test failed: nothing is measured")
        subprocess.run([*coverage, "combine", "--quiet"], cwd=ROOT, env=environment, check=True)
        answer = Path(folder) / "coverage.json"
        subprocess.run(
            [*coverage, "json", "--quiet", "-o", str(answer)], cwd=ROOT, env=environment, check=True
        )
        report: Mapping[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
        return report


@click.command(help=__doc__)
@click.option(
    "--bar", default=95.0, show_default=True, help="Percent of branches that each stage must reach."
)
def main(bar: float) -> None:
    report = run_tests()
    below = 0
    for stage in STAGES:
        share = measure(stage, report)
        click.echo(f"{stage:10} {share.percent:6.2f} % of {share.all} branches")
        if share.percent < bar:
            below += 1
            for name, missing in share.files[:10]:
                click.echo(f"           {name}: {missing} not taken")
    if below:
        raise click.ClickException(
            f"{below} of {len(STAGES)} stages are below {bar:g} % of branches; "
            "`coverage run --branch -m pytest tests/unit && coverage report -m` names the lines"
        )


if __name__ == "__main__":
    main()
