"""Which window of requests is compared with routes that changed in between."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from reconciler.pipeline.traffic import choose_window

NOW = datetime(2026, 11, 23, 14, 10, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("ago", "window"),
    [
        (7200, 3600),
        (3690, 3600),
        (3689, 1800),
        (1000, 900),
        (600, 450),
        (203, 112),
        (202, 112),
        (201, None),
        (0, None),
        (-60, None),
    ],
)
def test_it_begins_after_the_routes_settled(ago: int, window: int | None) -> None:
    assert choose_window(NOW - timedelta(seconds=ago), NOW, 3600) == window


def test_routes_of_unknown_age_are_old() -> None:
    assert choose_window(None, NOW, 3600) == 3600


def test_a_window_of_less_than_a_minute_is_never_compared() -> None:
    assert choose_window(None, NOW, 59) is None
