"""Durations as people write them on the command line."""

from __future__ import annotations

import pytest

from reconciler.settings import SettingsError, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("0s", 0), ("90s", 90), ("10m", 600), ("2h", 7200), ("7d", 604800)]
)
def test_a_whole_number_and_a_unit(text: str, seconds: int) -> None:
    assert parse_duration(text, "--wait") == seconds


@pytest.mark.parametrize(
    "text", ["", "5", "s", "-5s", "1.5h", " 5s", "5s\n", "5 s", "5w", "٣s", "9" * 500 + "s"]
)
def test_anything_else_is_named_with_its_option(text: str) -> None:
    with pytest.raises(SettingsError, match=r"(?s)^--wait is .*such as 90s, 10m or 2h"):
        parse_duration(text, "--wait")


def test_too_short_for_its_purpose() -> None:
    assert parse_duration("1s", "--lease-duration", least=1) == 1
    with pytest.raises(SettingsError, match='--lease-duration is "0s"; it must be at least 1s'):
        parse_duration("0s", "--lease-duration", least=1)
