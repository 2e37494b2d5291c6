from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from reconciler.cli.transfer import PlainLines, show_transfers

MIB = 1024 * 1024


def test_elsewhere_than_on_a_terminal_each_quarter_of_a_large_file_is_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with show_transfers() as progress:
        for done in range(0, 101, 5):
            progress("weights.bin", done * MIB, 100 * MIB)
        progress("MLmodel", 1, 1)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [f"weights.bin: {part} % of 105 MB" for part in (25, 50, 75, 100)]


def test_a_file_of_unknown_size_is_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    PlainLines().tell("weights.bin", 1, -1)
    assert capsys.readouterr().err == ""


def test_on_a_terminal_there_is_a_bar_and_results_stay_on_stdout() -> None:
    code = """
from reconciler.cli.transfer import show_transfers
with show_transfers() as progress:
    for done in range(0, 101, 10):
        progress("weights.bin", done * 1024 * 1024, 100 * 1024 * 1024)
    print("result")
"""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm"}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=theirs, env=environment
    ) as process:
        out, _ = process.communicate(timeout=30)
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert out == b"result\n"
    assert "weights.bin" in shown
