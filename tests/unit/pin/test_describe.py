from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.pin.decision import Decision, Mode, Verdict, decide
from reconciler.pin.describe import describe_decision, format_bytes
from tests.unit.pin.building import FACTS, LOGGED_MODEL, a_record
from tests.unit.report.golden import check_golden

PATH = "models/wines/versions/5.yaml"
EARLIER = ("v3", a_record(logged_model=replace(LOGGED_MODEL, metrics={"rmse": 0.811})))
BARE = a_record(
    logged_model=None, run=None, facts=replace(FACTS, run=None), manifest=b"flavors: {custom: {}}"
)
OTHER_EVIDENCE = a_record(logged_model=replace(LOGGED_MODEL, metrics={"rmse": 0.78}))
OTHER_IDENTITY = a_record(facts=replace(FACTS, created="2026-11-22T09:00:00.000Z"))


def test_every_ending_reads_as_reviewed() -> None:
    decisions = (
        (decide(Mode.PIN, None, a_record()), EARLIER),
        (decide(Mode.PIN, None, a_record()), None),
        (decide(Mode.PIN, None, BARE), EARLIER),
        (decide(Mode.PIN, None, a_record()), ("v3", BARE)),
        (decide(Mode.PIN, a_record(), a_record()), None),
        (decide(Mode.CHECK, a_record(), OTHER_EVIDENCE), None),
        (decide(Mode.REFRESH, a_record(), OTHER_EVIDENCE), None),
        (decide(Mode.CHECK, a_record(), OTHER_IDENTITY), None),
        (Decision(verdict=Verdict.REFUSED, reason="the registry says PENDING."), None),
    )
    texts = [describe_decision("wines v5", PATH, decision, earlier) for decision, earlier in decisions]
    check_golden("pin-endings.txt", "\n\n".join(texts) + "\n")


def test_many_metrics_are_cut_and_counted() -> None:
    model = replace(LOGGED_MODEL, metrics={f"m{number}": 1.0 for number in range(9)})
    text = describe_decision("wines v5", PATH, decide(Mode.PIN, None, a_record(logged_model=model)), None)
    assert "m5 1  and 3 more" in text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (14_900, "14.9 kB"),
        (3_200_000_000, "3.2 GB"),
        (10**16, "10000.0 TB"),
    ],
)
def test_sizes_read_as_people_write_them(count: int, text: str) -> None:
    assert format_bytes(count) == text
