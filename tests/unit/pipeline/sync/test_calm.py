"""Moments that declarations name: until the first of them a target may be left alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.pipeline.sync.calm import find_moments
from reconciler.state.documents import Document, Location
from reconciler.state.exceptions import Exceptions
from reconciler.state.repository import Entry, EnvironmentEntry


class _Nowhere:
    """Positions of a document that nobody asks for any."""

    def find(self, path: object, *, key: bool) -> Location:
        return Location(file="")

    def trace(self, location: Location) -> tuple[str | int, ...]:
        return ()


def moments(exceptions: dict[str, Any]) -> set[str]:
    entry = EnvironmentEntry(
        name="production",
        exceptions=Entry(
            document=Document(file="environments/production/exceptions.yaml", value={}, positions=_Nowhere()),
            declaration=Exceptions.model_validate_json(json.dumps(exceptions)),
        ),
    )
    return {moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in find_moments(entry)}


def waiver(until: str, reason: str = "because") -> dict[str, Any]:
    return {"waivers": [{"rule": "soak", "objects": ["production"], "reason": reason, "until": until}]}


@pytest.mark.parametrize(
    ("until", "named"),
    [
        ("2026-11-30T12:00Z", {"2026-11-30T12:00:00Z"}),
        ("2026-11-30T12:00:05Z", {"2026-11-30T12:00:05Z"}),
        ("2026-11-30", {"2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z"}),
        ("9999-12-31", {"9999-12-31T00:00:00Z"}),
        ("2026-02-30", set()),
    ],
)
def test_a_moment_is_itself_and_a_date_its_begin_and_its_end(until: str, named: set[str]) -> None:
    assert moments(waiver(until)) == named


def test_every_exception_counts_and_one_too_many_does_no_harm() -> None:
    suspended = {"deployment": "wines", "reason": "x", "until": "2026-11-24T06:00Z"}
    freeze = {"from": "2026-12-23T00:00Z", "until": "2027-01-02T00:00Z", "reason": "x"}

    found = moments(
        {"suspensions": [suspended], "freezes": [freeze], **waiver("2026-11-25T00:00Z", "2020-01-01")}
    )

    assert found > {
        "2026-11-24T06:00:00Z",
        "2026-12-23T00:00:00Z",
        "2027-01-02T00:00:00Z",
        "2026-11-25T00:00:00Z",
    }


def test_where_there_are_no_exceptions_there_is_no_moment() -> None:
    assert set(find_moments(EnvironmentEntry(name="production"))) == set()
    assert moments({}) == set()
