from __future__ import annotations

from collections.abc import Mapping

import pytest

from scripts.bench.sync.bars import judge
from scripts.bench.sync.table import describe_rows, show_rows, show_verdicts
from scripts.bench.sync.uses import (
    FLUX,
    KUBECTL,
    KUBECTL_DIFF,
    LIMIT,
    OURS,
    Row,
    Step,
    Subject,
    Use,
    build_rows,
)


def use(
    seconds: float,
    *,
    server: float = 1.0,
    mib: float = 50,
    requests: Mapping[str, int] | None = None,
    applying: float | None = None,
) -> Use:
    return Use(
        seconds=seconds,
        client=seconds / 2,
        server=server,
        mib=mib,
        requests={"list": 10} if requests is None else requests,
        applying=applying,
    )


def on(step: Step, objects: int = 500, latency: int = 0) -> Subject:
    return Subject(objects=objects, step=step, latency=latency)


def rows_of(uses: Mapping[tuple[Subject, str], Use]) -> tuple[Row, ...]:
    return build_rows({key: (one,) for key, one in uses.items()})


def test_rows_hold_medians_and_the_requests_of_the_run_in_the_middle() -> None:
    runs = (use(1.0, requests={"get": 1}), use(9.0, requests={"get": 7}), use(2.0, requests={"get": 3}))
    (row,) = build_rows({(on(Step.NOOP), OURS): runs})
    assert (row.seconds, row.fastest, row.slowest, row.client) == (2.0, 1.0, 9.0, 1.0)
    assert (row.runs, row.asked, row.requests) == (3, 3, {"get": 3})


def test_ratios_are_to_modelsync_on_the_same_subject() -> None:
    ours, peer = rows_of(
        {(on(Step.NOOP), OURS): use(0.5, server=0.1), (on(Step.NOOP), KUBECTL): use(2.5, server=2.0)}
    )
    assert (ours.ratio_seconds, peer.ratio_seconds, peer.ratio_server) == (1.0, 5.0, 20.0)


def test_where_modelsync_has_nothing_to_be_compared_with_there_is_no_ratio() -> None:
    (row,) = rows_of({(on(Step.LIST), f"{LIMIT}: one list"): use(0.1)})
    assert (row.ratio_seconds, row.ratio_server) == (None, None)


def test_no_ticks_at_all_give_no_ratio() -> None:
    _, peer = rows_of({(on(Step.NOOP), OURS): use(0.5, server=0.0), (on(Step.NOOP), KUBECTL): use(2.5)})
    assert peer.ratio_server is None


NOOP = {
    (on(Step.NOOP), OURS): use(0.5, server=0.1),
    (on(Step.NOOP), KUBECTL): use(2.5, server=2.0),
    (on(Step.NOOP, 5000), OURS): use(1.0),
    (on(Step.NOOP, 5000), KUBECTL): use(25.0),
    (on(Step.NOOP, latency=50), OURS): use(1.0),
    (on(Step.NOOP, latency=50), KUBECTL): use(25.0),
}
FIRST = {
    (on(Step.FIRST), OURS): use(4.0, applying=3.0),
    (on(Step.FIRST), LIMIT): use(2.5),
    (on(Step.FIRST), KUBECTL): use(4.0),
    (on(Step.FIRST), FLUX): use(8.0),
    (on(Step.PLAN), OURS): use(1.0),
    (on(Step.PLAN), KUBECTL_DIFF): use(5.0),
    (on(Step.PRUNE), OURS): use(1.0),
    (on(Step.PRUNE), FLUX): use(2.0),
}


def test_every_promise_of_a_quiet_run_is_judged() -> None:
    verdicts = judge(rows_of(NOOP))
    assert [(verdict.measured, verdict.bar, verdict.kept) for verdict in verdicts] == [
        (10, 15, True),
        (0, 0, True),
        (0.05, 0.1, True),
        (5.0, 4.0, True),
        (25.0, 15.0, True),
        (25.0, 20.0, True),
        # Twice the time for ten times the objects.
        (0.2, 1.0, True),
    ]


def test_every_promise_of_a_first_apply_a_plan_and_a_prune_is_judged() -> None:
    verdicts = judge(rows_of(FIRST))
    assert [(verdict.measured, verdict.bar, verdict.kept) for verdict in verdicts] == [
        (1.2, 1.33, True),
        (1.0, 1.25, True),
        (2.0, 1.7, True),
        (5.0, 4.0, True),
        (2.0, 1.0, True),
    ]


@pytest.mark.parametrize(
    ("changed", "promise"),
    [
        ({(on(Step.NOOP), OURS): use(0.5, server=0.1, requests={"get": 16})}, "API requests"),
        ({(on(Step.NOOP), OURS): use(0.5, server=0.1, requests={"patch": 1})}, "writes"),
        ({(on(Step.NOOP), OURS): use(0.5, server=0.3)}, "CPU in the API server"),
        ({(on(Step.NOOP), OURS): use(0.7, server=0.1)}, "500 objects: no-op: faster"),
        ({(on(Step.NOOP, 5000), OURS): use(2.0)}, "5000 objects: no-op: faster"),
        ({(on(Step.NOOP, latency=50), OURS): use(1.3)}, "50 ms latency: faster"),
    ],
)
def test_a_promise_that_is_not_kept_is_named(
    changed: Mapping[tuple[Subject, str], Use], promise: str
) -> None:
    (broken,) = (verdict for verdict in judge(rows_of({**NOOP, **changed})) if not verdict.kept)
    assert promise in broken.promise
    assert show_verdicts([broken]).endswith("NOT KEPT")


def test_memory_is_judged_by_the_worst_sync() -> None:
    rows = rows_of(
        {
            (on(Step.FIRST, 10_000), OURS): use(90.0, mib=401),
            (on(Step.NOOP, 10_000), OURS): use(9.0, mib=300),
            (on(Step.FIRST, 1000), OURS): use(9.0, mib=119),
        }
    )
    assert [(verdict.measured, verdict.kept) for verdict in judge(rows)] == [(119, True), (401, False)]


def test_time_may_not_grow_faster_than_the_objects() -> None:
    rows = rows_of({(on(Step.FIRST), OURS): use(1.0), (on(Step.FIRST, 5000), OURS): use(11.0)})
    (verdict,) = judge(rows)
    assert not verdict.kept
    assert verdict.measured == pytest.approx(1.1)


def test_what_was_not_measured_is_not_judged() -> None:
    assert judge(rows_of({(on(Step.NOOP), KUBECTL): use(1.0)})) == ()


def test_the_table_has_a_line_for_each_subject_and_program() -> None:
    lines = show_rows(
        rows_of(
            {
                (on(Step.FIRST), OURS): use(4.0, requests={"patch": 2, "patch, dry-run": 2}, applying=3.0),
                (on(Step.FIRST), LIMIT): use(2.0),
                (on(Step.NOOP, latency=50), OURS): use(1.0),
            }
        )
    ).splitlines()
    assert lines[1] == "500 objects: first apply"
    assert lines[2].endswith("4 (2 patch; 2 patch, dry-run); rehearsed and written in 3.00 s")
    assert lines[3].startswith("  limit ")
    assert lines[4] == "500 objects: no-op, 50 ms latency"


def test_json_holds_rows_and_bars() -> None:
    rows = rows_of(FIRST)
    data = describe_rows(rows, judge(rows))
    assert data["rows"][0]["subject"] == {"objects": 500, "step": Step.FIRST, "latency": 0}
    assert data["rows"][0]["applying"] == 3.0
    assert [bar["kept"] for bar in data["bars"]] == [True] * 5
