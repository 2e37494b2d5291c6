"""Files of a pull request: large, deep, endless, not text, or not where they seem to be."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.hostile.conftest import Call
from tests.support.shop import Shop

PATH = "environments/production/deployments/evil.yaml"
_MIB = 1024 * 1024
_LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{one}: &{one} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, one in zip("abcdefgh", "bcdefghi", strict=True)
)

CONTENTS: Mapping[str, tuple[bytes, str]] = {
    "giant": (b"#" * (_MIB + 1), "document-size"),
    "many keys": (b"".join(b"k%d: 1\n" % number for number in range(60_000)), "document-size"),
    "many items": (b"[" + b"1," * 200_000 + b"]", "document-size"),
    "deep brackets": (b"[" * 500_000, "nesting-depth"),
    "deep dashes": (b"- " * 500_000, "nesting-depth"),
    "deep keys": (b"".join(b" " * depth + b"a:\n" for depth in range(1_000)), "nesting-depth"),
    "laughs": (_LAUGHS.encode(), "alias-limit"),
    "alias of itself": (b"a: &a [*a]\n", "yaml-syntax"),
    "merge": (b"a: &a {x: 1}\nb:\n  <<: *a\n", "merge-keys"),
    "same key twice": (b"model: wines\nmodel: other\n", "duplicate-keys"),
    "same key in other quotes": (b"model: wines\n'model': other\n", "duplicate-keys"),
    "tag that makes an object": (b"model: !!python/object/apply:os.system [id]\n", "custom-tags"),
    "second document": (b"model: wines\n---\nmodel: other\n", "one-document"),
    "NUL": (b"model: wi\0nes\n", "control-characters"),
    "text turned around": ("model: wines # \u202e\n".encode(), "control-characters"),
    "line separator": ("model: wines\u2028variants: []\n".encode(), "control-characters"),
    "escape sequence": (b"model: wines # \x1b[2J\n", "control-characters"),
    "not UTF-8": (b"model: w\xefnes\n", "utf-8"),
    "UTF-16": ("model: wines\n".encode("utf-16"), "utf-8"),
    "long number": (b"model: " + b"9" * 500_000 + b"\n", "plain-scalars"),
    "number without end": (b"model: 1e99999999\n", "plain-scalars"),
    "octal": (b"model: wines\nvariants: [{version: 010, traffic: 100}]\n", "plain-scalars"),
    "long key": (b"a" * 500_000 + b": 1\n", "yaml-syntax"),
}


@pytest.mark.parametrize("case", CONTENTS)
def test_a_file_is_refused_for_what_it_is(shop: Shop, call: Call, case: str) -> None:
    content, rule = CONTENTS[case]
    (shop.folder / PATH).write_bytes(content)
    ended = call("validate")
    assert ended.code == 1, ended.err
    assert f"{PATH}:" in ended.out
    assert f"error {rule}" in ended.out
    assert len(ended.out) < 100_000


@pytest.mark.parametrize(
    "target", ["/etc/passwd", "../../../../../../../../etc/passwd", "/proc/self/environ"]
)
def test_a_link_shows_nothing_of_what_it_leads_to(shop: Shop, call: Call, target: str) -> None:
    (shop.folder / PATH).symlink_to(target)
    (shop.folder / "environments/production/extras").symlink_to("/etc")
    shop.commit()
    for arguments in (("validate",), ("plan", "--base", "main", "--head", "change")):
        ended = call(*arguments)
        assert ended.code == 1, ended.err
        assert "root:" not in ended.out + ended.err
    assert "error symbolic-links" in call("validate").out


def test_a_link_as_a_data_folder_is_refused(shop: Shop, call: Call, tmp_path: Path) -> None:
    shop.git("mv", "models", str(tmp_path / "shop" / "elsewhere"))
    (shop.folder / "models").symlink_to("/")
    ended = call("validate")
    assert ended.code == 1
    assert "models is a symbolic link to /, which leaves the repository" in ended.out


def test_what_is_neither_file_nor_folder_is_not_waited_for(shop: Shop, call: Call) -> None:
    os.mkfifo(shop.folder / PATH)
    ended = call("validate")
    assert ended.code == 1
    assert "it is neither a file nor a folder" in ended.out


def test_a_long_name_is_a_finding(shop: Shop, call: Call) -> None:
    shop.declare(f"production/{'w' * 240}", {1: 100})
    ended = call("validate")
    assert ended.code == 1
    assert "error names-fit" in ended.out


def test_names_that_differ_in_case_alone_are_refused(shop: Shop, call: Call) -> None:
    shop.write("models/Wines/model.yaml", "registeredModel: other\nowners: ['@x']\n")
    shop.write("environments/Production/environment.yaml", "namespace: other\n")
    shop.write("environments/production/Environment.yaml", "namespace: other\n")
    said = call("validate").out
    assert "models/Wines/model.yaml:" in said
    assert "environments/Production/environment.yaml:" in said
    assert "environments/production/Environment.yaml:1:1: error unknown-file" in said


def test_a_work_tree_of_too_many_files_is_refused_as_a_whole(shop: Shop, call: Call) -> None:
    folder = shop.folder / "models/many"
    folder.mkdir()
    for half in range(2):
        # One file takes no more than 65,000 names.
        first = folder / f"{half}"
        first.touch()
        for number in range(50_000):
            os.link(first, folder / f"{half}-{number}")
    ended = call("validate")
    assert ended.code == 1
    assert "it holds more than 100,000 files, or than 128 MiB" in ended.out
    assert len(ended.out) < 1_000
    shutil.rmtree(folder)


def test_a_work_tree_of_too_many_bytes_is_refused_as_a_whole(shop: Shop, call: Call) -> None:
    for number in range(130):
        with (shop.folder / f"models/wines/{number}.bin").open("wb") as file:
            file.truncate(8 * _MIB)
    ended = call("validate")
    assert ended.code == 1
    assert "it holds more than 100,000 files, or than 128 MiB" in ended.out
