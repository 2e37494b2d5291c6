"""`explain` and the commits behind its lines: real git, real clones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from reconciler.cli.app import app
from tests.support.git_servers import Repository
from tests.unit.policy.building import DEPLOYMENT, MODEL, SOUND

NOWHERE = {"commit": None, "author": None, "email": None, "time": None, "orBefore": False}
SERVER, TRAFFIC = "serving.server", "traffic"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A GitOps repository below a folder of a larger one; commits are a minute apart."""
    made = Repository(tmp_path / "work")
    made.commit("Serve wines", **{f"ml/{path}": text for path, text in SOUND.items()})
    return made


def explain(repository: Path, *arguments: str) -> str:
    shown = CliRunner().invoke(
        app, ["explain", "production/wines", *arguments, "-C", str(repository)], standalone_mode=False
    )
    assert shown.exception is None
    return shown.stdout


def written(repository: Path, field: str) -> list[Mapping[str, Any] | None]:
    """Who wrote each layer of a field, the first variant's first."""
    told = json.loads(explain(repository, field, "-o", "json"))
    return [layer["written"] for setting in told["settings"] for layer in setting["layers"]]


def test_each_line_has_the_commit_that_last_wrote_it(repository: Repository) -> None:
    first = repository.git("rev-parse", "HEAD")
    moved = SOUND[DEPLOYMENT].replace("traffic: 10", "traffic: 11")
    second = repository.commit("v5 takes more", **{f"ml/{DEPLOYMENT}": moved})

    folder = repository.path / "ml"
    told = written(folder, TRAFFIC)
    assert [each and each["commit"] for each in told] == [first, second]
    assert told[1] == {
        "commit": second,
        "author": "Ada",
        "email": "ada@example.com",
        "time": "2026-09-21T14:15:20Z",
        "orBefore": False,
    }
    assert f"  11  {second[:12]} by Ada, 2026-09-21\n" in explain(folder, TRAFFIC)
    assert f"  {first[:12]} by Ada, 2026-09-21\n" in explain(folder)


def test_lines_that_are_not_committed_are_said_so(repository: Repository) -> None:
    folder = repository.path / "ml"
    moved = SOUND[DEPLOYMENT].replace("traffic: 10", "traffic: 11")
    (folder / DEPLOYMENT).write_text(f"# what for?\n{moved}", encoding="utf-8")

    first, second = written(folder, TRAFFIC)
    assert first is not None
    assert first["commit"] == repository.git("rev-parse", "HEAD")
    assert second == NOWHERE
    assert "  11  not committed\n" in explain(folder, TRAFFIC)


def test_of_a_list_any_of_its_lines_counts(repository: Repository) -> None:
    listed = "\n      tolerations:\n        - {key: gpu, operator: Exists}\n"
    text = SOUND[DEPLOYMENT].rstrip() + "\n    serving:" + listed
    repository.commit("one", **{f"ml/{DEPLOYMENT}": text})
    more = repository.commit(
        "two", **{f"ml/{DEPLOYMENT}": f"{text}        - {{key: big, operator: Exists}}\n"}
    )

    (last,) = written(repository.path / "ml", "serving.tolerations")
    assert last is not None
    assert last["commit"] == more


def test_a_file_that_git_does_not_have_is_not_committed(repository: Repository) -> None:
    repository.git("rm", "--quiet", "--cached", f"ml/{MODEL}")
    repository.git("commit", "--quiet", "-m", "without")
    assert written(repository.path / "ml", SERVER) == [NOWHERE]

    fresh = Repository(repository.path.parent / "fresh")
    for path, text in SOUND.items():
        fresh.write(path, text)
    assert written(fresh.path, SERVER) == [NOWHERE]


def test_a_clone_that_is_cut_short_may_lack_the_commit(repository: Repository, tmp_path: Path) -> None:
    repository.commit("something else", **{"README.md": "words\n"})
    bare = repository.publish(tmp_path / "bare.git")
    repository.git("clone", "--quiet", "--depth", "1", bare.as_uri(), str(tmp_path / "shallow"))

    (found,) = written(tmp_path / "shallow/ml", SERVER)
    assert found is not None
    assert found["orBefore"] is True
    assert "or before: the clone is cut short\n" in explain(tmp_path / "shallow/ml", SERVER)


def test_outside_of_git_the_lines_are_told_without_commits(tmp_path: Path) -> None:
    for path, text in SOUND.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")

    assert written(tmp_path, SERVER) == [None]
    assert "which commits wrote these lines is not known: this folder is in no git" in explain(tmp_path)
