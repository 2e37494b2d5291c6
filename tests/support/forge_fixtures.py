"""One real forge for all tests of a file, with people who have accounts there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scripts.local_cluster.gitea import GiteaServer
from tests.support.forge import People, make_people


@pytest.fixture(scope="module")
def forge_server() -> Iterator[GiteaServer]:
    """Gitea, up in a second; built by the first that asks where `scripts.local_cluster build` was not run."""
    with GiteaServer() as server:
        yield server


@pytest.fixture(scope="module")
def people(forge_server: GiteaServer) -> People:
    """Who has an account there."""
    return make_people(forge_server)
