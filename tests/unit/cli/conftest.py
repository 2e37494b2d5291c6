"""A repository on real git to edit by command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.desk import Desk


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path / "shop", capsys)
