"""Names, messages and values of a pull request: wherever they are shown, they are read as text."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from reconciler.report.markdown import show_plans
from tests.hostile.conftest import Call
from tests.support.shop import Ended, Shop
from tests.support.worlds import make_manifest, serve

WORDS = (
    "x\n::error file=a::pwned\n##[add-mask]secret\n##vso[task.setvariable variable=a]b "
    "${{ secrets.TOKEN }} $(id) `id` \x1b[31m\x1b]0;title\x07\x9b \u202etxet\u2066 </details><img src=x> "
    "[link](https://evil.example) ![i](https://evil.example/i.png) @everyone fixes #1 | cell | --> ]]> \\"
)
QUOTED = json.dumps(WORDS)
FILE = "@team `id` $(id) ${{ 1 }} [l](x) <b> ::error::x ##[add-mask]y \x1b[31m\u202e\nnext"
_COMMAND = re.compile(r"^\s*::|##\w*\[", re.MULTILINE)
VIEWS = ("text", "json", "sarif", "junit", "github")


@pytest.fixture(autouse=True)
def hostile(shop: Shop) -> None:
    """A change in which every place that takes words has the worst ones."""
    folder = shop.folder / "environments/production/deployments"
    (folder / f"{FILE}.yaml").write_text("model: wines\n", encoding="utf-8")
    (folder / "@team-`x`-<b>.yaml").write_text("model: wines\nvariants: []\n", encoding="utf-8")
    shop.write(
        "environments/production/deployments/evil.yaml",
        f"model: {QUOTED}\n{QUOTED}: 1\nvariants:\n  - {{version: {QUOTED}, traffic: 100}}\n",
    )
    shop.write(
        "environments/production/deployments/wines.yaml",
        "model: wines\nvariants:\n  - {version: 2, traffic: 30}\n  - {version: 1, traffic: 70}\n"
        f"serving:\n  env: {{NOTE: {QUOTED}}}\n",
    )
    shop.write(
        "environments/production/exceptions.yaml",
        f"waivers:\n  - {{rule: variant-order, objects: [production/wines], reason: {QUOTED}, "
        "until: 2099-01-01}\n"
        f"freezes:\n  - {{objects: [production/*], from: 2020-01-01, until: 2099-01-01, reason: {QUOTED}}}\n",
    )
    record = shop.folder / "models/wines/versions/2.yaml"
    record.write_text(
        record.read_text(encoding="utf-8").replace("{rmse: 0.7}", f"{{{QUOTED}: 0.7}}"), encoding="utf-8"
    )
    shop.git("-c", f"user.name={WORDS[:90]}", "commit", "-q", "--allow-empty", "-m", WORDS)
    shop.commit(WORDS)


def _is_quiet(ended: Ended) -> bool:
    said = ended.out + ended.err
    return "Traceback" not in said and said.replace("\n", "").isprintable() and not _COMMAND.search(said)


@pytest.mark.parametrize("view", [view for view in VIEWS if view != "github"])
def test_no_view_of_findings_steers_a_terminal_or_a_ci(call: Call, view: str) -> None:
    ended = call("validate", "--base", "main", "-o", view)
    assert ended.code == 1, ended.err
    assert _is_quiet(ended)


def test_annotations_are_those_of_findings_alone(call: Call) -> None:
    ended = call("validate", "--base", "main", "-o", "github")
    assert ended.code == 1
    assert ended.out.replace("\n", "").isprintable()
    for line in ended.out.splitlines():
        # A line is one command of ours, to whose end everything in it belongs.
        assert re.match(r"::(error|warning|notice) [^:]*(%3A[^:]*)*::", line), line


def test_documents_stay_what_they_are(call: Call) -> None:
    findings = json.loads(call("validate", "-o", "json").out)["findings"]
    assert any(item["file"].endswith("evil.yaml") for item in findings)
    assert json.loads(call("validate", "-o", "sarif").out)["version"] == "2.1.0"
    assert ElementTree.fromstring(call("validate", "-o", "junit").out).tag == "testsuites"  # noqa: S314 (ours)


@pytest.mark.parametrize("view", ["text", "json"])
def test_no_view_of_a_plan_steers_a_terminal_or_a_ci(call: Call, view: str) -> None:
    ended = call("plan", "--base", "main", "-o", view)
    assert ended.code == 1, ended.err
    assert _is_quiet(ended)


def test_the_comment_has_no_markup_but_its_own(call: Call) -> None:
    shown = call("plan", "--base", "main", "-o", "markdown").out
    assert shown.count("<!--") == 1
    assert shown.startswith("<!-- modelsync:plan head=")
    outside = re.sub(r"^(`{3,})[^\n]*\n.*?^\1$", "", shown, flags=re.DOTALL | re.MULTILINE)
    outside = re.sub(r"(?<!\\)`[^`\n]*`", "", outside)
    assert not re.search(r"@\w|https?://|(?<!\\)\]\(|<img|<b>|\x1b|\u202e", outside)
    assert set(re.findall(r"</?\w+", outside)) <= {
        "<details",
        "<summary",
        "</summary",
        "</details",
        "<sub",
        "</sub",
    }
    rows = [line for line in outside.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} <= {7}


def test_a_plan_of_a_cluster_as_markdown_has_no_markup_but_its_own() -> None:
    plan = serve(make_manifest()).declare(make_manifest(labels={"note": WORDS})).fault(WORDS).plan()
    shown = show_plans((replace(plan, notes=(WORDS,)),))
    outside = re.sub(r"^(`{3,})[^\n]*\n.*?^\1$", "", shown, flags=re.DOTALL | re.MULTILINE)
    assert "is faulty and is left as it was" in outside
    assert not re.search(r"@\w|https?://|(?<!\\)\]\(|<img|\x1b|\u202e", outside)
    assert not re.search(r"[\x1b\u202e]", shown)


def test_the_summary_of_a_step_has_no_markup_but_its_own(call: Call, shop: Shop) -> None:
    file = shop.folder.parent / "summary.md"
    call("validate", "--base", "main", "-o", "github", "--summary", str(file))
    shown = file.read_text(encoding="utf-8")
    assert not re.search(r"@\w|https?://|(?<!\\)\]\(|<(?!br>)|\x1b|\u202e", shown)
    rows = [line for line in shown.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} <= {3, 5, 6}


def test_messages_and_authors_of_commits_are_shown_as_text(call: Call, shop: Shop) -> None:
    shop.git("branch", "--force", "main", "change")
    for view in ("text", "json"):
        ended = call("history", "production/wines", "-o", view)
        assert ended.code == 0, ended.err
        assert _is_quiet(ended)
        assert "evil.example" in ended.out


def test_what_an_edit_could_not_decide_is_told_as_text(call: Call, shop: Shop) -> None:
    gates = f"rules: {{metric-gates: {{{QUOTED}: {{max: 9, worseBy: 2%}}}}}}"
    shop.add_environment("staging", "wines-staging", gates)
    shop.declare("staging/wines", {1: 90, 3: 10})
    first = (shop.folder / "models/wines/versions/2.yaml").read_text(encoding="utf-8")
    metrics = next(line for line in first.splitlines() if line.lstrip().startswith("metrics:"))
    for number in (1, 3):
        record = shop.folder / f"models/wines/versions/{number}.yaml"
        text = record.read_text(encoding="utf-8")
        record.write_text(text.replace("  metrics: {rmse: 0.7}", metrics), encoding="utf-8")
    shop.commit("Gates")
    for command in (("traffic", "staging/wines", "v1=85", "v3=15", "--yes"), ("validate", "--strict")):
        ended = call(*command)
        assert "metric-gates" in ended.err
        assert _is_quiet(ended)
