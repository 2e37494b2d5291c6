from __future__ import annotations

from typing import Any

import pytest

from scripts.bench.sync.requests import count_requests, count_writes, measure_applying


def make_event(
    verb: str,
    uri: str = "/apis/machinelearning.seldon.io/v1/namespaces/one/seldondeployments/wines",
    *,
    agent: str = "modelsync/1",
    stage: str = "ResponseComplete",
    begin: str = "00.000000",
    end: str = "00.500000",
    namespace: str = "one",
) -> dict[str, Any]:
    return {
        "verb": verb,
        "requestURI": uri,
        "userAgent": agent,
        "stage": stage,
        "requestReceivedTimestamp": f"2026-11-21T14:03:{begin}Z",
        "stageTimestamp": f"2026-11-21T14:03:{end}Z",
        "objectRef": {"namespace": namespace},
    }


def test_requests_are_counted_by_verb_and_dry_runs_apart() -> None:
    events = [make_event("patch", "/x?dryRun=All&force=false"), make_event("patch"), make_event("list")]
    assert count_requests([*events, make_event("list")]) == {"list": 2, "patch": 1, "patch, dry-run": 1}


def test_the_api_server_and_whoever_sets_the_stage_do_not_count() -> None:
    assert (
        count_requests(
            [
                make_event("get", agent="kube-apiserver/v1.36.3 (linux/amd64)"),
                make_event("delete", agent="modelsync-local-cluster"),
            ]
        )
        == {}
    )


def test_a_watch_counts_when_it_begins_and_not_again_when_it_ends() -> None:
    both = [make_event("watch", stage="ResponseStarted"), make_event("watch", stage="ResponseComplete")]
    assert count_requests(both) == {"watch": 1}
    assert count_requests(both[1:]) == {}


def test_only_what_stores_something_is_a_write() -> None:
    requests = {"get": 5, "list": 10, "patch, dry-run": 500, "patch": 3, "delete": 2, "create": 1, "watch": 1}
    assert count_writes(requests) == 6


def test_applying_lasts_from_the_first_to_the_last_patch() -> None:
    events = [
        make_event("list", begin="00.000000", end="09.000000"),
        make_event("patch", begin="01.000000", end="01.250000"),
        make_event("patch", begin="02.000000", end="02.500000"),
    ]
    assert measure_applying(events) == pytest.approx(1.5)


def test_what_lies_between_two_namespaces_is_no_applying_and_what_overlaps_counts_once() -> None:
    events = [
        make_event("patch", begin="01.000000", end="02.000000"),
        make_event("patch", begin="05.000000", end="07.000000", namespace="two"),
        make_event("patch", begin="06.000000", end="08.000000", namespace="three"),
    ]
    assert measure_applying(events) == pytest.approx(4.0)


def test_a_rehearsal_belongs_to_applying_whatever_its_verb() -> None:
    events = [
        make_event("create", "/x?dryRun=All", begin="01.000000", end="02.000000"),
        make_event("patch", begin="03.000000", end="04.000000"),
        make_event("create", "/events", begin="05.000000", end="06.000000"),
    ]
    assert measure_applying(events) == pytest.approx(3.0)


def test_no_patch_takes_no_time() -> None:
    assert measure_applying([]) == 0.0
