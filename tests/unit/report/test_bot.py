"""What a run of the registry bot says."""

from __future__ import annotations

import json

from reconciler.report.bot import show_bot, show_closing, show_json
from reconciler.state.bot import BotResult, Word
from reconciler.state.documents import Location
from reconciler.state.findings import Finding, Grade
from reconciler.state.outcomes import Outcome

ADDRESS = "https://git.example.com/ada/models/pulls/1"
OPENED = BotResult(
    id="production/wines", word=Word.OPENED, text="v5 joins at 10 % (alias champion is v5)", address=ADDRESS
)
WELL = BotResult(id="production/prices", word=Word.WELL, text="nothing failed")


def test_a_line_for_each_deployment_and_those_that_are_well_are_counted() -> None:
    assert show_bot((OPENED, WELL, WELL), dry_run=False) == (
        f"production/wines: opened {ADDRESS}: v5 joins at 10 % (alias champion is v5)\n"
        "2 more deployments are well."
    )
    assert show_bot((WELL,), dry_run=False) == "1 deployment is well."


def test_a_dry_run_says_what_would_be() -> None:
    closed = BotResult(id="production/wines", word=Word.CLOSED, text="alias champion is v3")
    assert show_bot((closed,), dry_run=True) == "production/wines: would close: alias champion is v3"
    nothing = BotResult(id="production/wines", word=Word.NOTHING, text="alias champion is v3")
    assert show_bot((nothing,), dry_run=True) == "production/wines: nothing new: alias champion is v3"


def test_findings_stand_below_with_their_place() -> None:
    finding = Finding(
        rule="soak",
        grade=Grade.SOFT,
        location=Location(file="environments/production/deployments/wines.yaml", line=6, column=14),
        message="v5 was not in staging.\nMore of it.",
        advice="Wait.",
    )
    faulty = BotResult(
        id="production/wines",
        word=Word.FAULTY,
        text="not proposed\nfor two reasons",
        outcome=Outcome.FINDINGS,
        findings=(finding,),
    )
    assert show_bot((faulty,), dry_run=False).splitlines() == [
        "production/wines: faulty: not proposed",
        "  for two reasons",
        "  environments/production/deployments/wines.yaml:6:14: error soak: v5 was not in staging.",
    ]


def test_json_is_versioned_and_tells_all_of_each_deployment() -> None:
    finding = Finding(
        rule="soak",
        grade=Grade.SOFT,
        location=Location(file="environments/production/deployments/wines.yaml", line=6, column=14),
        message="v5 was not in staging.",
        advice="Wait.",
    )
    faulty = BotResult(
        id="staging/wines",
        word=Word.FAULTY,
        text="not proposed",
        outcome=Outcome.FINDINGS,
        findings=(finding,),
    )
    assert json.loads(show_json((OPENED, faulty), dry_run=True)) == {
        "apiVersion": "modelsync.dev/bot/v1",
        "dryRun": True,
        "outcome": 1,
        "deployments": [
            {
                "deployment": "production/wines",
                "word": "opened",
                "text": "v5 joins at 10 % (alias champion is v5)",
                "address": ADDRESS,
                "outcome": 0,
                "findings": [],
            },
            {
                "deployment": "staging/wines",
                "word": "faulty",
                "text": "not proposed",
                "address": None,
                "outcome": 1,
                "findings": [
                    {
                        "rule": "soak",
                        "grade": "soft",
                        "message": "v5 was not in staging.",
                        "advice": "Wait.",
                        "file": "environments/production/deployments/wines.yaml",
                        "line": 6,
                        "column": 14,
                    }
                ],
            },
        ],
    }


def test_nothing_from_a_registry_leaves_its_line() -> None:
    evil = BotResult(id="production/wines", word=Word.NOTHING, text="alias \x1b[31mred\x1b[0m\u202eis v5")
    assert show_bot((evil,), dry_run=False) == "production/wines: nothing new: alias �[31mred�[0m�is v5"


def test_the_last_word_of_a_pull_request_pings_and_formats_nothing() -> None:
    said = show_closing("v5 is held (@everyone [look](https://evil.example.com) <img src=x>)")
    assert "@everyone" not in said
    assert "\\[look\\](https:\u200b//evil" in said
    assert "<img" not in said
