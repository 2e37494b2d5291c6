"""What a reader makes of answers that a healthy API server seldom gives."""

from __future__ import annotations

import subprocess
import sys

import pytest

from reconciler.clients.cluster.interface import ClusterError, Identity, ListExpired
from reconciler.clients.cluster.kinds import CONFIG_MAP
from tests.support.answering import Script, answering

EXPIRED = Script(status=410, body={"kind": "Status", "reason": "Expired", "message": "too old"})


def page(*names: str, more: str = "") -> Script:
    items = [{"metadata": {"name": name, "namespace": "w"}} for name in names]
    return Script(body={"items": items, "metadata": {"continue": more}})


@pytest.mark.covers("B27", "T16")
def test_a_list_that_expires_on_its_way_is_begun_again_and_complete() -> None:
    with answering(page("a", more="2"), EXPIRED, page("a", "b", more="2"), page("c")) as reader:
        found = reader.list(CONFIG_MAP, "w")

    assert [live.key.name for live in found] == ["a", "b", "c"]
    assert reader.requests == 4


@pytest.mark.covers("B27", "T16")
def test_a_list_that_expires_twice_is_an_error_and_never_a_part() -> None:
    with (
        answering(page("a", more="2"), EXPIRED, page("a", more="2"), EXPIRED) as reader,
        pytest.raises(ListExpired, match="expired twice"),
    ):
        reader.list(CONFIG_MAP, "w")


@pytest.mark.covers("B27", "T16")
def test_a_list_whose_second_page_fails_is_an_error_and_never_a_part() -> None:
    with answering(page("a", more="2"), Script(status=500)) as reader, pytest.raises(ClusterError):
        reader.list(CONFIG_MAP, "w")


def test_metadata_is_listed_over_pages_and_begun_again_as_whole_objects_are() -> None:
    with answering(page("b", more="2"), EXPIRED, page("b", more="2"), page("a")) as reader:
        found = reader.list_metadata(CONFIG_MAP, "w")

    assert [metadata.key.name for metadata in found] == ["a", "b"]


def test_a_server_that_is_no_api_server_is_told() -> None:
    with (
        answering(Script(body="<html>hello</html>")) as reader,
        pytest.raises(ClusterError, match="which Kubernetes"),
    ):
        reader.read_server_version()


def test_a_server_too_old_to_say_who_one_is_gives_no_name() -> None:
    with answering(Script(status=404, body="404 page not found")) as reader:
        assert reader.read_identity() == Identity(user="", groups=())


@pytest.mark.parametrize(
    "module", ["reconciler.apply.applier", "reconciler.observe.live", "reconciler.clients.cluster.interface"]
)
def test_the_kubernetes_library_is_loaded_by_connecting_alone(module: str) -> None:
    script = f"import sys, {module}; sys.exit('kubernetes' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
