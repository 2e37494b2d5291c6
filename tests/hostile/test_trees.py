"""Commits of a pull request whose folders no program that people use would make."""

from __future__ import annotations

import subprocess

import pytest

from tests.hostile.conftest import Call
from tests.support.shop import Ended, Shop

DEPLOYMENT = "model: wines\nvariants: [{version: 3, traffic: 100}]\n"


class Builder:
    """Makes objects that git itself would refuse to make, and commits of them on top of main."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def blob(self, content: bytes) -> str:
        return self.make("blob", content)

    def tree(self, *entries: tuple[str, str, str]) -> str:
        """Of mode, name and object each."""
        lines = (f"{mode} {name}\0".encode() + bytes.fromhex(of) for mode, name, of in entries)
        return self.make("tree", b"".join(lines))

    def commit(self, tree: str) -> str:
        return self._shop.git("commit-tree", tree, "-p", "main", "-m", "A change").strip()

    def find(self, path: str) -> str:
        return self._shop.git("rev-parse", f"main:{path}").strip()

    def make(self, kind: str, content: bytes) -> str:
        """An object of any content, whatever git thinks of it."""
        words = ("git", "hash-object", "-t", kind, "-w", "--literally", "--stdin")
        done = subprocess.run(words, cwd=self._shop.folder, input=content, capture_output=True, check=True)
        return done.stdout.decode().strip()


@pytest.fixture
def build(shop: Shop) -> Builder:
    return Builder(shop)


def _plan(call: Call, head: str) -> Ended:
    return call("plan", "--base", "main", "--head", head, "-o", "markdown")


def _with_environments(build: Builder, *entries: tuple[str, str, str]) -> str:
    """A commit whose folder environments holds these."""
    return build.commit(
        build.tree(
            ("40000", "environments", build.tree(*entries)),
            ("40000", "models", build.find("models")),
        )
    )


def test_the_builder_makes_sound_commits_too(build: Builder, call: Call) -> None:
    head = _with_environments(build, ("40000", "production", build.find("environments/production")))
    assert _plan(call, head).code == 0


def test_two_folders_that_stand_for_millions_of_files_are_refused(build: Builder, call: Call) -> None:
    tree = build.tree(("100644", "a", build.blob(b"x")))
    for _ in range(3):
        tree = build.tree(*(("40000", f"{number:05}", tree) for number in range(10_000)))
    ended = _plan(call, _with_environments(build, ("40000", "production", tree)))
    assert ended.code == 2
    assert "holds more than 100000 files" in ended.err


def test_folders_inside_each_other_without_end_are_refused(build: Builder, call: Call) -> None:
    tree = build.tree(("100644", "a", build.blob(b"x")))
    for _ in range(40):
        tree = build.tree(("40000", "a", tree))
    ended = _plan(call, _with_environments(build, ("40000", "production", tree)))
    assert ended.code == 2
    assert "holds more than 32 folders inside each other" in ended.err


def test_one_file_that_stands_for_many_bytes_is_refused(build: Builder, call: Call) -> None:
    blob = build.blob(b"#" * 1024 * 1024)
    tree = build.tree(*(("100644", f"{number:03}.yaml", blob) for number in range(130)))
    ended = _plan(call, _with_environments(build, ("40000", "production", tree)))
    assert ended.code == 2
    assert "up to 128 MiB are read" in ended.err


@pytest.mark.parametrize(
    "names",
    [
        ("production/deployments/wines.yaml",),
        ("..",),
        (".",),
        ("",),
        ("production", "production"),
    ],
)
def test_names_that_no_folder_can_hold_are_damage(build: Builder, call: Call, names: tuple[str, ...]) -> None:
    blob = build.blob(DEPLOYMENT.encode())
    tree = ("40000", "production", build.find("environments/production"))
    ended = _plan(call, _with_environments(build, tree, *(("100644", name, blob) for name in names)))
    assert ended.code == 3
    assert "the object of environments holds what no folder can hold" in ended.err


def test_an_object_that_is_cut_short_is_damage(build: Builder, call: Call) -> None:
    cut = build.make("tree", b"100644 no end")
    ended = _plan(call, _with_environments(build, ("40000", "production", cut)))
    assert ended.code == 3
    assert "holds what no folder can hold" in ended.err


def test_a_submodule_is_refused_in_a_commit_and_in_a_work_tree(
    shop: Shop, build: Builder, call: Call
) -> None:
    head = _with_environments(
        build,
        ("160000", "canary", "1" * 40),
        ("40000", "production", build.find("environments/production")),
    )
    said = _plan(call, head).out
    assert "❌ fail" in said
    assert "environments/canary is a submodule" in said
    shop.write("environments/canary/.git", "gitdir: /\n")
    shop.write("environments/canary/environment.yaml", "namespace: canary\n")
    said = call("validate").out
    assert "environments/canary cannot be read: it is a repository of its own" in said


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../etc/passwd", "../../.git/config", "wines.yaml"])
def test_a_link_in_a_commit_is_read_from_the_commit_alone(build: Builder, call: Call, target: str) -> None:
    deployments = build.tree(("120000", "evil.yaml", build.blob(target.encode())))
    environment = ("100644", "environment.yaml", build.find("environments/production/environment.yaml"))
    production = build.tree(("40000", "deployments", deployments), environment)
    ended = _plan(call, _with_environments(build, ("40000", "production", production)))
    assert ended.code == 1, ended.err
    assert "environments/production/deployments/evil.yaml is a symbolic link to" in ended.out
    assert "root:" not in ended.out
    assert "[core]" not in ended.out
