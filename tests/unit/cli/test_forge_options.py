"""Which forge a command asks: its options and variables, the repository that it was given, or the remote."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from reconciler import wiring
from reconciler.cli.options import forge_options, with_settings
from reconciler.clients.forge.interface import ForgeAccess, ForgeKind, ForgeRefused
from reconciler.clients.source.interface import SourceRefused
from reconciler.settings import Settings
from tests.support.shop import Shop


def read(arguments: list[str], variables: dict[str, str]) -> ForgeAccess:
    found: list[ForgeAccess] = []

    @click.command()
    @forge_options
    @with_settings
    def command(settings: Settings) -> None:
        found.append(settings.forge)

    ended = CliRunner().invoke(command, arguments, env=variables)
    assert ended.exit_code == 0, ended.output
    return found[0]


def test_nothing_need_be_said() -> None:
    assert read([], {}) == ForgeAccess()


def test_options_and_variables_say_the_same() -> None:
    said = ForgeAccess(
        kind=ForgeKind.GITEA,
        address="https://git.example.com",
        token_file=Path("token"),
        ca_file=Path("ca.pem"),
    )
    options = ["--forge", "gitea", "--forge-url", "https://git.example.com", "--forge-token-file", "token"]
    variables = {
        "MODELSYNC_FORGE": "gitea",
        "MODELSYNC_FORGE_URL": "https://git.example.com",
        "MODELSYNC_FORGE_TOKEN_FILE": "token",
        "MODELSYNC_FORGE_CA_FILE": "ca.pem",
    }
    assert read([*options, "--forge-ca-file", "ca.pem"], {}) == said
    assert read([], variables) == said


def test_a_remote_that_is_named_wins_then_the_repository_then_the_work_trees_own(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.git("remote", "add", "origin", "git@github.com:wines/own.git")
    own = Settings(directory=tmp_path)
    given = Settings(directory=tmp_path, repository="https://github.com/wines/given.git")

    assert wiring.open_forge(own).repository == "wines/own"
    assert wiring.open_forge(given).repository == "wines/given"
    assert wiring.open_forge(given, "ssh://git@github.com/wines/named").repository == "wines/named"


def test_a_remote_is_where_it_is_pushed_to(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.git("remote", "add", "origin", "https://github.com/wines/read.git")
    shop.git("remote", "set-url", "--push", "origin", "https://github.com/wines/write.git")

    assert wiring.open_forge(Settings(directory=tmp_path)).repository == "wines/write"


def test_without_a_remote_it_is_said_how_to_add_one(tmp_path: Path) -> None:
    Shop(tmp_path)
    with pytest.raises(SourceRefused, match=r"there is no remote origin, .* git remote add origin ADDRESS"):
        wiring.open_forge(Settings(directory=tmp_path))


def test_a_folder_is_no_forge(tmp_path: Path) -> None:
    with pytest.raises(ForgeRefused, match="pull requests need a remote with https://, ssh:// or user@host"):
        wiring.open_forge(Settings(repository=str(tmp_path)))
