"""What a repository brings along runs nothing, and nothing is written through what it brings."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from reconciler.cli.app import run
from reconciler.settings import SettingsError
from reconciler.state.outcomes import Outcome
from tests.hostile.conftest import Call
from tests.support.shop import Shop

DEPLOYMENT = "environments/production/deployments/wines.yaml"
READING: Sequence[Sequence[str]] = (
    ("validate", "--base", "main"),
    ("plan", "--base", "main", "-o", "markdown"),
    ("plan", "--base", "main", "--head", "change"),
    ("history", "production/wines"),
    ("codeowners",),
    ("render", "production"),
)
PROGRAMS = (
    *("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "diff.evil.textconv"),
    *("diff.evil.command", "diff.external", "merge.evil.driver", "core.fsmonitor", "core.pager"),
    *("core.sshCommand", "core.askPass", "core.alternateRefsCommand", "gpg.program", "gpg.ssh.program"),
    *("credential.helper", "alias.rev-parse", "uploadpack.packObjectsHook"),
)
"""Settings of git that name a program."""

EDITING: Sequence[Sequence[str]] = (
    ("traffic", "production/wines", "v1=60", "v2=40", "--yes", "--dry-run"),
    ("traffic", "production/wines", "v1=60", "v2=40", "--yes", "--commit"),
)


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A program that leaves a mark beside itself when it is run."""
    program = tmp_path / "trap"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\ncat\n", encoding="ascii")
    program.chmod(0o755)
    return program


def _is_sprung(trap: Path) -> bool:
    return (trap.parent / "sprung").exists()


def _change(shop: Shop) -> None:
    shop.declare("production/wines", {1: 70, 2: 30})
    shop.commit()


def _set(config: Path, settings: Sequence[str]) -> None:
    for setting in settings:
        name, _, value = setting.partition("=")
        subprocess.run(("git", "config", "--file", str(config), name, value), check=True)


def test_the_trap_springs(trap: Path) -> None:
    subprocess.run([str(trap)], stdin=subprocess.DEVNULL, check=True)
    assert _is_sprung(trap)


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_reading_runs_nothing_that_a_repository_configures(
    shop: Shop, call: Call, trap: Path, arguments: Sequence[str]
) -> None:
    shop.write(".gitattributes", "* filter=evil diff=evil merge=evil\n")
    _change(shop)
    _set(shop.folder / ".git/config", [f"{name}={trap}" for name in PROGRAMS])
    _set(shop.folder / ".git/config", [f"core.hooksPath={shop.folder}/hooks", "log.showSignature=true"])
    for name in ("post-index-change", "reference-transaction", "pre-auto-gc", "post-checkout"):
        shop.write(f"hooks/{name}", trap.read_text(encoding="ascii"))
        (shop.folder / "hooks" / name).chmod(0o755)
    (shop.folder / DEPLOYMENT).touch()
    assert call(*arguments).code == 0
    assert not _is_sprung(trap)


@pytest.mark.parametrize("arguments", EDITING, ids=" ".join)
def test_editing_runs_no_hook_and_no_watcher(
    shop: Shop, call: Call, trap: Path, arguments: Sequence[str]
) -> None:
    _set(shop.folder / ".git/config", [f"core.fsmonitor={trap}", f"core.hooksPath={shop.folder}/hooks"])
    _set(shop.folder / ".git/config", ["user.name=Ann", "user.email=ann@example.com"])
    for name in ("pre-commit", "commit-msg", "post-commit", "reference-transaction", "post-index-change"):
        shop.write(f"hooks/{name}", trap.read_text(encoding="ascii"))
        (shop.folder / "hooks" / name).chmod(0o755)
    ended = call(*arguments)
    assert ended.code == 0, ended.err
    assert not _is_sprung(trap)


def test_a_folder_that_looks_like_a_repository_brings_no_configuration(
    shop: Shop, trap: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inside = shop.folder / "vendor"
    shop.git("init", "--quiet", "--bare", str(inside))
    _set(inside / "config", ["commit.gpgSign=true", f"gpg.program={trap}", f"core.fsmonitor={trap}"])
    _set(inside / "config", ["core.bare=false", f"core.worktree={inside}"])
    for folder in ("models", "environments"):
        (shop.folder / folder).rename(inside / folder)
    outcome = run(["traffic", "production/wines", "v1=60", "v2=40", "--yes", "--commit", "-C", str(inside)])
    capsys.readouterr()
    assert outcome is Outcome.CONFIGURATION
    assert not _is_sprung(trap)


def test_modules_that_lie_in_a_repository_are_not_imported(shop: Shop, trap: Path) -> None:
    module = f"import subprocess\nsubprocess.run(['{trap}'], stdin=subprocess.DEVNULL)\n"
    names = ("yaml", "click", "git", "jinja2", "pydantic", "sitecustomize", "usercustomize", "reconciler")
    for name in (*names, "conftest", "json"):
        shop.write(f"{name}.py", module)
    command = Path(sys.executable).with_name("modelsync")
    done = subprocess.run(
        [str(command), "validate", "--base", "main"],
        cwd=shop.folder,
        env=shop.environment(None),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not _is_sprung(trap)


@pytest.mark.parametrize(
    "name", ["--output=/tmp/x", "-x", "main;id", "$(id)", "main..change", "a\nb", "main:x"]
)
def test_a_name_of_a_branch_is_a_name_or_refused(shop: Shop, call: Call, name: str) -> None:
    for option in ("--base", "--head"):
        ended = call("plan", f"{option}={name}")
        assert ended.code in (2, 3)
        assert "Traceback" not in ended.err
        assert "uid=" not in ended.err


@pytest.mark.parametrize("place", ["CODEOWNERS", ".github"])
def test_codeowners_are_not_written_through_a_link(
    shop: Shop, call: Call, tmp_path: Path, place: str
) -> None:
    outside = tmp_path / "outside"
    if place == ".github":
        outside.mkdir()
    else:
        outside.write_text("mine\n", encoding="ascii")
    (shop.folder / place).symlink_to(outside)
    ended = call("codeowners", "--write")
    assert ended.code == 2
    assert f"{place} in " in ended.err
    assert (list(outside.iterdir()) == []) if outside.is_dir() else outside.read_text() == "mine\n"


def test_an_edit_is_not_written_through_a_link(tmp_path: Path) -> None:
    from reconciler.cli.replacing import replace_files

    (tmp_path / "outside").mkdir()
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/environments").symlink_to(tmp_path / "outside")
    with pytest.raises(SettingsError, match="environments in .* is a symbolic link"):
        replace_files(tmp_path / "shop", {}, {"environments/production/exceptions.yaml": b"x"})
    assert list((tmp_path / "outside").iterdir()) == []
