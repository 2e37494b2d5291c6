"""Whether a last good set could be served again, judged from git alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.pipeline.check import check_worktree
from reconciler.pipeline.served import explain_lost
from reconciler.pipeline.sync.good import find_lost
from reconciler.policy.clusters import view_cluster
from reconciler.state.inventory import GoodSet
from reconciler.state.shares import Share
from tests.support.shop import Shop

GOOD = GoodSet(
    deployment="wines",
    model="wines",
    revision="main@sha1:77ad03e",
    digest="0" * 12,
    shares=(
        Share(predictor="v1", version="v1", shadow=False, percent=90),
        Share(predictor="v2-r2", version="v2", shadow=False, percent=10),
        Share(predictor="graph", version="graph", shadow=True, percent=100),
    ),
)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = Shop(tmp_path / "shop")
    made.add_environment("production", "wines-production")
    return made


def _find(shop: Shop) -> list[str]:
    repository = check_worktree(shop.folder).repository
    environment = repository.environments["production"].environment
    assert environment is not None
    return list(find_lost(GOOD, repository.models, view_cluster(environment.declaration, "")))


def test_a_set_whose_records_and_locations_are_there_is_not_lost(shop: Shop) -> None:
    assert _find(shop) == []


def test_a_record_that_is_gone_is_named(shop: Shop) -> None:
    (shop.folder / "models/wines/versions/1.yaml").unlink()

    assert _find(shop) == ["models/wines/versions/1.yaml is gone"]


def test_a_record_that_cannot_be_read_is_named(shop: Shop) -> None:
    shop.write("models/wines/versions/2.yaml", "identity: nothing\n")

    assert _find(shop) == ["models/wines/versions/2.yaml cannot be read"]


def test_a_location_that_leads_nowhere_any_more_is_named(shop: Shop) -> None:
    shop.write("environments/production/environment.yaml", "namespace: wines-production\n")

    assert [reason.partition(" (")[0] for reason in _find(shop)] == [
        "the cluster cannot read v1 any more",
        "the cluster cannot read v2 any more",
    ]


def test_a_person_is_told_what_there_is_no_way_back_to(shop: Shop) -> None:
    (shop.folder / "models/wines/versions/1.yaml").unlink()
    repository = check_worktree(shop.folder).repository
    environment = repository.environments["production"].environment
    assert environment is not None
    view = view_cluster(environment.declaration, "")

    (said,) = explain_lost("production/wines", GOOD, repository.models, view)

    assert said == (
        "production/wines: its last good set (v1 90 %, v2 (v2-r2) 10 %, graph shadow 100 %) could not be "
        "served again: models/wines/versions/1.yaml is gone. Mend that, so that there is a way back."
    )
