"""A repository to edit, and the command."""

from __future__ import annotations

import os
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from reconciler.cli.app import run
from reconciler.state.outcomes import Outcome
from tests.support.shop import Shop

WINES = "environments/staging/deployments/wines.yaml"
EXCEPTIONS = "environments/staging/exceptions.yaml"
HEADING = "# yaml-language-server: $schema=../../schemas/exceptions.schema.json\n"


class Desk:
    """A repository with staging/wines at v1 100 %, then v1 90 % and v2 10 %; and the command."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.shop = Shop(folder)
        self._capsys = capsys
        self.shop.add_environment("staging", "wines-staging")
        self.shop.declare("staging/wines", {1: 100})
        self.merge("First", 90)
        self.shop.declare("staging/wines", {1: 90, 2: 10}, "# tried since monday\n")
        self.merge("Try v2", 80)
        for key, value in (("user.name", "Ann"), ("user.email", "ann@example.com")):
            self.shop.git("config", key, value)

    def merge(self, subject: str, hours: int) -> None:
        """Commit everything, so many hours ago."""
        moment = datetime.now(timezone.utc) - timedelta(hours=hours)
        self.shop.commit(subject)
        done = {**os.environ, "GIT_COMMITTER_DATE": moment.isoformat(timespec="seconds")}
        identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
        words = ("git", *identity, "commit", "--quiet", "--amend", "--no-edit", "--allow-empty")
        subprocess.run(words, cwd=self.shop.folder, env=done, check=True)

    def run(self, *arguments: str) -> tuple[Outcome, str, str]:
        outcome = run([*arguments, "--directory", str(self.shop.folder)])
        out, err = self._capsys.readouterr()
        return outcome, out, err

    def read(self, path: str = WINES) -> str:
        return (self.shop.folder / path).read_text(encoding="utf-8")

    def status(self) -> str:
        return self.shop.git("status", "--porcelain")


def in_days(days: int) -> str:
    return (datetime.now(timezone.utc) + timedelta(days=days)).date().isoformat()
