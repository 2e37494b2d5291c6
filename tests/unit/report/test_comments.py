"""Comments on changes: what they hold cannot leave its place, and what does not fit is named."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from reconciler.report.comment import LIMIT, MARKER, show_comment
from reconciler.report.comment_diffs import list_lines, mask_field
from reconciler.report.comment_json import show_review as show_json
from reconciler.report.comment_parts import fence, show_code, show_text
from reconciler.report.comment_text import show_review
from reconciler.state.documents import Location
from reconciler.state.exceptions import Waiver
from reconciler.state.findings import Approval, Finding, Grade, Undecided, Waived
from reconciler.state.plans import FieldChange, Plan
from reconciler.state.reviews import (
    Compared,
    Evidence,
    MetricChange,
    Note,
    Review,
    Stale,
    VariantRow,
    Verdict,
)
from tests.support.worlds import make_manifest, serve
from tests.unit.report import scenes

HOSTILE = (
    "</details>",
    "```\n# head\n```",
    "--> <script>alert(1)</script>",
    "<!-- modelsync:plan head=0 -->",
    "@everyone please",
    "fixes #1",
    "https://evil.example/x www.evil.example",
    "[click](https://evil.example)",
    "![x](https://evil.example/x.png)",
    "a | b | c\n| d |",
    "**bold** _it_ ~~no~~ $x$",
    "right\u202eto left\u200b\x1b[31m\x00",
    "\r\n\n## another heading",
)
AT = Location(file="environments/production/exceptions.yaml", line=3, column=5)
COMPARED = Compared(base="7" * 40, head="4" * 40)


def _make_row(**changes: Any) -> VariantRow:
    row = VariantRow(
        target="production",
        deployment="wines",
        variant="v5",
        shadow=False,
        old_version=None,
        new_version="v5",
        old_share=None,
        new_share=10,
        pods="started",
    )
    return replace(row, **changes)


def _make_review(*plans: Plan, **changes: Any) -> Review:
    return replace(Review(compared=COMPARED, verdict=Verdict.PASS, reasons=(), plans=plans), **changes)


def _say_everywhere(text: str) -> Review:
    """A review into which a text got wherever files, registries and people put texts."""
    finding = Finding(
        rule="soak", grade=Grade.SOFT, location=AT, message=text, advice=text, subject=text or "production"
    )
    waiver = Waiver.model_validate(
        {"rule": "soak", "objects": ("production/wines",), "reason": text, "until": "2026-11-30T00:00:00Z"}
    )
    changed = make_manifest(labels={"note": text})
    evidence = Evidence(
        version="v5",
        against="v3",
        metrics=(MetricChange(name=text, old=1, new=2),),
        signature=text,
        run=text,
        commit=text,
        data=text,
    )
    return _make_review(
        serve(make_manifest()).declare(changed).plan(),
        reasons=(text,),
        rows=(_make_row(target=text, deployment=text, variant=text, new_version=text, evidence=evidence),),
        risks=(Note(object=text, text=text),),
        timing=(Note(object=text, text=text),),
        approvals=(Approval(rule="soak", subject=text, reason=text, owners=(text, "@team"), location=AT),),
        findings=(finding,),
        waived=(Waived(finding=finding, waiver=waiver, location=AT),),
        stale=(Stale(object=text, files=(text,)),),
    )


def _read_outside(comment: str) -> str:
    """The comment without its code blocks and code spans, in which nothing is read."""
    without = re.sub(r"^(`{3,})[^\n]*\n.*?^\1$", "", comment, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"(?<!\\)`[^`\n]*`", "", without)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_said_cannot_leave_its_place(text: str) -> None:
    calm, shown = show_comment(_say_everywhere("calm")), show_comment(_say_everywhere(text))
    outside = _read_outside(shown)
    # The same structure: nothing of the text is read as Markdown or HTML.
    for sign in ("<", r"(?<!\\)\]\(", r"(?<!\\)\[", "\n#", "-->", r"(?<!\\)[*_~$]"):
        assert len(re.findall(sign, outside)) == len(re.findall(sign, _read_outside(calm))), sign
    assert not re.search(r"@\w|://|www\.", outside)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202a-\u202e]", shown)
    rows = [line for line in shown.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {7}
    assert shown.count(MARKER) == 1 or MARKER in text


@pytest.mark.parametrize("text", HOSTILE)
def test_text_on_a_terminal_stays_in_its_line(text: str) -> None:
    calm = show_review(_say_everywhere("calm"))
    shown = show_review(_say_everywhere(text))
    assert len(shown.splitlines()) == len(calm.splitlines())
    assert "\x1b" not in shown


@pytest.mark.parametrize(("errors", "lines"), [(0, 0), (1, 1), (20, 20), (21, 21), (500, 21)])
def test_on_a_terminal_errors_are_named_and_advice_is_left_to_validate(errors: int, lines: int) -> None:
    error = Finding(
        rule="soak", grade=Grade.SOFT, location=AT, message="production/wines: too soon", advice="Wait."
    )
    advice = replace(error, grade=Grade.ADVISORY)
    shown = show_review(_make_review(findings=(advice, *(error,) * errors)))

    said = [line for line in shown.splitlines() if line.startswith("error: ")]
    assert len(said) == lines
    assert set(said[:20]) <= {f"error: {AT}: soak: production/wines: too soon"}
    assert said[20:] in ([], [f"error: {errors - 20} more; modelsync validate --base shows all"])


def test_the_marker_holds_nothing_but_a_commit() -> None:
    shown = show_comment(_make_review(compared=Compared(base="7" * 40, head="4 --> <b>")))
    assert shown.startswith(f"{MARKER} head=none -->\n")


def test_code_spans_and_sentences() -> None:
    assert show_code("a`b|c") == "`a'b\\|c`"
    assert show_code("") == ""
    assert show_text("max-traffic-step: v3 → v5, 90 %") == "max-traffic-step: v3 → v5, 90 %"
    assert show_text("a_b*c <i>") == "a\\_b\\*c &lt;i&gt;"
    assert fence("text", ["a```b", ""]) == "````text\na```b\n````\n\n"
    assert fence("text", []) == ""


SECRETS = (
    ("spec.predictors[v5].componentSpecs[0].spec.containers[wines].env[DB_PASSWORD].value", "hunter2"),
    ("data.token", "hunter2"),
    ("data[settings.ini]", "user = a\npassword = hunter2\n"),
    ("metadata.annotations[example.org/source]", "https://me:hunter2@example.org/x"),
    ("spec.predictors[v5]", {"env": [{"name": "API_KEY", "value": "hunter2"}]}),
)


@pytest.mark.parametrize(("path", "value"), SECRETS)
def test_secrets_are_masked_on_both_sides(path: str, value: Any) -> None:
    masked = mask_field(FieldChange(sign="~", path=path, old=value, new=value))
    assert "hunter2" not in repr(masked)
    assert "***" in repr(masked.old)
    assert "***" in repr(masked.new)


def test_the_name_of_a_secret_is_no_secret() -> None:
    path = "spec.predictors[v5].graph.envSecretRefName"
    assert mask_field(FieldChange(sign="~", path=path, old="a", new="b")).new == "b"


def test_a_new_manifest_is_shown_whole_and_masked() -> None:
    manifest = make_manifest(labels={"api-key": "hunter2", "team": "wine"})
    shown = "\n".join(list_lines(serve().declare(manifest).plan()))
    assert "+     team: wine" in shown
    assert "hunter2" not in shown


def test_what_does_not_fit_is_left_out_and_named() -> None:
    before = [make_manifest(f"model-{index:04}", {"v3": 100}) for index in range(100)]
    after = [make_manifest(f"model-{index:04}", {"v3": 90, "v5": 10}) for index in range(100)]
    plan = serve(*before).declare(*after).plan()
    findings = tuple(
        Finding(rule="soak", grade=Grade.SOFT, location=AT, message=f"{index} " + "x" * 200)
        for index in range(1_000)
    )
    notes = tuple(Note(object=f"production/model-{index}", text=f"{index} jumps") for index in range(1_000))
    rows = tuple(_make_row(deployment=f"model-{index}") for index in range(1_000))
    shown = show_comment(_make_review(plan, findings=findings, risks=notes, timing=notes, rows=rows))
    assert len(shown) <= LIMIT
    for said in (
        r"^\| … \d+ more rows \|",
        r"^- \d+ more are left out$",
        r"^\d+ more findings left out;",
        r"^\d+ more lines of this environment left out;",
    ):
        assert re.search(said, shown, re.MULTILINE), said
    assert shown.count("<details>") == shown.count("</details>")


def test_environments_that_do_not_fit_are_named() -> None:
    plans = [replace(scenes.plan_share_change(), target=scenes.STAGING) for _ in range(300)]
    shown = show_comment(_make_review(*plans))
    assert len(shown) <= LIMIT
    said = r"^The fields of \d+ more environments are left out \(staging to staging\)"
    assert re.search(said, shown, re.MULTILINE)


def test_refusals_are_told() -> None:
    shown = show_comment(_make_review(scenes.refuse(scenes.plan_removals()), verdict=Verdict.FAIL))
    assert "### ❌ fail:" in shown
    assert "refused by max-prune" in shown


def test_advice_is_folded() -> None:
    finding = Finding(rule="soak", grade=Grade.ADVISORY, location=AT, message="soon")
    assert "<summary>1 piece of advice</summary>" in show_comment(_make_review(findings=(finding,)))


def test_nothing_to_tell() -> None:
    shown = show_comment(_make_review(scenes.plan_nothing()))
    assert shown.splitlines()[1] == "### ✅ pass: no environment changes"


def test_json_says_the_same() -> None:
    review = replace(
        _say_everywhere("calm"),
        undecided=(Undecided(rule="soak", reason="no history"),),
        verdict=Verdict.UNVERIFIED,
    )
    shown = show_json(review)
    assert shown["verdict"] == "unverified"
    assert shown["variants"][0]["evidence"]["metrics"] == [{"name": "calm", "old": 1, "new": 2}]
    assert shown["approvals"][0]["owners"] == ["calm", "@team"]
    assert shown["waived"][0]["until"].startswith("2026-11-30")
    assert shown["stale"] == [{"object": "calm", "files": ["calm"]}]
    assert shown["undecided"] == [{"rule": "soak", "reason": "no history"}]
