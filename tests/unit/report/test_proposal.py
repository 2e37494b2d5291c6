"""The text of a pull request that an edit opens."""

from __future__ import annotations

from reconciler.report.proposal import show_proposal
from reconciler.state.documents import Location
from reconciler.state.findings import Finding, Grade


def find(number: int, message: str = "v5 served 2 h in staging, of 24 h.") -> Finding:
    return Finding(
        rule="soak",
        grade=Grade.SOFT,
        location=Location(file="environments/production/deployments/wines.yaml", line=number, column=5),
        message=message,
        advice="Wait, or: modelsync waive soak production/wines",
    )


def test_it_says_what_is_done_what_speaks_for_it_what_the_rules_say_and_the_plan() -> None:
    assert show_proposal(
        ["production/wines: v5 joins at 10 %."], ["wines v5: run 4711", "  rmse      0.75"], [find(4)], []
    ) == (
        "production/wines: v5 joins at 10 %.\n\n"
        "```text\nwines v5: run 4711\n  rmse      0.75\n```\n\n"
        "**The rules say**\n\n"
        "```text\n"
        "environments/production/deployments/wines.yaml:4:5: error soak\n"
        "  v5 served 2 h in staging, of 24 h.\n"
        "  Wait, or: modelsync waive soak production/wines\n"
        "```\n\n"
        "**The plan**, against the work tree that it was made in\n\n"
        "No environment changes.\n"
    )


def test_where_nothing_speaks_for_it_and_no_rule_against_it_there_is_the_plan() -> None:
    assert show_proposal(["staging: nothing changes."], [], [], []) == (
        "staging: nothing changes.\n\n"
        "**The plan**, against the work tree that it was made in\n\nNo environment changes.\n"
    )


def test_what_people_wrote_can_neither_format_nor_ping() -> None:
    note = 'staging/wines: automation skips v2 ("@everyone <img src=x> [a](https://b) `c`").'
    body = show_proposal([note], ["run ``` @everyone"], [find(4, "```\n# Approved")], [])

    assert "@everyone <" not in body
    assert "<img" not in body
    assert "[a](" not in body
    # Its fence is longer than any run of backticks within.
    assert "````text\nrun ``` @everyone\n````\n" in body
    assert "````text\nenvironments" in body


def test_what_does_not_fit_is_said_to_be_left_out() -> None:
    body = show_proposal(["x"], ["y" * 100] * 1_000, [find(line) for line in range(1, 2_000)], [])

    assert len(body) < 60_000
    assert "850 more lines are left out.\n" in body
    assert body.count(" more lines are left out.\n") == 2
    assert body.endswith("No environment changes.\n")
