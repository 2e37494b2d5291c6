"""What is measured is checked to have gone well; how long it took is no test's business."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts.bench.measure import BenchError, Task, measure, measure_all


def make_task(folder: Path, *programs: str, code: int = 0) -> Task:
    commands = tuple((sys.executable, "-S", "-c", program) for program in programs)
    return Task(name="python", subject="nothing", folder=folder, commands=commands, code=code)


def test_peak_is_that_of_the_largest_process_and_not_of_the_one_that_measures(tmp_path: Path) -> None:
    small = measure(make_task(tmp_path, "pass"))
    large = measure(make_task(tmp_path, "pass", "x = bytearray(64 * 1024 * 1024)", "pass"))
    assert large.mib - small.mib == pytest.approx(64, abs=16)


def test_runs_in_the_folder_and_counts_no_warm_up(tmp_path: Path) -> None:
    task = make_task(tmp_path, "open('runs', 'a').write('.')")
    samples = measure_all((task,), 3, lambda _: None)
    assert (tmp_path / "runs").read_text() == "...."
    assert len(samples[task]) == 3


def test_another_exit_code_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(
        BenchError, match=r"it ended with 3 where 0 means that all went well(.|\n)*no such thing"
    ):
        measure(make_task(tmp_path, "import sys; print('no such thing'); sys.exit(3)"))
    assert measure(make_task(tmp_path, "raise SystemExit(3)", code=3)).seconds > 0


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    task = Task(name="ghost", subject="nothing", folder=tmp_path, commands=(("/no/such/program",),))
    with pytest.raises(BenchError, match="ghost: it could not be started"):
        measure(task)
