"""What people and programs read of a deployment's history."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from reconciler.report.history import show_json, show_text
from reconciler.state.approvals import Approval, Approvals
from reconciler.state.history import (
    DeploymentHistory,
    History,
    MainCommit,
    Origin,
    ServedSpan,
    list_periods,
    measure,
)
from tests.unit.report.golden import check_golden

START = datetime(2026, 11, 1, 8, tzinfo=timezone.utc)
DIGEST = f"sha256:{'5f0c' * 16}"


def span(
    version: int | None,
    share: int,
    first: int,
    last: int | None,
    predictor: str = "",
    *,
    shadow: bool = False,
) -> ServedSpan:
    """A span from so many days after the start to so many."""
    return ServedSpan(
        environment="production",
        deployment="wines",
        model="wines",
        version=version,
        digest=DIGEST if version == 5 else "",
        shadow=shadow,
        share=share,
        since=START + timedelta(days=first),
        until=None if last is None else START + timedelta(days=last),
        revision=f"{first:040x}",
        predictor=predictor or f"v{version}",
    )


def commit(day: int, subject: str) -> MainCommit:
    return MainCommit(
        sha=f"{day:040x}",
        moment=START + timedelta(days=day),
        author="Ada\x1b[31m",
        email="ada@example.com",
        subject=subject,
        merge=True,
    )


HISTORY = History(
    head="f" * 40,
    complete=False,
    spans=(
        span(3, 100, 0, 2),
        span(3, 60, 2, 4),
        span(5, 40, 2, 4),
        span(6, 20, 2, 3, "v6-shadow", shadow=True),
        span(None, 100, 5, None, "blend"),
    ),
    commits=(commit(0, "Serve wines"), commit(2, "Merge v5"), commit(3, "No shadow"), commit(4, "Gone")),
)
DEPLOYMENT = DeploymentHistory(
    name="production/wines",
    revision="main@sha1:" + "f" * 40,
    complete=HISTORY.complete,
    periods=list_periods(HISTORY, "production", "wines"),
    origins=(
        Origin(
            model="wines",
            version=5,
            digest=DIGEST,
            run="8c1f02",
            data="wine-quality (4be2)",
            training="77ad03e",
        ),
    ),
    reviews={f"{2:040x}": ("Reviewed-on: https://git.example.com/3", "Reviewed-by: Bob")},
)
PULL = "https://git.example.com/ml/pulls/3"
ASKED = replace(
    DEPLOYMENT,
    approvals=Approvals(
        by_commit={
            f"{4:040x}": Approval(unknown="the forge at git.example.com answered 502."),
            f"{3:040x}": Approval(
                unknown="the forge knows of no pull request into main that became this commit"
            ),
            f"{2:040x}": Approval(number=3, author="ada", address=PULL, approvers=("bob", "sue")),
            f"{0:040x}": Approval(number=1, address=PULL, uncounted=("eve\x1b[31m",)),
        }
    ),
)


def test_the_history_is_shown_as_it_was_accepted() -> None:
    check_golden("history.txt", show_text(DEPLOYMENT, DEPLOYMENT.periods))
    check_golden("history.json", show_json(DEPLOYMENT, DEPLOYMENT.periods))


def test_approvals_are_shown_as_they_were_accepted() -> None:
    check_golden("approvals.txt", show_text(ASKED, ASKED.periods))
    check_golden("approvals.json", show_json(ASKED, ASKED.periods))


def test_a_time_without_anything_is_said_to_have_nothing() -> None:
    assert "served nothing then" in show_text(DEPLOYMENT, ())


def test_spans_that_come_after_now_measure_nothing() -> None:
    now = START + timedelta(days=3)
    assert measure(HISTORY.spans, now) == timedelta(days=3)
    assert measure((span(3, 100, 5, None),), now) == timedelta()


def test_a_version_is_found_by_its_artifacts_or_else_by_its_number() -> None:
    def days(version: int, digest: str) -> list[int]:
        found = HISTORY.find_version("production", "wines", version, digest)
        return [(one.since - START).days for one in found]

    assert days(9, DIGEST) == [2]
    assert days(5, f"sha256:{'0' * 64}") == []
    assert days(3, "") == [0, 2]
