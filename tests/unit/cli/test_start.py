"""What a command loads: a client's library costs up to half a second, and most commands need none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.shop import Shop

CLIENT_LIBRARIES = {"kubernetes", "mlflow", "git"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    shop = Shop(tmp_path_factory.mktemp("start") / "shop")
    shop.add_environment("production", "wines-production")
    shop.declare("production/wines", {1: 90, 2: 10})
    shop.commit()
    return shop


def list_modules(folder: Path, *arguments: str) -> set[str]:
    """The top-level modules that are loaded once this command has ended well."""
    code = (
        "import sys; from reconciler.cli.app import run; "
        "outcome = run(sys.argv[1:]); print('loaded', *sys.modules); sys.exit(int(outcome))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    marker, *modules = done.stdout.splitlines()[-1].split()
    assert marker == "loaded"
    return {module.partition(".")[0] for module in modules}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["validate"],
        ["validate", "-o", "json"],
        ["render", "production"],
        ["policies"],
        ["sync", "--help"],
        ["pin", "--help"],
        ["completion", "bash"],
    ],
    ids=" ".join,
)
def test_loads_no_library_of_a_client(shop: Shop, arguments: list[str]) -> None:
    loaded = list_modules(shop.folder, *arguments)
    assert "reconciler" in loaded
    assert loaded & CLIENT_LIBRARIES == set()


def test_a_plan_between_commits_asks_git_itself(shop: Shop) -> None:
    assert list_modules(shop.folder, "plan", "--base", "HEAD") & CLIENT_LIBRARIES == set()


def test_fetching_loads_the_library_of_git_alone(shop: Shop) -> None:
    """Also shows that the names looked for are those that would be loaded."""
    code = (
        "import sys; from reconciler.clients.source.interface import GitAccess; "
        "from reconciler.clients.source.remote import open_repository; "
        "source = open_repository(sys.argv[1], GitAccess()); "
        "source.read(source.resolve('main')); source.close(); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, shop.folder.as_uri()], capture_output=True, text=True, check=True
    )
    assert {name.partition(".")[0] for name in done.stdout.split()} & CLIENT_LIBRARIES == {"git"}
