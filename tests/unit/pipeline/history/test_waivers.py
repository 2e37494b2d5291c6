"""When waivers came to the main branch, and what that means for how long they last."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from reconciler.cli.app import run
from reconciler.clients.source.interface import Commit, FileChange, LineCommit, MainLine
from reconciler.pipeline.history.spans import derive_history
from reconciler.pipeline.history.waivers import list_arrivals, list_waived
from reconciler.state.history import WaiverArrival
from reconciler.state.outcomes import Outcome
from tests.support.shop import Shop

FILE = "environments/production/exceptions.yaml"
START = datetime(2026, 10, 1, tzinfo=timezone.utc)


def waiver(until: str = "2026-10-30", objects: str = "production/wines", reason: str = "why") -> str:
    return f"waivers:\n  - {{rule: soak, objects: [{objects}], reason: {reason}, until: {until}}}\n"


def arrive(*texts: str | None) -> list[WaiverArrival]:
    """The arrivals of a line whose commits, a day apart, leave this text (None: no file)."""
    contents: Mapping[str, bytes] = {f"{at}": text.encode() for at, text in enumerate(texts) if text}
    line = tuple(
        LineCommit(
            commit=Commit(
                sha=f"{at}" * 40, author="", email="", committed=START + timedelta(days=at), subject=""
            ),
            merge=False,
            changes=(FileChange(path=FILE, name=f"{at}" if text else ""),),
        )
        for at, text in enumerate(texts)
    )
    now = START + timedelta(days=30)
    history = derive_history(MainLine(head="9" * 40, complete=True, commits=line), contents, now)
    return list(list_arrivals(history.commits, line, contents))


def days(*texts: str | None) -> list[int]:
    return [(found.since - START).days for found in arrive(*texts)]


def test_it_counts_from_the_commit_that_brought_it() -> None:
    (found,) = arrive("waivers: []\n", waiver())
    assert (found.environment, found.rule, found.objects) == (
        "production",
        "soak",
        frozenset({"production/wines"}),
    )
    assert (found.since, found.revision) == (START + timedelta(days=1), "1" * 40)


@pytest.mark.parametrize(
    ("texts", "since"),
    [
        ((waiver(), waiver(reason="better")), [0]),
        ((waiver(), waiver(until="2026-11-05")), [1]),
        ((waiver(), waiver(objects="production/wines, production/reds")), [1]),
        ((waiver(), "waivers: []\n", waiver()), [2]),
        ((waiver(), None, waiver()), [2]),
        ((waiver(), "waivers: {\n", waiver()), [0]),
        ((waiver(), "waivers: [{}]\n", waiver()), [0]),
        ((waiver(), None), []),
    ],
    ids=["reason", "end", "objects", "away and back", "file gone", "unreadable", "faulty", "gone"],
)
def test_what_makes_it_another_one(texts: tuple[str | None, ...], since: list[int]) -> None:
    assert days(*texts) == since


def test_only_environments_with_waivers_are_looked_at() -> None:
    files = {
        FILE: waiver().encode(),
        "environments/staging/exceptions.yaml": b"holds: []\n",
        "models/waivers/model.yaml": b"description: waivers\n",
    }
    assert list_waived(files) == {"production"}


class TestInGit:
    """A waiver that came 20 days ago, by the commit date of the main branch."""

    @pytest.fixture
    def shop(self, tmp_path: Path) -> Shop:
        shop = Shop(tmp_path / "shop")
        shop.add_environment("production", "wines-production", 'owners: ["@platform"]')
        shop.declare("production/wines", {1: 100})
        return shop

    def merge(self, shop: Shop, until: datetime, ago: int) -> None:
        shop.write(FILE, waiver(until=until.date().isoformat()).replace("soak", "max-prune"))
        shop.commit("Waive")
        moment = datetime.now(timezone.utc) - timedelta(days=ago)
        done = {**os.environ, "GIT_COMMITTER_DATE": moment.isoformat(timespec="seconds")}
        words = ("git", "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-q", "--amend", "--no-edit")
        subprocess.run(words, cwd=shop.folder, env=done, check=True)

    @pytest.mark.parametrize(
        ("left", "outcome"), [(9, Outcome.DONE), (11, Outcome.FINDINGS)], ids=["29 days", "31 days"]
    )
    def test_thirty_days_count_from_there(
        self, shop: Shop, capsys: pytest.CaptureFixture[str], left: int, outcome: Outcome
    ) -> None:
        self.merge(shop, datetime.now(timezone.utc) + timedelta(days=left), ago=20)
        assert run(["validate", "--base", "main", "-C", str(shop.folder)]) is outcome
        told = capsys.readouterr().out
        assert ("error waiver-too-long" in told) is (outcome is Outcome.FINDINGS)
        assert ("days after it came in (with " in told) is (outcome is Outcome.FINDINGS)

    def test_without_history_they_count_from_now(
        self, shop: Shop, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.merge(shop, datetime.now(timezone.utc) + timedelta(days=11), ago=20)
        assert run(["validate", "-C", str(shop.folder)]) is Outcome.DONE
        assert "waiver-too-long" not in capsys.readouterr().out
