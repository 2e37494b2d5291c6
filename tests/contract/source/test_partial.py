"""What is fetched of a repository, and what is left of a run that was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from reconciler.clients.source.home import Home
from reconciler.clients.source.interface import GitAccess, Lineage, Revision, SourceUnreachable
from reconciler.clients.source.remote import open_repository
from tests.support.git_servers import GitHttpServer, Repository

NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
MODEL = "models/wines/model.yaml"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Two commits with other contents, and a large file that is no declaration."""
    repository = Repository(tmp_path / "work")
    repository.write("notebooks/large.bin", os.urandom(300_000))
    repository.commit("first", **{MODEL: "first\n", "models/wines/versions/1.yaml": "same\n"})
    repository.commit("second", **{MODEL: "second\n"})
    (tmp_path / "served").mkdir()
    repository.publish(tmp_path / "served/ml.git")
    return repository


def allow(tmp_path: Path, *settings: str) -> None:
    for setting in settings:
        subprocess.run(["git", "-C", str(tmp_path / "served/ml.git"), "config", setting, "true"], check=True)


def list_contents(cache: Path) -> set[str]:
    """Contents of files that a copy holds."""
    (copy,) = cache.glob("*.git")
    listed = subprocess.run(
        [
            "git",
            "-C",
            str(copy),
            "cat-file",
            "--batch-all-objects",
            "--batch-check=%(objecttype) %(objectname)",
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return {line.split()[1] for line in listed.splitlines() if line.startswith("blob ")}


def test_contents_that_are_not_read_are_not_fetched(
    http: GitHttpServer, repository: Repository, tmp_path: Path
) -> None:
    allow(tmp_path, "uploadpack.allowFilter")
    head, first = repository.git("rev-parse", "main"), repository.git("rev-parse", "main~1")
    with open_repository(http.url("ml.git"), GitAccess(cache=tmp_path / "cache")) as source:
        tree = source.read(source.resolve("main"))
        # The history is whole all the same.
        assert source.find_lineage(first, head) is Lineage.ANCESTOR
        assert source.list_changed(first, head) == (MODEL,)

    assert tree.files[MODEL] == b"second\n"
    names = {repository.git("rev-parse", f"main:{path}") for path in tree.files}
    assert list_contents(tmp_path / "cache") == names


def test_contents_of_another_commit_are_fetched_when_it_is_read(
    http: GitHttpServer, repository: Repository, tmp_path: Path
) -> None:
    allow(tmp_path, "uploadpack.allowFilter")
    first = repository.git("rev-parse", "main~1")
    for _ in range(2):
        with open_repository(http.url("ml.git"), GitAccess(cache=tmp_path / "cache")) as source:
            source.read(source.resolve("main"))
            assert source.read(Revision(ref="first", sha=first)).files[MODEL] == b"first\n"
            assert source.read_file(first, "notebooks/large.bin") is not None


def test_a_server_that_leaves_nothing_out_is_read_as_well(
    http: GitHttpServer, repository: Repository, tmp_path: Path
) -> None:
    with open_repository(http.url("ml.git"), GitAccess(cache=tmp_path / "cache")) as source:
        assert source.read(source.resolve("main")).files[MODEL] == b"second\n"

    assert repository.git("rev-parse", "main:notebooks/large.bin") in list_contents(tmp_path / "cache")


def test_a_server_that_leaves_out_and_does_not_give_single_files_is_asked_for_all(
    http: GitHttpServer, repository: Repository, tmp_path: Path
) -> None:
    allow(tmp_path, "uploadpack.allowFilter")
    http.is_modern = False
    with open_repository(http.url("ml.git"), GitAccess(cache=tmp_path / "cache")) as source:
        tree = source.read(source.resolve("main"))

    assert tree.files[MODEL] == b"second\n"


@pytest.mark.covers("S1")
def test_a_damaged_part_of_the_cache_is_fetched_anew(
    http: GitHttpServer, repository: Repository, tmp_path: Path
) -> None:
    allow(tmp_path, "uploadpack.allowFilter")
    access = GitAccess(cache=tmp_path / "cache")
    with open_repository(http.url("ml.git"), access) as source:
        source.read(source.resolve("main"))
    (copy,) = (tmp_path / "cache").glob("*.git")
    for pack in copy.glob("objects/pack/*.pack"):
        pack.chmod(0o600)
        content = bytearray(pack.read_bytes())
        content[len(content) // 2] ^= 0xFF
        pack.write_bytes(content)

    with open_repository(http.url("ml.git"), access) as source:
        assert source.read(source.resolve("main")).files[MODEL] == b"second\n"


# What a cache remembers


@pytest.mark.covers("B4")
def test_what_was_read_is_recalled_without_asking_the_server(
    http: GitHttpServer, repository: Repository, tmp_path: Path
) -> None:
    allow(tmp_path, "uploadpack.allowFilter")
    access = GitAccess(cache=tmp_path / "cache")
    with open_repository(http.url("ml.git"), access) as source:
        assert source.recall("main") is None
        revision = source.resolve("main")
        source.remember(revision, NOW)
        source.read(revision)
        source.remember(revision, NOW)
    http.judge = lambda path, authorization: (503, {})

    with open_repository(http.url("ml.git"), access) as source:
        recalled = source.recall("main")
        assert recalled is not None
        assert (recalled.revision, recalled.seen) == (revision, NOW)
        assert source.read(recalled.revision).files[MODEL] == b"second\n"
        assert source.recall("other") is None


def split_copy(cache: Path) -> Path:
    """Make a copy look like one that took many fetches: more than 50 packs."""
    (copy,) = cache.glob("*.git")

    def git(*words: str, data: str) -> str:
        return subprocess.run(
            ["git", "-C", str(copy), *words], input=data, check=True, capture_output=True, text=True
        ).stdout

    for number in range(51):
        name = git("hash-object", "-w", "--stdin", data=f"{number}")
        git("pack-objects", "--quiet", "objects/pack/pack", data=name)
    return copy


def read_all(http: GitHttpServer, access: GitAccess) -> None:
    with open_repository(http.url("ml.git"), access) as source:
        revision = source.resolve("main")
        source.read(revision)
        source.remember(revision, NOW)


@pytest.mark.covers("B4")
@pytest.mark.parametrize("answers", [0, 1])
def test_a_copy_of_many_fetches_is_made_anew_and_not_before_there_is_another(
    http: GitHttpServer, repository: Repository, tmp_path: Path, answers: int
) -> None:
    """The server goes away before the commit is fetched, or before its files are."""
    allow(tmp_path, "uploadpack.allowFilter")
    access = GitAccess(cache=tmp_path / "cache")
    read_all(http, access)
    copy = split_copy(tmp_path / "cache")
    old = repository.git("rev-parse", "main")
    repository.commit("third", **{MODEL: "third\n"})
    repository.publish(tmp_path / "served/ml.git")

    with open_repository(http.url("ml.git"), access) as source:
        third = source.resolve("main")
        began: list[str] = []

        def judge(path: str, authorization: str | None) -> tuple[int, dict[str, str]] | None:
            began.extend([path] if path.endswith("info/refs") else [])
            return (503, {}) if len(began) > answers else None

        http.judge = judge
        with pytest.raises(SourceUnreachable):
            source.read(third)
        recalled = source.recall("main")
        assert recalled is not None
        assert recalled.revision.sha == old
        assert source.read(recalled.revision).files[MODEL] == b"second\n"
    # As a run leaves it that is killed in the middle of a fetch.
    copy.rename(copy.with_suffix(".old"))
    copy.mkdir()
    with open_repository(http.url("ml.git"), access) as source:
        assert source.recall("main") == recalled

    http.judge = lambda path, authorization: None
    with open_repository(http.url("ml.git"), access) as source:
        assert source.read(source.resolve("main")).files[MODEL] == b"third\n"
    assert len(list(copy.glob("objects/pack/*.pack"))) < 5
    assert {item.suffix for item in copy.parent.iterdir()} == {".git", ".json", ".lock"}


def test_what_is_not_at_hand_as_a_whole_is_not_recalled(
    http: GitHttpServer, repository: Repository, tmp_path: Path
) -> None:
    allow(tmp_path, "uploadpack.allowFilter")
    first = Revision(ref="main", sha=repository.git("rev-parse", "main~1"))
    with open_repository(http.url("ml.git"), GitAccess(cache=tmp_path / "cache")) as source:
        source.read(source.resolve("main"))
        source.remember(first, NOW)
        assert source.recall("main") is None
        source.remember(Revision(ref="main", sha="0" * 40), NOW)
        assert source.recall("main") is None


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"main": 1}', '{"main": {"sha": "main", "seen": "2026-11-23T12:00:00+00:00"}}']
    + [
        f'{{"main": {{"sha": "{"0" * 40}", "seen": "{seen}"}}}}'
        for seen in ("", "now", "2026-11-23T12:00:00")
    ],
)
def test_notes_that_others_wrote_are_none(http: GitHttpServer, tmp_path: Path, text: str) -> None:
    access = GitAccess(cache=tmp_path / "cache")
    with open_repository(http.url("ml.git"), access) as source:
        revision = source.resolve("main")
        source.read(revision)
        source.remember(revision, NOW)
        (notes,) = (tmp_path / "cache").glob("*.json")
        notes.write_text(text)
        assert source.recall("main") is None
        source.remember(revision, NOW + timedelta(hours=1))
        recalled = source.recall("main")
        assert recalled is not None
        assert recalled.seen == NOW + timedelta(hours=1)


def test_without_a_cache_nothing_is_recalled(http: GitHttpServer, repository: Repository) -> None:
    for location in (http.url("ml.git"), str(repository.path)):
        with open_repository(location, GitAccess()) as source:
            revision = source.resolve("main")
            source.read(revision)
            source.remember(revision, NOW)
            assert source.recall("main") is None


# Homes


def grow_old(folder: Path) -> None:
    then = time.time() - 3600
    os.utime(folder, (then, then))


def sweep(folder: Path) -> None:
    """Sweep as a run does whose temporary files are in the folder."""
    code = "from reconciler.clients.source.home import sweep_homes; sweep_homes()"
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(folder)}, check=True)


