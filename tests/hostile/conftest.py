"""A shop that pull requests are made against, and the command on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.cli.app import run
from tests.support.shop import Ended, Shop

Call = Callable[..., Ended]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A sound main branch with owners of rules, and a branch `change` that is checked out."""
    shop = Shop(tmp_path / "shop")
    shop.add_environment("production", "wines-production", 'owners: ["@platform"]')
    shop.declare("production/wines", {1: 90, 2: 10})
    shop.commit()
    shop.git("checkout", "-q", "-b", "change")
    return shop


@pytest.fixture
def call(shop: Shop, capsys: pytest.CaptureFixture[str]) -> Call:
    """Runs the command on the shop within this process, which is a second faster than another one."""

    def call(command: str, *arguments: str) -> Ended:
        capsys.readouterr()
        outcome = run([command, *arguments, "-C", str(shop.folder)])
        said = capsys.readouterr()
        return Ended(code=int(outcome), out=said.out, err=said.err)

    return call
