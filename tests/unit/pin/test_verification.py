from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.clients.registry.interface import VersionFacts
from reconciler.load.documents import load
from reconciler.pin.verification import find_names, verify_records
from reconciler.pin.writer import write_record
from reconciler.state.declarations import VersionRecord
from reconciler.state.findings import Grade
from reconciler.state.repository import Entry
from reconciler.validate.parse import parse
from tests.unit.pin.building import DETAILS, FACTS, a_record


def filed(record: VersionRecord) -> Entry[VersionRecord]:
    path = f"models/wines/versions/{record.identity.version}.yaml"
    repository, _ = parse(load({path: write_record(record).encode()}))
    return repository.models["wines"].records[record.identity.version]


RECORD = filed(a_record())
S3 = "s3://models/wines/5"
DIRECT = filed(a_record(facts=replace(FACTS, source=S3, logged_model=None), location=S3, logged_model=None))


def test_a_record_that_holds_has_no_finding() -> None:
    assert verify_records([RECORD], [FACTS]) == ()
    assert verify_records([DIRECT], [replace(FACTS, source=S3, logged_model=None)]) == ()


def test_each_registered_model_is_asked_for_once() -> None:
    other = filed(a_record(facts=replace(FACTS, name="prices", version=1)))
    assert find_names([RECORD, other, RECORD]) == ("prices", "wine-quality")


def test_a_version_that_is_gone_names_the_newest() -> None:
    (finding,) = verify_records([RECORD], [replace(FACTS, version=3)])
    assert finding.rule == "registry-version-exists"
    assert finding.grade is Grade.HARD
    assert finding.message == "wine-quality v5: the registry does not have this version; newest there is v3."
    assert str(finding.location) == "models/wines/versions/5.yaml:6:12"


def test_a_registered_model_that_is_gone_is_told() -> None:
    (finding,) = verify_records([RECORD], [])
    assert "it has no registered model wine-quality with versions" in finding.message


def test_a_version_that_is_not_ready_any_more_is_found() -> None:
    (finding,) = verify_records([RECORD], [replace(FACTS, status="FAILED_REGISTRATION")])
    assert finding.rule == "registry-version-ready"
    assert "the registry says FAILED_REGISTRATION; it must be READY" in finding.message


@pytest.mark.covers("T25")
@pytest.mark.parametrize(
    ("now", "said"),
    [
        (
            replace(FACTS, created="2026-11-22T00:00:00.000Z"),
            "its creation time is 2026-11-22T00:00:00.000Z; ",
        ),
        (replace(FACTS, run="f" * 32), f"its run is {'f' * 32}; "),
        (replace(FACTS, run=None), "its run is none; "),
        (replace(FACTS, logged_model="m-" + "8" * 32), f"its logged model is m-{'8' * 32}; "),
        (replace(FACTS, logged_model=None), "its logged model is none; "),
    ],
)
def test_a_moved_fact_shows_both_sides(now: VersionFacts, said: str) -> None:
    (finding,) = verify_records([RECORD], [now])
    assert finding.rule == "registry-facts-unmoved"
    assert said + "the reviewed record says " in finding.message


def test_a_moved_source_is_found_where_the_search_shows_it() -> None:
    (finding,) = verify_records([DIRECT], [replace(FACTS, source="s3://other/place", logged_model=None)])
    assert "its source is s3://other/place; the reviewed record says s3://models/wines/5" in finding.message


def test_a_source_that_a_search_does_not_resolve_is_left_to_pin_check() -> None:
    details = replace(
        DETAILS, logged_model=None, facts=replace(FACTS, logged_model=None, source="models:/other/3")
    )
    record = filed(a_record(facts=details.facts, logged_model=None))
    assert verify_records([record], [details.facts]) == ()
