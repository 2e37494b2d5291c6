"""What spans of time are measured by."""

from __future__ import annotations

import time
from types import SimpleNamespace

from reconciler.apply.clock import SystemClock, choose_measure


def test_spans_hold_what_the_machine_slept_where_the_platform_can_tell() -> None:
    linux = SimpleNamespace(CLOCK_MONOTONIC=1, CLOCK_BOOTTIME=7)
    assert choose_measure(linux) == 7


def test_else_they_are_measured_by_the_clock_that_never_goes_back() -> None:
    assert choose_measure(SimpleNamespace(CLOCK_MONOTONIC=1)) == time.CLOCK_MONOTONIC


def test_the_machine_is_asked_for_that_clock() -> None:
    clock = SystemClock()
    before = time.clock_gettime(choose_measure())
    measured = clock.monotonic()
    assert before <= measured <= time.clock_gettime(choose_measure())
