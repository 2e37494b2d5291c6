"""`make bench`: what modelsync takes of time and memory, beside programs that do the same or a part of it.

It measures and reports; it never fails because of a number. How to read it: scripts/bench/README.md.
"""

from __future__ import annotations

import compileall
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from scripts.bench.gateway import measure_gateway
from scripts.bench.latency import describe_cost, show_cost
from scripts.bench.measure import BenchError, Task, measure_all
from scripts.bench.peers import (
    ROOT,
    help_command,
    install_peers,
    schema_commands,
    yamllint_command,
)
from scripts.bench.repository import Size, generate
from scripts.bench.review.part import compare, measure_review, show_verdict
from scripts.bench.sync.bars import judge
from scripts.bench.sync.parts import Part, measure_sync
from scripts.bench.sync.table import describe_rows as describe_sync_rows
from scripts.bench.sync.table import show_rows, show_verdicts
from scripts.bench.sync.uses import build_rows as build_sync_rows
from scripts.bench.table import OURS, Row, build_rows, describe_rows, show_json, show_table

VALIDATE, REVIEW, GATEWAY = "validate", "review", "gateway"
PARTS = (VALIDATE, REVIEW, *(part.value for part in Part), GATEWAY)


@click.command(help=__doc__)
@click.option(
    "--part",
    "chosen",
    type=click.Choice(PARTS),
    multiple=True,
    default=PARTS,
    show_default="all",
    help="Measure this part alone; may be given several times.",
)
@click.option("--rounds", type=click.IntRange(min=1), default=5, show_default=True)
@click.option(
    "--objects",
    type=click.IntRange(min=5),
    multiple=True,
    default=(500, 1000),
    show_default=True,
    help="How many SeldonDeployments the part sync has; may be given several times.",
)
@click.option(
    "--json", "target", type=click.Path(dir_okay=False, path_type=Path), help="Write the numbers here."
)
def main(chosen: tuple[str, ...], rounds: int, objects: tuple[int, ...], target: Path | None) -> None:
    def tell(line: str) -> None:
        click.echo(f"bench: {line}", err=True)

    click.echo(f"Python {platform.python_version()}, {os.cpu_count()} processors, rounds: {rounds}")
    report: dict[str, Any] = {}
    # As an installation does; a checkout has no bytecode where Python may not write any.
    compileall.compile_dir(ROOT / "reconciler", quiet=1)
    try:
        if VALIDATE in chosen:
            rows = measure_validate(rounds, tell)
            click.echo(f"\n{show_table(rows)}")
            report |= describe_rows(rows)
        if REVIEW in chosen:
            rows = measure_review(rounds, tell)
            click.echo(f"\n{show_table(rows)}\n{show_verdict(rows)}")
            report["review"] = {**describe_rows(rows), "ratios": dict(compare(rows))}
        if parts := [part for part in Part if part.value in chosen]:
            sync_rows = build_sync_rows(measure_sync(parts, objects=objects, rounds=rounds, tell=tell))
            verdicts = judge(sync_rows, objects=objects[0])
            click.echo(f"\n{show_rows(sync_rows)}\n\n{show_verdicts(verdicts)}")
            report["sync"] = describe_sync_rows(sync_rows, verdicts)
        if GATEWAY in chosen:
            cost = measure_gateway(rounds, tell)
            click.echo(f"\n{show_cost(cost)}")
            report["gateway"] = describe_cost(cost)
    except BenchError as error:
        raise click.ClickException(str(error)) from error
    if target is not None:
        machine = {
            "python": platform.python_version(),
            "processors": os.cpu_count(),
            "system": platform.system(),
        }
        target.write_text(f"{show_json(report, rounds, machine)}\n", encoding="utf-8")
        click.echo(f"\nwrote {target}", err=True)


def measure_validate(rounds: int, tell: Callable[[str], None]) -> tuple[Row, ...]:
    """Validation and the way to `--help`, beside what reads the same files."""
    with tempfile.TemporaryDirectory(prefix="modelsync-bench-") as folder:
        size = Size()
        lay_out(Path(folder), generate(size))
        return build_rows(measure_all(list_tasks(Path(folder), size, install_peers()), rounds, tell))


def lay_out(folder: Path, files: Mapping[str, str]) -> None:
    """Write files, by their paths in `folder`."""
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def list_tasks(large: Path, size: Size, python: Path) -> tuple[Task, ...]:
    """What is measured: validation of the large repository and of this one, and the way to `--help`."""
    ours = str(Path(sys.executable).with_name("modelsync"))
    tasks = []
    for subject, folder, seconds, mib in (
        (f"validate: {size}", large, 2.0, 150.0),
        ("validate: this repository", ROOT, None, None),
    ):
        tasks += [
            Task(
                name=OURS,
                subject=subject,
                folder=folder,
                commands=((ours, "validate"),),
                bar_seconds=seconds,
                bar_mib=mib,
            ),
            Task(
                name="check-jsonschema",
                subject=subject,
                folder=folder,
                commands=schema_commands(python, folder),
            ),
            Task(name="yamllint", subject=subject, folder=folder, commands=(yamllint_command(python),)),
        ]
    tasks += [
        Task(name=OURS, subject="--help", folder=large, commands=((ours, "--help"),), bar_seconds=0.5),
        Task(name="check-jsonschema", subject="--help", folder=large, commands=(help_command(python),)),
    ]
    return tuple(tasks)


if __name__ == "__main__":
    main()
