"""Files are replaced whole, keep their mode, and never over what somebody wrote meanwhile."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from reconciler.cli.replacing import replace_files
from reconciler.pipeline.refusals import EditConflict
from reconciler.settings import SettingsError


def test_what_is_there_is_replaced_and_what_is_new_is_made(tmp_path: Path) -> None:
    old = tmp_path / "a.yaml"
    old.write_bytes(b"1")
    old.chmod(0o640)
    replace_files(tmp_path, {"a.yaml": b"1"}, {"a.yaml": b"2", "new/b.yaml": b"3"})
    assert old.read_bytes() == b"2"
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert (tmp_path / "new/b.yaml").read_bytes() == b"3"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.yaml", "b.yaml", "new"]


def test_a_new_file_has_the_mode_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"")
    replace_files(tmp_path, {}, {"a.yaml": b"1"})
    assert (tmp_path / "a.yaml").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("before", [{}, {"b.yaml": b"2"}], ids=["was not there", "was otherwise"])
def test_what_changed_meanwhile_stops_all_of_it(tmp_path: Path, before: dict[str, bytes]) -> None:
    (tmp_path / "b.yaml").write_bytes(b"theirs")
    with pytest.raises(EditConflict, match=r"^b.yaml changed meanwhile, so nothing was written"):
        replace_files(tmp_path, before, {"a.yaml": b"1", "b.yaml": b"3"})
    assert [path.name for path in tmp_path.iterdir()] == ["b.yaml"]
    assert (tmp_path / "b.yaml").read_bytes() == b"theirs"


def test_a_folder_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").mkdir()
    with pytest.raises(SettingsError, match=r"^a.yaml cannot be read \(is a directory\)"):
        replace_files(tmp_path, {}, {"a.yaml": b"1"})


def test_a_file_in_place_of_a_folder_is_named_and_nothing_is_left_over(tmp_path: Path) -> None:
    (tmp_path / "new").write_bytes(b"")
    with pytest.raises(SettingsError, match=r"^new/a.yaml cannot be (read|written)"):
        replace_files(tmp_path, {}, {"new/a.yaml": b"1"})
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
