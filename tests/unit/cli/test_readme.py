"""The README says what is true: its help is `--help`, its tree exists, its links lead somewhere."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from reconciler.cli.app import app
from reconciler.state.outcomes import Outcome

ROOT = Path(__file__).resolve().parents[3]
README = ROOT / "README.md"
START, END = "<!-- help: written by scripts/bless from `modelsync --help` -->\n", "<!-- help ends -->"


def _read_between(text: str, start: str, end: str) -> str:
    return text.partition(start)[2].partition(end)[0]


def _show_help() -> str:
    shown = CliRunner().invoke(app, ["--help"], prog_name="modelsync", terminal_width=110)
    assert shown.exit_code == 0, shown.output
    return f"```\n$ modelsync --help\n{shown.output.strip()}\n```\n"


def test_help_in_the_readme_is_golden() -> None:
    text, shown = README.read_text(encoding="utf-8"), _show_help()
    if os.environ.get("MODELSYNC_BLESS") == "1":
        text = text.replace(START + _read_between(text, START, END), START + shown)
        README.write_text(text, encoding="utf-8")
    assert _read_between(text, START, END) == shown, "accept the present help: scripts/bless"


def test_help_names_every_exit_code() -> None:
    shown = _show_help()
    for outcome in Outcome:
        assert re.search(rf"^ +{outcome.value}  {re.escape(outcome.meaning)}$", shown, re.MULTILINE)


def test_every_path_of_the_tree_exists() -> None:
    block = _read_between(README.read_text(encoding="utf-8"), "<!-- tree:", "<!-- tree ends -->")
    paths = [line.split()[0] for line in block.splitlines() if re.match(r"[\w.]+/", line)]
    assert len(paths) > 8
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("file", ["README.md", "reconciler/README.md", "reconciler/deploy/README.md"])
def test_every_link_leads_somewhere(file: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", (ROOT / file).read_text(encoding="utf-8"))
    assert [link for link in links if not ((ROOT / file).parent / link).exists()] == []


def test_every_folder_of_the_program_is_told_and_no_other() -> None:
    told = set(
        re.findall(r"^\| `(\w+)/` \|", (ROOT / "reconciler/README.md").read_text("utf-8"), re.MULTILINE)
    )
    there = {
        path.name for path in (ROOT / "reconciler").iterdir() if path.is_dir() and path.name != "__pycache__"
    }
    assert told == there
