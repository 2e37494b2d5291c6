"""Which targets a quiet run is about, from the records alone: all that were asked for, or none."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from reconciler.clients.cluster.kinds import CONFIG_MAP
from reconciler.observe.inventory import (
    FAILURE_ANNOTATION,
    ID_LABEL,
    QUIET_ANNOTATION,
    find_part_of,
)
from reconciler.pipeline.sync.marks import QuietMark, QuietTerms, digest_content, encode_mark
from reconciler.pipeline.sync.quiet import choose_targets
from reconciler.state.objects import ENVIRONMENT_LABEL, SELDON_DEPLOYMENT, LiveObject, ObjectKey
from reconciler.state.outcomes import Outcome
from reconciler.state.targets import Target

NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
OTHERS = ("elsewhere/modelsync-production",)
TERMS = QuietTerms(digest="abc", environments=("production", "staging"), others=OTHERS)
DATA = {"format": "1", "applied": "main@sha1:4"}


def record(
    environment: str, *, namespace: str = "", terms: QuietTerms = TERMS, made: datetime = NOW
) -> LiveObject:
    target = Target(environment=environment, namespace=namespace or f"wines-{environment}")
    mark = QuietMark(
        terms=terms,
        cluster="",
        kinds=(SELDON_DEPLOYMENT,),
        seen="seen",
        record=digest_content({"data": DATA}),
        made=made,
        until=made + timedelta(hours=1),
        outcome=Outcome.DONE,
        digest="sha256:1",
    )
    return LiveObject(
        key=ObjectKey(kind=CONFIG_MAP, namespace=target.namespace, name=f"modelsync-{environment}"),
        uid="u",
        resource_version="7",
        generation=0,
        labels={ID_LABEL: find_part_of(target), ENVIRONMENT_LABEL: environment},
        annotations={QUIET_ANNOTATION: encode_mark(mark)},
        deleting=False,
        body={"data": DATA},
    )


PRODUCTION, STAGING = record("production"), record("staging")
STRANGER = record("production", namespace="elsewhere", terms=replace(TERMS, digest="of another repository"))


def choose(names: list[str], *records: LiveObject, now: datetime = NOW) -> list[str]:
    return [item.target.environment for item in choose_targets(names, records, TERMS, now)]


def test_what_was_asked_for_is_found_among_records_of_others() -> None:
    assert choose(["production"], STAGING, PRODUCTION, STRANGER) == ["production"]
    assert choose(["staging", "production"], PRODUCTION, STAGING) == ["production", "staging"]


def test_without_names_all_environments_of_the_commit_are_meant() -> None:
    assert choose([], STAGING, PRODUCTION, STRANGER) == ["production", "staging"]


@pytest.mark.parametrize("names", [["production"], ["production", "staging"], []])
def test_one_target_without_a_mark_of_these_terms_ends_the_quiet_path_for_all(names: list[str]) -> None:
    old = record("production", terms=replace(TERMS, digest="of another commit"))

    assert choose(names, STAGING, old) == []
    assert choose(names, STAGING) == []
    assert choose(names) == []


def test_a_record_that_was_not_there_before_ends_it_where_all_are_meant() -> None:
    vanished = record("retired", terms=replace(TERMS, digest="of an earlier commit"))

    assert choose([], PRODUCTION, STAGING, vanished) == []
    assert choose(["production"], PRODUCTION, STAGING, vanished) == ["production"]


def test_marks_that_do_not_agree_on_all_environments_end_it_where_all_are_meant() -> None:
    narrow = record("staging", terms=replace(TERMS, environments=("staging",)))

    assert choose([], PRODUCTION, narrow) == []
    assert choose([], record("production", terms=QuietTerms(digest="abc"))) == []


def test_two_records_for_one_environment_end_it() -> None:
    assert choose(["production"], PRODUCTION, record("production", namespace="restored")) == []


@pytest.mark.parametrize(
    "touched",
    [
        replace(PRODUCTION, body={"data": {**DATA, "applied": "main@sha1:5"}}),
        replace(PRODUCTION, body={"data": DATA, "binaryData": {"inventory.gz": "x"}}),
        replace(PRODUCTION, labels={**PRODUCTION.labels, ID_LABEL: "applyset-forged-v1"}),
        replace(PRODUCTION, labels={**PRODUCTION.labels, ENVIRONMENT_LABEL: "staging"}),
        replace(PRODUCTION, annotations={}),
        replace(PRODUCTION, annotations={**PRODUCTION.annotations, FAILURE_ANNOTATION: "{}"}),
        replace(PRODUCTION, deleting=True),
        replace(PRODUCTION, key=replace(PRODUCTION.key, name="modelsync-copy")),
        replace(PRODUCTION, key=replace(PRODUCTION.key, namespace="copied")),
    ],
    ids=["edited", "added", "forged", "relabelled", "no mark", "failed", "going", "renamed", "copied"],
)
def test_a_record_that_is_not_as_we_left_it_is_not_believed(touched: LiveObject) -> None:
    assert choose(["production"], PRODUCTION) == ["production"]
    assert choose(["production"], touched) == []


def test_a_mark_ends_after_an_hour_and_before_a_clock_that_was_set_back() -> None:
    assert choose(["production"], PRODUCTION, now=NOW + timedelta(minutes=59)) == ["production"]
    assert choose(["production"], PRODUCTION, now=NOW + timedelta(hours=1)) == []
    assert choose(["production"], PRODUCTION, now=NOW - timedelta(hours=1)) == []
