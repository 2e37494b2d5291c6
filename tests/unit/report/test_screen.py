"""What others write must not steer the terminal of whoever reads it."""

from __future__ import annotations

import json
from dataclasses import replace

from reconciler.report.json_text import write_json
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


def test_no_line_is_a_command_to_the_ci_that_prints_it() -> None:
    assert clean_screen("a::b\n  ::error::x\n##[add-mask]y ##vso[task]z # ## a#[1]") == (
        "a::b\n  : :error::x\n# #[add-mask]y # #vso[task]z # ## a#[1]"
    )


def test_json_says_the_same_in_what_can_be_printed() -> None:
    said = {"ü…": "\x1b[31m\u202e\x9b##[add-mask]y\U000e0001", "plain": ["a", 1]}
    shown = write_json(said)
    assert json.loads(shown) == said
    assert "ü…" in shown
    assert shown.replace("\n", "").isprintable()
    assert "##[" not in shown
