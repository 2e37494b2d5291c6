"""The user's cache: made whole or not at all, by one process at a time."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from scripts.tools.cache import cache_folder, hold_lock, publish


def test_a_folder_is_named_by_everything_that_decides_its_content() -> None:
    names = {
        cache_folder("tool", *ingredients).name for ingredients in ((b"ab", b"c"), (b"a", b"bc"), (b"abc",))
    }
    assert len(names) == 3
    assert cache_folder("tool", b"a") == cache_folder("tool", b"a")


def test_a_folder_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    folder = tmp_path / "tool"

    def fill(building: Path) -> None:
        (building / "half").touch()
        assert not folder.exists()

    publish(folder, fill)
    assert [file.name for file in folder.iterdir()] == ["half"]


def test_nothing_stays_of_a_build_that_fails(tmp_path: Path) -> None:
    def fail(building: Path) -> None:
        (building / "half").touch()
        raise ValueError("no compiler")

    with pytest.raises(ValueError, match="no compiler"):
        publish(tmp_path / "tool", fail)
    assert [file.name for file in tmp_path.iterdir()] == ["tool.lock"]


def test_two_builds_at_once_make_one(tmp_path: Path) -> None:
    built: list[Path] = []

    def fill(building: Path) -> None:
        built.append(building)
        time.sleep(0.1)

    threads = [threading.Thread(target=publish, args=(tmp_path / "tool", fill)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1


def test_a_lock_that_is_held_is_waited_for_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "lock"
    order: list[str] = []

    def wait() -> None:
        with hold_lock(file):
            order.append("second")

    with hold_lock(file):
        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(0.1)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]
    assert f"waiting for another process that holds {file}" in capsys.readouterr().err
