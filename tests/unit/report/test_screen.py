"""What others write must not steer the terminal of whoever reads it."""

from __future__ import annotations

from dataclasses import replace

from reconciler.report.screen import clean_screen
from reconciler.report.text_emergency import show_ended, show_rollback
from reconciler.report.text_run import show_run
from reconciler.state.outcomes import Outcome
from reconciler.state.runs import Run, TargetRun
from tests.support.worlds import REVISION, TARGET
from tests.unit.report.test_text_emergency import MARK, ROLLBACK

_CLEAR = "\x1b[2Jall is well\r"


def test_what_can_be_seen_stays_as_it_is() -> None:
    assert clean_screen("v3 → 90 %\n  …\n") == "v3 → 90 %\n  …\n"


def test_what_steers_a_terminal_is_left_out_wherever_it_comes_from() -> None:
    run = TargetRun(target=TARGET, revision=REVISION, outcome=Outcome.UNDECIDED, message=_CLEAR)
    mark = replace(MARK, reason=_CLEAR, by=_CLEAR)

    for shown in (
        show_run(Run(revision=REVISION, targets=(run,))),
        show_rollback(replace(ROLLBACK, mark=mark)),
        show_ended("production/wines", mark),
    ):
        assert " [2Jall is well " in shown
        assert "\x1b" not in shown
        assert "\r" not in shown
