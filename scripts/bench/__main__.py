"""`make bench`: how long modelsync takes and how much memory, beside programs that do a part of the same.

It measures and reports; it never fails because of a number. How to read it: scripts/bench/README.md.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import click

from scripts.bench.gateway import measure_gateway
from scripts.bench.latency import show_cost
from scripts.bench.measure import BenchError, Task, measure_all
from scripts.bench.peers import (
    ROOT,
    help_command,
    install_peers,
    schema_commands,
    yamllint_command,
)
from scripts.bench.repository import Size, generate
from scripts.bench.table import OURS, build_rows, show_json, show_table


@click.command(help=__doc__)
@click.option("--rounds", type=click.IntRange(min=1), default=5, show_default=True)
@click.option(
    "--json", "target", type=click.Path(dir_okay=False, path_type=Path), help="Write the numbers here."
)
@click.option(
    "--gateway/--no-gateway",
    "with_gateway",
    default=True,
    show_default=True,
    help="Measure the ingress gateway, too (its programs are built at the first time).",
)
def main(rounds: int, target: Path | None, with_gateway: bool) -> None:
    def tell(line: str) -> None:
        click.echo(f"bench: {line}", err=True)

    try:
        with tempfile.TemporaryDirectory(prefix="modelsync-bench-") as folder:
            size = Size()
            lay_out(Path(folder), generate(size))
            tasks = list_tasks(Path(folder), size, install_peers())
            samples = measure_all(tasks, rounds, tell)
        cost = measure_gateway(rounds, tell) if with_gateway else None
    except BenchError as error:
        raise click.ClickException(str(error)) from error
    rows = build_rows(samples)
    click.echo(f"Python {platform.python_version()}, {os.cpu_count()} processors, rounds: {rounds}\n")
    click.echo(show_table(rows))
    if cost is not None:
        click.echo(f"\n{show_cost(cost)}")
    if target is not None:
        machine = {
            "python": platform.python_version(),
            "processors": os.cpu_count(),
            "system": platform.system(),
        }
        target.write_text(f"{show_json(rows, rounds, machine, cost)}\n", encoding="utf-8")
        click.echo(f"\nwrote {target}", err=True)


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
