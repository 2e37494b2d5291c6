"""A fresh repository installs the modelsync that laid it out, where others can fetch that."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.scaffold.origin import Origin, find_origin, read_installation

COMMIT = "4be2a91c0d6e8f1a2b3c4d5e6f708192a3b4c5d6"
HERE = Origin(repository="https://git.example.com/ml/modelsync.git", commit=COMMIT)


@pytest.mark.parametrize(
    "address",
    [
        "https://git.example.com/ml/modelsync.git",
        "https://git.example.com/ml/modelsync",
        "https://git.example.com/ml/modelsync/",
        "https://ada:secret@git.example.com/ml/modelsync.git",
        "ssh://git@git.example.com:2222/ml/modelsync.git",
        "git@git.example.com:ml/modelsync.git",
    ],
)
def test_a_remote_is_named_by_https_and_without_credentials(address: str) -> None:
    assert find_origin(address, COMMIT) == HERE


def test_a_port_of_https_stays() -> None:
    found = find_origin("https://git.example.com:8443/ml/modelsync", COMMIT)
    assert found == Origin(repository="https://git.example.com:8443/ml/modelsync.git", commit=COMMIT)


@pytest.mark.parametrize(
    "address",
    ["", "file:///srv/modelsync", "/srv/modelsync", "http://git.example.com/a/b", "https://$(id)/a", "a b:c"],
)
def test_what_others_cannot_fetch_safely_is_no_origin(address: str) -> None:
    assert find_origin(address, COMMIT) is None


@pytest.mark.parametrize("commit", ["", "main", COMMIT[:12], COMMIT.upper()])
def test_only_a_full_name_of_a_commit_is_a_pin(commit: str) -> None:
    assert find_origin("https://git.example.com/ml/modelsync", commit) is None


def test_an_installation_from_git_tells_its_commit() -> None:
    told = {
        "url": "https://git.example.com/ml/modelsync.git",
        "vcs_info": {"vcs": "git", "requested_revision": "main", "commit_id": COMMIT},
    }
    assert read_installation(json.dumps(told)) == HERE


def test_an_installation_from_a_checkout_tells_its_folder() -> None:
    told = {"url": "file:///home/ada/model%20sync", "dir_info": {"editable": True}}
    assert read_installation(json.dumps(told)) == Path("/home/ada/model sync")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"url": "file:///wheels/modelsync.whl", "archive_info": {}}',
        '{"url": 1, "vcs_info": []}',
        '{"url": "file:///home/ada/modelsync", "dir_info": {}}',
        '{"url": "file:///home/ada/modelsync", "dir_info": {"editable": false}}',
        '{"url": "https://git.example.com/ml/modelsync", "dir_info": {"editable": true}}',
    ],
)
def test_any_other_tells_nothing(text: str) -> None:
    assert read_installation(text) is None
