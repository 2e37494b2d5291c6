"""Links are followed to files of the data, and nowhere else."""

from __future__ import annotations

import pytest

from reconciler.load.links import follow_links

FILES = {"models/wines/model.yaml": b"wines", "environments/eu/environment.yaml": b"eu"}


def test_a_link_to_a_file_is_that_file() -> None:
    followed = follow_links(FILES, {"models/prices/model.yaml": "../wines/model.yaml"})
    assert followed.files == {"models/prices/model.yaml": b"wines"}
    assert followed.findings == ()
    assert followed.refused == frozenset()


def test_a_link_to_a_link_is_followed() -> None:
    links = {"models/a/model.yaml": "../b/model.yaml", "models/b/model.yaml": "./../wines//model.yaml"}
    assert set(follow_links(FILES, links).files) == set(links)


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("/etc/passwd", "leaves the repository"),
        ("../../../etc/passwd", "leaves the repository"),
        ("../../../models/wines/model.yaml", "leaves the repository"),
        ("../../README.md", "lies outside models/ and environments/"),
        ("../wines", "is a folder"),
        ("../wines/nothing.yaml", "leads to no file"),
        ("model.yaml", "leads to no file"),
        ("", "leads to no file"),
    ],
)
def test_any_other_link_is_refused_with_file_and_target(target: str, problem: str) -> None:
    path = "models/prices/model.yaml"
    followed = follow_links(FILES, {path: target})
    assert followed.files == {}
    assert followed.refused == {path}
    (finding,) = followed.findings
    assert finding.location.file == path
    assert target in finding.message
    assert problem in finding.message


def test_a_chain_without_end_is_refused() -> None:
    chain = {f"models/m{i}/model.yaml": f"../m{i + 1}/model.yaml" for i in range(50)}
    assert len(follow_links(FILES, chain).refused) == 50
