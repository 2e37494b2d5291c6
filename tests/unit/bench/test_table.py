from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.bench.measure import Sample, Task
from scripts.bench.table import build_rows, describe_rows, show_json, show_table


def make_task(name: str, bar_seconds: float | None = None, bar_mib: float | None = None) -> Task:
    return Task(
        name=name,
        subject="validate: much",
        folder=Path("/nowhere"),
        commands=(("true",),),
        bar_seconds=bar_seconds,
        bar_mib=bar_mib,
    )


def take(*pairs: tuple[float, float]) -> tuple[Sample, ...]:
    return tuple(Sample(seconds=seconds, mib=mib, cpu=seconds / 2) for seconds, mib in pairs)


OURS = make_task("modelsync", bar_seconds=2.0, bar_mib=150.0)
PEER = make_task("check-jsonschema")
SAMPLES = {OURS: take((1.0, 60), (9.0, 50), (0.5, 55)), PEER: take((4.0, 110), (3.0, 110), (5.0, 110))}


def test_takes_medians_so_that_one_slow_round_does_not_count() -> None:
    ours, peer = build_rows(SAMPLES)
    assert (ours.seconds, ours.fastest, ours.slowest, ours.mib) == (1.0, 0.5, 9.0, 55)
    assert (peer.seconds, peer.mib) == (4.0, 110)


def test_ratios_are_to_modelsync_on_the_same_subject() -> None:
    ours, peer = build_rows(SAMPLES)
    assert (ours.ratio_seconds, ours.ratio_mib) == (1.0, 1.0)
    assert (peer.ratio_seconds, peer.ratio_mib) == (4.0, 2.0)


def test_a_peer_alone_is_compared_with_nothing() -> None:
    with pytest.raises(ValueError, match="check-jsonschema has no modelsync beside it"):
        build_rows({PEER: SAMPLES[PEER]})


@pytest.mark.parametrize(
    ("seconds", "mib", "verdict"),
    [
        (2.0, 150.0, "within 2 s and 150 MiB"),
        (2.1, 150.0, "over 2 s"),
        (2.0, 151.0, "over 150 MiB"),
        (3.0, 200.0, "over 2 s and 150 MiB"),
    ],
)
def test_says_which_bar_is_broken(seconds: float, mib: float, verdict: str) -> None:
    (row,) = build_rows({OURS: take((seconds, mib))})
    assert row.verdict == verdict


def test_a_peer_has_no_bar() -> None:
    assert build_rows(SAMPLES)[1].verdict == ""


def test_the_table_has_a_line_for_each_subject_and_program() -> None:
    own = "  modelsync                      1.00 s      0.50 – 9.00 s    1.0×   0.50 s    55 MiB    1.0×"
    assert show_table(build_rows(SAMPLES)).splitlines()[1:] == [
        "validate: much",
        f"{own}  within 2 s and 150 MiB",
        "  check-jsonschema               4.00 s      3.00 – 5.00 s    4.0×   2.00 s   110 MiB    2.0×",
    ]


def test_json_holds_the_same_numbers() -> None:
    data = json.loads(show_json(describe_rows(build_rows(SAMPLES)), 3, {"processors": 2}))
    assert (data["apiVersion"], data["rounds"], data["machine"]) == (
        "modelsync.dev/bench/v2",
        3,
        {"processors": 2},
    )
    assert data["rows"][1] == {
        "subject": "validate: much",
        "name": "check-jsonschema",
        "seconds": {"median": 4.0, "min": 3.0, "max": 5.0},
        "cpu": 2.0,
        "mib": 110,
        "ratios": {"seconds": 4.0, "mib": 2.0},
        "bars": {"seconds": None, "mib": None},
        "verdict": "",
    }
