"""The table of all findings in a step's summary on GitHub."""

from __future__ import annotations

from markdown_it import MarkdownIt

from reconciler.report import step_summary
from reconciler.state.findings import Grade
from tests.unit.report import check_scenes

HOSTILE = (
    "[click](https://evil.example) <img src=x onerror=alert(1)> ![x](y) `code` **bold** | cell\n"
    "| a | row |\n\n# heading\n```\nfence\n</table><script>x</script>&lt; https://evil.example @admin"
)
# What a reader of GitHub's Markdown makes of text, tables, and a heading.
ALLOWED = {"text", "softbreak", "html_inline", "inline"}


def parts_of(shown: str) -> list[tuple[str, str]]:
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(shown)
    return [(part.type, part.content) for token in tokens for part in token.children or ()]


def test_nothing_in_names_and_messages_is_markup() -> None:
    finding = check_scenes.make_finding(HOSTILE, HOSTILE, HOSTILE, file=f"environments/{HOSTILE}.yaml")
    parts = parts_of(step_summary.show_check(check_scenes.make_check(finding)))
    assert {kind for kind, _ in parts} <= ALLOWED
    assert {content for kind, content in parts if kind == "html_inline"} == {"<br>"}


def test_a_message_makes_no_more_rows_or_cells() -> None:
    finding = check_scenes.make_finding("known-keys", HOSTILE, HOSTILE)
    shown = step_summary.show_check(check_scenes.make_check(finding))
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(shown)
    assert sum(token.type == "tr_open" for token in tokens) == 2
    assert sum(token.type == "td_open" for token in tokens) == 4
    assert sum(token.type == "heading_open" for token in tokens) == 2


def test_no_address_becomes_a_link_and_no_name_is_called() -> None:
    shown = step_summary.show_check(check_scenes.make_check(check_scenes.make_finding("known-keys", HOSTILE)))
    assert "://e" not in shown
    assert "@admin" not in shown


def test_the_worst_comes_first() -> None:
    grades = (Grade.ADVISORY, Grade.SOFT, Grade.HARD)
    findings = [check_scenes.make_finding("names-fit", grade.value, grade=grade) for grade in grades]
    rows = step_summary.show_check(check_scenes.make_check(*findings)).splitlines()[-3:]
    assert [row.split(" | ")[0] for row in rows] == ["| hard", "| soft", "| advisory"]


def test_rows_that_do_not_fit_are_counted() -> None:
    findings = [
        check_scenes.make_finding("names-fit", f"production/m{index}: 名 is too long", line=index + 1)
        for index in range(30_000)
    ]
    shown = step_summary.show_check(check_scenes.make_check(*findings, undecided=check_scenes.NO_REGISTRY))
    rows = shown.count("\n| hard | ")
    assert step_summary.LIMIT - 1000 < len(shown.encode()) <= step_summary.LIMIT
    assert f"\n{30_002 - rows} more rows left out; modelsync validate lists them.\n" in shown


def test_where_there_is_no_room_nothing_is_written() -> None:
    assert step_summary.show_check(check_scenes.FAULTY_CHECK, room=100) == ""
