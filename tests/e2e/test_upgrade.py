"""A target that an earlier program synced: the present one takes it on as it is."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Team

# What records of the first programs held; all else came later.
_FIRST = {
    "format",
    "attempted",
    "applied",
    "appliedAt",
    "digest",
    "inventory",
    "results",
    "conditions",
    "history",
}
_FIRST_ANNOTATIONS = {
    "applyset.kubernetes.io/tooling",
    "applyset.kubernetes.io/contains-group-kinds",
    "modelsync.dev/namespace-uid",
    "modelsync.dev/heartbeat",
    "modelsync.dev/fence",
}


@pytest.mark.covers("B40")
def test_a_target_with_a_record_of_the_first_programs_is_not_applied_again(team: Team) -> None:
    assert team.sync().code == 0
    before = team.live()
    place = f"/api/v1/namespaces/{team.namespace}/configmaps/modelsync-production"
    body = team.cluster.api.demand("GET", place)
    metadata = body["metadata"]
    body["data"] = {key: value for key, value in body["data"].items() if key in _FIRST}
    metadata["annotations"] = {
        key: value for key, value in metadata["annotations"].items() if key in _FIRST_ANNOTATIONS
    }
    assert set(body["data"]) == _FIRST
    team.cluster.api.demand("PUT", place, body)
    start = team.cluster.audit_position()

    first, second = team.sync(), team.sync()

    assert (first.code, second.code) == (0, 0)
    assert "in sync with" in first.out
    assert team.live() == before
    # The one migration: the record is written once, with what it did not hold before.
    written = [item for item in team.requests(start) if not item.startswith(("get ", "list "))]
    assert written == ["update leases", "update configmaps", "update leases"]
