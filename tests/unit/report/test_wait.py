"""What CI reads at the end of a wait, and what is shown meanwhile."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO

from reconciler.cli.waiting import show_waiting
from reconciler.report.text_wait import show_json, show_wait
from reconciler.state.outcomes import Outcome
from reconciler.state.shares import Share
from reconciler.state.waits import Waited
from tests.unit.report.golden import check_golden

SHARES = (
    Share(predictor="v3", version="v3", shadow=False, percent=90),
    Share(predictor="v5", version="v5", shadow=False, percent=10),
)
SERVED = Waited(
    name="production/wines",
    revision="main@sha1:4be2a91",
    outcome=Outcome.DONE,
    shares=SHARES,
    seconds=41.2,
    requests=12,
)


def ended(outcome: Outcome, reason: str) -> Waited:
    return Waited(
        name="production/wines",
        revision="main@sha1:4be2a91",
        outcome=outcome,
        reason=reason,
        shares=SHARES[:1],
        seconds=600,
        requests=120,
    )


def test_every_end() -> None:
    overtaken = Waited(
        name="production/wines",
        revision="main@sha1:77ad03e",
        outcome=Outcome.DONE,
        overtaken="main@sha1:4be2a91",
        seconds=5,
        requests=1,
    )
    ends = (
        SERVED,
        overtaken,
        ended(Outcome.UNHEALTHY, "SeldonDeployment/wines is Failed: v5: image\x1b[31m pull"),
        ended(Outcome.REFUSED, "9 of 12 objects of production would be deleted"),
        ended(Outcome.FINDINGS, "SeldonDeployment/wines: 13 brings bad luck"),
        ended(Outcome.UNDECIDED, "no run has taken it up yet; the last one was about main@sha1:77ad03e"),
    )
    check_golden("wait.txt", "\n\n".join(show_wait(end) for end in ends))


def test_programs_read_the_same() -> None:
    check_golden("wait.json", show_json(ended(Outcome.UNHEALTHY, "SeldonDeployment/wines is Failed\x1b[31m")))
    gone = replace(SERVED, shares=(), overtaken="main@sha1:77ad03e")
    told = json.loads(show_json(gone))
    assert (told["declared"], told["overtaken"], told["reason"], told["outcome"]) == (
        [],
        "main@sha1:77ad03e",
        None,
        0,
    )


class Terminal(StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


class Ticks:
    """Time that goes on by a second each time that somebody looks."""

    def __init__(self) -> None:
        self.time = -1.0

    def __call__(self) -> float:
        self.time += 1.0
        return self.time


def test_elsewhere_each_new_word_is_a_line() -> None:
    stream = StringIO()
    with show_waiting(stream, Ticks()) as tell:
        for text in ("no run yet", "no run yet", "v5 is\x1b starting", "no run yet"):
            tell(text)
    assert stream.getvalue() == "no run yet\nv5 is  starting\nno run yet\n"


def test_on_a_terminal_one_line_changes_and_goes() -> None:
    stream = Terminal()
    with show_waiting(stream, Ticks()) as tell:
        tell("no run has taken it up")
        tell("starting")
    first, second, blank, last = stream.getvalue().split("\r")[1:]
    assert first == "1 s: no run has taken it up"
    assert second.rstrip() == "2 s: starting"
    assert len(second) == len(first)
    assert (blank.strip(), last) == ("", "")


def test_nothing_is_shown_where_nothing_was_waited_for() -> None:
    stream = Terminal()
    with show_waiting(stream, Ticks()):
        pass
    assert stream.getvalue() == ""
