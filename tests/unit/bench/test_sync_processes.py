from __future__ import annotations

import os

import pytest

from scripts.bench.sync.processes import forget_peak, parse_peak, parse_ticks, read_peak, read_processor_time


def test_processor_time_is_read_behind_a_name_with_blanks_and_brackets() -> None:
    rest = " ".join(str(number) for number in range(3, 53))
    assert parse_ticks(f"42 (a (strange) name) {rest}") == 14 + 15


def test_the_peak_is_told_in_mib() -> None:
    assert parse_peak("Name:\tmodelsync\nVmPeak:\t 9999 kB\nVmHWM:\t    2048 kB\n") == 2.0


def test_a_status_without_a_peak_is_an_error() -> None:
    with pytest.raises(ValueError, match="VmHWM"):
        parse_peak("Name:\tmodelsync\n")


def test_a_process_that_worked_has_spent_time_and_memory() -> None:
    before = read_processor_time(os.getpid())
    while read_processor_time(os.getpid()) == before:
        sum(range(100_000))
    assert read_peak(os.getpid()) > 1


def test_a_peak_that_is_forgotten_begins_anew() -> None:
    held = bytearray(os.urandom(1 << 20) * 64)
    high = read_peak(os.getpid())
    del held
    forget_peak(os.getpid())
    assert read_peak(os.getpid()) < high - 32
