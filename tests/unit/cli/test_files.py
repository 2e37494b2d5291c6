from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.cli.files import write_files, write_new
from reconciler.settings import SettingsError


def test_writes_into_new_folders_and_over_what_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    write_files(folder, {"a/b.yaml": b"old", "c.yaml": b"c"})
    write_files(folder, {"a/b.yaml": b"new"})
    assert (folder / "a/b.yaml").read_bytes() == b"new"
    assert (folder / "c.yaml").read_bytes() == b"c"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(SettingsError, match=r"taken/inside cannot be written \(not a directory\)"):
        write_files(tmp_path / "taken" / "inside", {"a.yaml": b"a"})


def test_a_folder_in_the_place_of_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").mkdir()
    with pytest.raises(SettingsError, match=r"a\.yaml cannot be written \(is a directory\)"):
        write_files(tmp_path, {"a.yaml": b"a"})


def test_new_files_never_replace_others_and_then_none_is_written(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("mine")
    with pytest.raises(SettingsError, match=r"a\.yaml in .* exists already and differs; nothing was written"):
        write_new(tmp_path, {"a.yaml": b"yours", "b.yaml": b"b"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.yaml"]


def test_the_same_content_again_writes_nothing(tmp_path: Path) -> None:
    assert write_new(tmp_path, {"a.yaml": b"a"}) == ("a.yaml",)
    assert write_new(tmp_path, {"a.yaml": b"a"}) == ()
