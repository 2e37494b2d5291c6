"""What of a comment is read as a request, and what of an event's file as a comment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.pipeline.review.answer import EVENT_BYTES, Asked, Request, parse_request, read_event
from reconciler.report.answer import show_answer
from reconciler.settings import SettingsError

EVENT: dict[str, Any] = {
    "action": "created",
    "issue": {"number": 7, "pull_request": {}},
    "comment": {"id": 1, "body": "/modelsync pin wines v5", "user": {"login": "ada"}},
}


@pytest.mark.parametrize(
    ("body", "request_"),
    [
        ("/modelsync pin wines v5", Request(model="wines", version=5)),
        ("/modelsync pin wines 5", Request(model="wines", version=5)),
        ("/modelsync pin red-wines-2 v12\r\n", Request(model="red-wines-2", version=12)),
    ],
)
def test_one_line_of_one_form_is_a_request(body: str, request_: Request) -> None:
    assert parse_request(body) == request_


@pytest.mark.parametrize(
    "body",
    [
        "/modelsync",
        "/modelsync pin",
        "/modelsync pin wines",
        "/modelsync pin wines champion",
        "/modelsync pin wines v0",
        "/modelsync pin wines v05",
        "/modelsync pin wines vv5",
        "/modelsync pin wines 5 6",
        "/modelsync pin wines v5; id",
        "/modelsync pin wines v5 --refresh",
        "/modelsync pin --help 5",
        "/modelsync pin $(id) v5",
        "/modelsync pin `id` v5",
        "/modelsync pin ../wines v5",
        "/modelsync pin wines/x v5",
        "/modelsync pin Wines v5",
        "/modelsync  pin wines v5",
        "/modelsync\tpin wines v5",
        "/modelsync pin wines ٥",
        "/modelsync pin wines v5\nand thanks",
        "/modelsync pin wines v5\n/modelsync pin wines v6",
        " /modelsync pin wines v5",
        "> /modelsync pin wines v5",
        f"/modelsync pin {'w' * 64} v5",
        f"/modelsync pin wines {'9' * 16}",
        "/modelsync sync production",
        "",
    ],
)
def test_nothing_else_is(body: str) -> None:
    assert parse_request(body) is None


@pytest.mark.parametrize(
    ("body", "is_for_us"),
    [
        ("/modelsync pin wines v5", True),
        ("/modelsync", True),
        ("/modelsync\nplease", True),
        ("/modelsyncs pin", False),
        ("Try /modelsync pin wines v5", False),
        ("> /modelsync pin wines v5", False),
        ("", False),
    ],
)
def test_only_what_begins_as_a_command_is_answered(body: str, is_for_us: bool) -> None:
    assert Asked(number=7, author="ada", body=body).is_for_us is is_for_us


def test_an_event_is_read(tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(EVENT), encoding="utf-8")
    assert read_event(file) == Asked(number=7, author="ada", body="/modelsync pin wines v5")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b"{}",
        json.dumps({**EVENT, "issue": {"number": True}}).encode(),
        json.dumps({**EVENT, "issue": {"number": "7"}}).encode(),
        json.dumps({**EVENT, "comment": {**EVENT["comment"], "user": None}}).encode(),
        json.dumps({**EVENT, "comment": {**EVENT["comment"], "body": None}}).encode(),
        json.dumps({**EVENT, "more": "x" * EVENT_BYTES}).encode(),
    ],
    ids=range(11),
)
def test_what_is_no_event_of_a_comment_is_said_so(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "event.json"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match="is no event of a comment"):
        read_event(file)


def test_a_missing_event_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        read_event(tmp_path / "event.json")


def test_an_answer_has_no_effect_and_is_no_command() -> None:
    shown = show_answer("@ada <b>", ("/modelsync pin wines v5", "```", "@all\nx"))
    assert shown == "@\u200bada &lt;b&gt;\n\n````text\n/modelsync pin wines v5\n```\n@all\nx\n````\n"
    assert not Asked(number=7, author="bot", body=shown).is_for_us


def test_a_long_answer_is_cut() -> None:
    shown = show_answer("Nothing was pinned.", tuple(str(each) for each in range(100)))
    assert "\n59\n… 40 more lines in the log of this run\n" in shown