def test_the_home_of_a_killed_run_is_swept_by_the_next(tmp_path: Path) -> None:
    code = (
        "import time; from reconciler.clients.source.home import Home; "
        "home = Home(); print(home.path, flush=True); time.sleep(60)"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout
    home = Path(process.stdout.readline().strip())
    (home / "repository.git").mkdir()
    grow_old(home)

    sweep(tmp_path)
    assert home.is_dir()

    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert home.is_dir()
    sweep(tmp_path)
    assert not home.exists()


def test_what_is_only_being_made_and_what_is_no_home_stays(tmp_path: Path) -> None:
    fresh, link, other = (tmp_path / f"modelsync-git-{name}" for name in ("fresh", "link", "other"))
    fresh.mkdir()
    (tmp_path / "elsewhere").mkdir()
    link.symlink_to(tmp_path / "elsewhere")
    other.write_text("no folder")
    grow_old(other)
    stale = tmp_path / "modelsync-git-stale"
    stale.mkdir()
    grow_old(stale)

    sweep(tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "elsewhere",
        "modelsync-git-fresh",
        "modelsync-git-link",
        "modelsync-git-other",
    ]


def test_a_home_goes_when_it_is_closed() -> None:
    home = Home()
    assert home.path.is_dir()

    home.close()

    assert not home.path.exists()
