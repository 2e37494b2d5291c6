"""Hours of the week by the clock of a place, also where the clock is put forward or back."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from importlib.resources import files
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.state.exceptions import Weekly
from reconciler.state.hours import find_zone, list_spans

ALL_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def make_weekly(days: tuple[str, ...], start: str, end: str, zone: str = "Europe/Berlin") -> Weekly:
    return Weekly.model_validate({"days": days, "from": start, "to": end, "zone": zone})


def find(weekly: Weekly, moment: str, *, strict: bool = True) -> tuple[str, str] | None:
    """The span that holds a moment, both written in UTC."""
    now = read(moment)
    return next(
        (
            (f"{span.start:%a %d %H:%M}", f"{span.end:%a %d %H:%M}")
            for span in list_spans(weekly, now, strict=strict)
            if span.holds(now)
        ),
        None,
    )


def read(moment: str) -> datetime:
    return datetime.strptime(moment, "%Y-%m-%d %H:%M").replace(tzinfo=timezone.utc)


class TestOrdinaryWeeks:
    NIGHT = make_weekly(("fri",), "18:00", "08:00")

    @pytest.mark.covers("B31")
    def test_a_night_runs_over_midnight_by_the_clock_of_its_place(self) -> None:
        # Berlin is one hour ahead of UTC in winter and two in summer.
        assert find(self.NIGHT, "2026-11-27 17:30") == ("Fri 27 17:00", "Sat 28 07:00")
        assert find(self.NIGHT, "2026-07-03 16:30") == ("Fri 03 16:00", "Sat 04 06:00")

    def test_its_start_belongs_to_it_and_its_end_does_not(self) -> None:
        assert find(self.NIGHT, "2026-11-27 16:59") is None
        assert find(self.NIGHT, "2026-11-27 17:00") is not None
        assert find(self.NIGHT, "2026-11-28 06:59") is not None
        assert find(self.NIGHT, "2026-11-28 07:00") is None

    def test_an_end_on_a_day_is_the_next_such_day(self) -> None:
        weekend = make_weekly(("fri",), "18:00", "mon 08:00")
        for moment in ("2026-11-27 18:00", "2026-11-29 12:00", "2026-11-30 06:59"):
            assert find(weekend, moment) == ("Fri 27 17:00", "Mon 30 07:00")
        assert find(weekend, "2026-11-30 07:00") is None

    def test_the_same_day_and_time_means_a_whole_week(self) -> None:
        assert find(make_weekly(("fri",), "18:00", "fri 18:00", "UTC"), "2026-11-25 12:00") is not None

    def test_days_that_touch_are_one_span(self) -> None:
        always = make_weekly(ALL_DAYS, "00:00", "00:00", "UTC")
        (span,) = list_spans(always, read("2026-11-25 12:00"), strict=True)
        assert span.end - span.start > timedelta(days=14)

    def test_a_zone_far_from_utc_counts_its_own_days(self) -> None:
        # It is Saturday in Auckland while it is still Friday in London.
        assert (
            find(make_weekly(("sat",), "01:00", "05:00", "Pacific/Auckland"), "2026-11-27 13:00") is not None
        )


class TestClocksThatAreMoved:
    """Berlin: at 01:00 UTC on 2026-03-29 02:00 becomes 03:00, on 2026-10-25 03:00 becomes 02:00."""

    @pytest.mark.covers("B31")
    def test_a_start_that_does_not_exist_is_the_jump(self) -> None:
        weekly = make_weekly(("sun",), "02:30", "06:00")
        assert find(weekly, "2026-03-29 01:00") == ("Sun 29 01:00", "Sun 29 04:00")
        assert find(weekly, "2026-03-29 00:59") is None

    def test_an_end_that_does_not_exist_is_the_jump(self) -> None:
        weekly = make_weekly(("sun",), "00:30", "02:30")
        assert find(weekly, "2026-03-29 00:59") == ("Sat 28 23:30", "Sun 29 01:00")
        assert find(weekly, "2026-03-29 01:00") is None

    def test_hours_that_do_not_exist_at_all_are_none(self) -> None:
        weekly = make_weekly(("sun",), "02:10", "02:50")
        assert find(weekly, "2026-03-29 01:00") is None
        assert find(weekly, "2026-03-22 01:20") is not None

    @pytest.mark.covers("B31")
    def test_a_freeze_covers_both_times_of_an_hour_that_comes_twice(self) -> None:
        weekly = make_weekly(("sun",), "02:00", "02:30")
        for moment in ("2026-10-25 00:00", "2026-10-25 01:29"):
            assert find(weekly, moment) == ("Sun 25 00:00", "Sun 25 01:30")
        assert find(weekly, "2026-10-25 01:30") is None

    def test_a_window_opens_with_the_second_and_closes_with_the_first(self) -> None:
        opens = make_weekly(("sun",), "02:30", "06:00")
        assert find(opens, "2026-10-25 00:45", strict=False) is None
        assert find(opens, "2026-10-25 01:45", strict=False) == ("Sun 25 01:30", "Sun 25 05:00")
        closes = make_weekly(("sun",), "00:00", "02:30")
        assert find(closes, "2026-10-25 00:29", strict=False) == ("Sat 24 22:00", "Sun 25 00:30")
        assert find(closes, "2026-10-25 01:15", strict=False) is None

    def test_a_jump_of_half_an_hour_is_found_too(self) -> None:
        # Lord Howe: at 15:30 UTC on 2026-10-03 02:00 becomes 02:30.
        weekly = make_weekly(("sun",), "02:15", "04:00", "Australia/Lord_Howe")
        assert find(weekly, "2026-10-03 15:30") == ("Sat 03 15:30", "Sat 03 17:00")


@given(
    days=st.sets(st.sampled_from(ALL_DAYS), min_size=1).map(tuple),
    start=st.times().map(lambda time: f"{time:%H:%M}"),
    end=st.times().map(lambda time: f"{time:%H:%M}"),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia"]),
    now=st.integers(0, 2 * 365 * 24 * 60).map(
        lambda minutes: read("2026-01-01 00:00") + timedelta(minutes=minutes)
    ),
)
def test_spans_are_apart_in_order_and_a_window_lies_within_the_freeze_of_the_same_hours(
    days: tuple[str, ...], start: str, end: str, zone: str, now: datetime
) -> None:
    weekly = make_weekly(days, start, end, zone)
    frozen, opened = (list_spans(weekly, now, strict=strict) for strict in (True, False))
    for spans in (frozen, opened):
        assert all(span.start < span.end for span in spans)
        assert all(before.end < after.start for before, after in pairwise(spans))
    if any(span.holds(now) for span in opened):
        assert any(span.holds(now) for span in frozen)


_MINUTES = {day: number * 24 * 60 for number, day in enumerate(ALL_DAYS)}
_WEEK = 7 * 24 * 60


@pytest.mark.covers("B31")
@given(
    days=st.sets(st.sampled_from(ALL_DAYS), min_size=1).map(tuple),
    start=st.integers(0, 24 * 60 - 1),
    end=st.integers(0, 24 * 60 - 1),
    last=st.none() | st.sampled_from(ALL_DAYS),
    minute=st.integers(0, 3 * _WEEK),
    strict=st.booleans(),
)
def test_by_a_clock_that_never_jumps_the_week_is_plain_arithmetic(
    days: tuple[str, ...], start: int, end: int, last: str | None, minute: int, *, strict: bool
) -> None:
    to = f"{last} {_show(end)}".removeprefix("None ")
    weekly = make_weekly(days, _show(start), to, "UTC")
    # 2026-11-23 is a Monday.
    now = read("2026-11-23 00:00") + timedelta(minutes=minute)

    def lasts(day: str) -> int:
        if last is None:
            return (end - start) % (24 * 60) or 24 * 60
        return (_MINUTES[last] + end - _MINUTES[day] - start) % _WEEK or _WEEK

    expected = any((minute - _MINUTES[day] - start) % _WEEK < lasts(day) for day in days)
    assert any(span.holds(now) for span in list_spans(weekly, now, strict=strict)) is expected


def _show(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def test_zones_come_with_the_program_where_a_machine_has_none() -> None:
    assert (files("tzdata") / "zoneinfo" / "Europe" / "Berlin").is_file()


@pytest.mark.parametrize("name", ["Europe/Atlantis", "", "..", "/etc/passwd", "Europe"])
def test_what_is_no_zone_is_none(name: str) -> None:
    assert find_zone(name) is None
