"""How much of the history a change asks for."""

from __future__ import annotations

import pytest

from reconciler.load.documents import load
from reconciler.pipeline.history.base import find_environments, list_changed

FILES = {
    "environments/dev/environment.yaml": b"namespace: dev\n",
    "environments/staging/environment.yaml": b"namespace: staging\nupstream: [dev]\n",
    "environments/production/environment.yaml": b"namespace: production\nupstream: [staging]\n",
    "environments/production/deployments/wines.yaml": b"model: wines\nvariants: [{version: 5}]\n",
    "models/wines/model.yaml": b"registeredModel: wine-quality\n",
    "models/wines/versions/5.yaml": b"identity: {}\n",
}


def ask(**changed: bytes) -> frozenset[str] | None:
    """The environments that a change asks for; a keyword is the end of one path in FILES."""
    paths = {name: path for name in changed for path in FILES if path.endswith(f"{name}.yaml")}
    after = {**FILES, **{paths[name]: content for name, content in changed.items()}}
    return find_environments(load(FILES), load(after), list_changed(FILES, after))


def test_a_deployment_asks_for_its_environment_and_those_upstream() -> None:
    wines = b"model: wines\nvariants: [{version: 4, traffic: 100}]\n"
    assert ask(wines=wines) == frozenset({"production", "staging"})


def test_upstreams_of_both_sides_count() -> None:
    after = {**FILES, "environments/production/environment.yaml": b"namespace: production\nupstream: [dev]\n"}
    found = find_environments(load(FILES), load(after), list_changed(FILES, after))
    assert found == frozenset({"production", "staging", "dev"})


@pytest.mark.parametrize("content", [b"", b"upstream: [dev]\n", b"namespace: [\n"])
def test_an_environment_that_cannot_be_read_names_nobody(content: bytes) -> None:
    after = {**FILES, "environments/production/environment.yaml": content}
    found = find_environments(load(FILES), load(after), list_changed(FILES, after))
    assert found == frozenset({"production", "staging"})


def test_a_record_asks_for_all_environments() -> None:
    assert ask(**{"versions/5": b"identity: {digest: other}\n"}) is None


def test_what_serves_nothing_by_itself_asks_for_none() -> None:
    assert ask(model=b"registeredModel: other\n") == frozenset()
