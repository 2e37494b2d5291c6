"""What a pull request's own job wrote keeps its words and loses its effects; what we wrote stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.report.comment_foreign import MOST, neutralise, read_head, read_verdict
from reconciler.state.reviews import Verdict

GOLDEN = sorted((Path(__file__).resolve().parents[2] / "golden").glob("*/comment.md"))
HEAD = "4be2a91" + "0" * 33
Q = "\u200b"


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.parent.name)
def test_our_own_comments_stay_as_they_are(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert neutralise(text) == text


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.parent.name)
def test_what_is_harmless_already_stays_so(file: Path) -> None:
    hostile = file.read_text(encoding="utf-8").replace("production", "@all [x](http://y) <b> `")
    once = neutralise(hostile)
    assert neutralise(once) == once


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("ping @all", f"ping @{Q}all"),
        ("\\@all", f"\\@{Q}all"),
        ("&#64;all", f"&amp;#{Q}64;all"),
        ("closes #1 and gh-2", f"closes #{Q}1 and gh-{Q}2"),
        ("gh\\-2", f"gh{Q}\\-2"),
        ("https://evil.example", f"https:{Q}//evil.example"),
        ("https:\\/\\/evil.example", f"https:{Q}\\/\\/evil.example"),
        ("WWW.evil.example", f"WWW{Q}.evil.example"),
        ("[a](b)", "\\[a\\](b)"),
        ("\\\\[a](b)", "\\\\\\[a\\](b)"),
        ("![pixel](x)", "!\\[pixel\\](x)"),
        ("<img src=x>", "&lt;img src=x>"),
        ("<!-- gone", "&lt;!-- gone"),
        ("> [!NOTE]", "> \\[!NOTE\\]"),
        ("~~gone~~ $x$", "\\~\\~gone\\~\\~ \\$x\\$"),
        ("a\u202eb\x1b[31m\x00", "a�b�\\[31m�"),
    ],
)
def test_effects_of_a_line_are_lost(given: str, shown: str) -> None:
    assert neutralise(given) == shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        # A code span is kept; nothing in it has an effect.
        ("`@wine-team`", "`@wine-team`"),
        # These are none: the first ends in the next line, the second at the border of a cell.
        ("a ` b\n` @all `", "a \\` b\n` @all `"),
        ("| `x | @all` |", f"| \\`x | @{Q}all\\` |"),
        ("`x\\` @all `", f"\\`x\\` @{Q}all \\`"),
        ("`x\\\\| @all`", f"\\`x\\\\| @{Q}all\\`"),
        ("\\`@all\\`", f"\\`@{Q}all\\`"),
        ("``@all``", f"''@{Q}all''"),
    ],
)
def test_only_what_every_reader_takes_for_a_code_span_is_one(given: str, shown: str) -> None:
    assert neutralise(given) == shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("```diff\n@in\n```\n@out", f"```diff\n@in\n```\n@{Q}out"),
        ("````\n```\n@in\n````", "````\n```\n@in\n````"),
        ("```text\n@in", "```text\n@in\n```"),
        ("```\n@in\n  ```  \n@out", f"```\n@in\n  ```  \n@{Q}out"),
        # Blocks that end where a list item or a quote ends, or that others do not read as blocks.
        ("- a\n  ```\n@out", f"- a\n  '''\n@{Q}out"),
        ("> ```\n@out", f"> '''\n@{Q}out"),
        ("```js onload\n@out", f"'''js onload\n@{Q}out"),
        ("~~~\n@out", f"\\~\\~\\~\n@{Q}out"),
        ("a\r```\n@in", "a\n```\n@in\n```"),
    ],
)
def test_only_what_every_reader_takes_for_a_code_block_is_one(given: str, shown: str) -> None:
    assert neutralise(given) == shown


def test_a_fold_ends_and_what_follows_it_is_no_html() -> None:
    assert neutralise("<details><summary>`@all`</summary>\n```\n@in") == (
        f"<details><summary>`@{Q}all`</summary>\n\n```\n@in\n```\n\n</details>"
    )
    assert neutralise(" <details>\n</details><b>") == " &lt;details>\n&lt;/details>&lt;b>"


def test_a_marker_is_one_in_the_first_line_only() -> None:
    marker = f"<!-- modelsync:plan head={HEAD} -->"
    assert neutralise(f"{marker}\n{marker}") == f"{marker}\n&lt;!-- modelsync:plan head={HEAD} -->"
    assert neutralise("<!-- modelsync:plan head=x --> <b>") == "&lt;!-- modelsync:plan head=x --> &lt;b>"


@pytest.mark.parametrize("line", ["@" * 99, "<" * 99, "`" * 99, "```text", "<details><summary>x</summary>"])
def test_a_long_text_is_cut_at_a_line_and_says_so(line: str) -> None:
    shown = neutralise("<details><summary>all</summary>\n\n" + f"{line}\n" * 20_000)
    assert len(shown) <= MOST
    assert shown.rstrip().endswith("more lines left out.")
    assert shown.count("<details>") == shown.count("</details>") == 1


def test_one_line_without_end_is_left_out() -> None:
    assert neutralise("x" * 500_000).strip() == "1 more line left out."


@pytest.mark.parametrize(
    ("text", "head", "verdict"),
    [
        (f"<!-- modelsync:plan head={HEAD} -->\n### ✅ pass: x\n", HEAD, Verdict.PASS),
        (f"<!-- modelsync:plan head={HEAD} -->\n### ❌ fail: x\n", HEAD, Verdict.FAIL),
        ("<!-- modelsync:plan head=none -->\n### ❓ unverified: x\n", "", Verdict.UNVERIFIED),
        ("### ✅ pass: x\n", "", None),
        (f"x\n<!-- modelsync:plan head={HEAD} -->\n", "", None),
        (f"<!-- modelsync:plan head={HEAD} -->\n\n### ✅ pass: x\n", HEAD, None),
    ],
)
def test_head_and_verdict_stand_in_their_places(text: str, head: str, verdict: Verdict | None) -> None:
    assert (read_head(text), read_verdict(text)) == (head, verdict)
