"""The record of a target as a ConfigMap: what goes in comes out, and nothing else is believed."""

from __future__ import annotations

import base64
import copy
import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.clients.cluster.answers import read_object
from reconciler.clients.cluster.kinds import CONFIG_MAP
from reconciler.observe.inventory import (
    decode_record,
    encode_record,
    find_part_of,
    has_same_content,
)
from reconciler.observe.lists import PLAIN_LIMIT
from reconciler.observe.texts import pack
from reconciler.state.inventory import (
    DIGEST_LENGTH,
    BackOff,
    Condition,
    EmergencyMark,
    GoodSet,
    InventoryEntry,
    ObjectResult,
    Reversal,
    RunSummary,
    TargetRecord,
)
from reconciler.state.objects import KINDS, SELDON_DEPLOYMENT, Body, LiveObject, ObjectKey
from reconciler.state.plans import Action
from reconciler.state.shares import Share
from reconciler.state.targets import Target

TARGET = Target(environment="production", namespace="wines-production")
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=timezone.utc)


def make_key(name: str) -> ObjectKey:
    return ObjectKey(kind=SELDON_DEPLOYMENT, namespace=TARGET.namespace, name=name)


def make_entry(name: str, number: int = 1) -> InventoryEntry:
    return InventoryEntry(
        key=make_key(name),
        deployment=name,
        uid=f"uid-{number:06}",
        generation=number,
        digest=f"sha256:{number:064}",
    )


def make_good(name: str, number: int = 1) -> GoodSet:
    shares = ((f"v{number}", False, 90), ("canary", False, 10), ("v9-shadow", True, 100))
    return GoodSet(
        deployment=name,
        model=name,
        revision="main@sha1:77ad03e",
        digest=hashlib.sha256(name.encode()).hexdigest()[:DIGEST_LENGTH],
        shares=tuple(
            Share(predictor=predictor, version=predictor, shadow=shadow, percent=percent)
            for predictor, shadow, percent in shares
        ),
    )


RECORD = TargetRecord(
    entries=(make_entry("prices"), make_entry("wines", 3)),
    attempted="main@sha1:4be2a91",
    applied="main@sha1:77ad03e",
    applied_at=NOON,
    digest="sha256:3be0c1",
    results=(
        ObjectResult(key=make_key("wines"), action=Action.FAILED, message='held by "kubectl-edit" – ja'),
    ),
    history=(RunSummary(revision="main@sha1:77ad03e", finished=NOON, outcome=0, summary="wines: v5 new"),),
    conditions=(Condition(type="Synced", status="False", reason="Findings", message="a\nb", since=NOON),),
    heartbeat=NOON,
    namespace_uid="life-1",
    fence=7,
    good=(make_good("prices"), make_good("wines", 3)),
)


def store(body: Body, *, version: str = "42") -> LiveObject:
    """What the API server gives back of a ConfigMap."""
    stored = copy.deepcopy(dict(body))
    stored["metadata"] |= {"uid": "map-uid", "resourceVersion": version}
    return read_object(stored, CONFIG_MAP)


def as_stored(record: TargetRecord) -> TargetRecord:
    return replace(record, exists=True, uid="map-uid", resource_version="42")


@pytest.mark.covers("B33")
def test_a_record_comes_back_as_it_was_stored() -> None:
    assert decode_record(store(encode_record(RECORD, TARGET)), TARGET) == as_stored(RECORD)


def test_no_config_map_is_an_empty_record_that_does_not_exist() -> None:
    assert decode_record(None, TARGET) == TargetRecord()
    assert not decode_record(None, TARGET).exists


def test_the_config_map_is_an_applyset_parent() -> None:
    metadata = encode_record(RECORD, TARGET)["metadata"]

    assert metadata["name"] == "modelsync-production"
    assert metadata["labels"]["applyset.kubernetes.io/id"] == find_part_of(TARGET)
    assert metadata["labels"]["modelsync.dev/environment"] == "production"
    assert metadata["annotations"]["applyset.kubernetes.io/tooling"] == "modelsync/v1"
    assert (
        metadata["annotations"]["applyset.kubernetes.io/contains-group-kinds"]
        == "SeldonDeployment.machinelearning.seldon.io"
    )


def test_the_applyset_names_all_kinds_as_kubectl_does() -> None:
    keys = [ObjectKey(kind=kind, namespace=TARGET.namespace, name="wines") for kind in KINDS]
    record = replace(RECORD, entries=tuple(InventoryEntry(key=key, deployment="wines") for key in keys))
    body = encode_record(record, TARGET)
    named = body["metadata"]["annotations"]["applyset.kubernetes.io/contains-group-kinds"].split(",")
    assert named == sorted(named)
    assert {"ConfigMap", "NetworkPolicy.networking.k8s.io"} < set(named)
    assert len(named) == len(KINDS)


def test_people_can_read_the_inventory_one_object_a_line() -> None:
    lines = encode_record(RECORD, TARGET)["data"]["inventory"].splitlines()

    assert len(lines) == 2
    assert lines[0].startswith(
        '{"apiVersion":"machinelearning.seldon.io/v1","kind":"SeldonDeployment","name":"prices"'
    )


def test_the_text_does_not_depend_on_the_order_of_entries() -> None:
    turned = replace(RECORD, entries=tuple(reversed(RECORD.entries)))

    assert encode_record(turned, TARGET) == encode_record(RECORD, TARGET)


def test_a_large_inventory_is_packed_the_same_way_each_time() -> None:
    large = replace(RECORD, entries=tuple(make_entry(f"model-{number:05}", number) for number in range(2000)))
    body = encode_record(large, TARGET)

    assert "inventory" not in body["data"]
    assert len(body["binaryData"]["inventory.columns.gz"]) < PLAIN_LIMIT
    assert body == encode_record(large, TARGET)
    assert decode_record(store(body), TARGET) == as_stored(large)


@pytest.mark.covers("T19")
def test_a_record_of_an_earlier_program_has_no_good_sets() -> None:
    body = copy.deepcopy(dict(encode_record(RECORD, TARGET)))
    del body["data"]["good"]

    assert decode_record(store(body), TARGET) == replace(as_stored(RECORD), good=())


@pytest.mark.parametrize(
    "shares",
    [
        '["v3"]',
        '[["v3","v3",90]]',
        '[["v3","v3",true,"live"]]',
        '[["v3","v3",90,"dark"]]',
        '[{"predictor":"v3"}]',
        '"v3"',
    ],
)
def test_a_good_set_that_this_program_did_not_write_is_not_believed(shares: str) -> None:
    body = copy.deepcopy(dict(encode_record(RECORD, TARGET)))
    line = f'{{"deployment":"wines","model":"wines","revision":"","digest":"","shares":{shares}}}\n'
    body["data"]["good"] = line

    assert decode_record(store(body), TARGET).forged


@pytest.mark.covers("B33")
def test_the_history_keeps_its_newest_twenty_runs() -> None:
    runs = tuple(
        RunSummary(revision=f"main@sha1:{number}", finished=NOON, outcome=0, summary="")
        for number in range(25)
    )
    decoded = decode_record(store(encode_record(replace(RECORD, history=runs), TARGET)), TARGET)

    assert decoded.history == runs[5:]


def test_a_stored_record_is_only_replaced_in_the_version_that_was_read() -> None:
    metadata = encode_record(as_stored(RECORD), TARGET)["metadata"]

    assert (metadata["uid"], metadata["resourceVersion"]) == ("map-uid", "42")
    assert "resourceVersion" not in encode_record(RECORD, TARGET)["metadata"]


class TestSameContent:
    def test_heartbeat_fence_and_the_maps_own_identity_say_nothing_new(self) -> None:
        later = replace(
            RECORD,
            heartbeat=NOON + timedelta(hours=1),
            quiet="77ad03e 1234",
            fence=9,
            uid="x",
            resource_version="43",
            exists=True,
        )
        assert has_same_content(RECORD, later, TARGET)

    @pytest.mark.parametrize(
        "change",
        [
            {"entries": ()},
            {"attempted": "main@sha1:0"},
            {"applied": "main@sha1:0"},
            {"applied_at": None},
            {"digest": ""},
            {"results": ()},
            {"history": ()},
            {"conditions": ()},
            {"namespace_uid": "life-2"},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_everything_else_does(self, change: dict[str, Any]) -> None:
        assert not has_same_content(RECORD, replace(RECORD, **change), TARGET)


@pytest.mark.covers("B39", "T22")
class TestDistrust:
    """Nothing of it is believed, so that nothing is pruned on its word; what is ours is found by label."""

    def assert_forged(self, live: LiveObject, namespace_uid: str = "") -> None:
        record = decode_record(live, TARGET, namespace_uid=namespace_uid)
        assert record.forged
        assert record.exists
        assert record.entries == ()
        assert record.applied == ""
        assert record.resource_version == "42"

    def test_another_applyset_id(self) -> None:
        other = Target(environment="production", namespace="another")
        body = copy.deepcopy(dict(encode_record(RECORD, other)))
        body["metadata"]["namespace"] = TARGET.namespace
        self.assert_forged(store(body))

    def test_no_applyset_id(self) -> None:
        body = copy.deepcopy(dict(encode_record(RECORD, TARGET)))
        body["metadata"]["labels"] = {}
        self.assert_forged(store(body))

    def test_carried_over_from_another_cluster(self) -> None:
        live = store(encode_record(RECORD, TARGET))
        self.assert_forged(live, namespace_uid="life-2")
        assert not decode_record(live, TARGET, namespace_uid="life-1").forged

    @pytest.mark.parametrize(
        "damage",
        [
            lambda data: data.clear(),
            lambda data: data.update(format="2"),
            lambda data: data.update(inventory="{"),
            lambda data: data.update(inventory="[]\n"),
            lambda data: data.update(inventory="[" * 5000),
            lambda data: data.update(inventory='{"apiVersion":"v1","kind":"Secret","name":"x"}\n'),
            lambda data: data.update(
                inventory=data["inventory"].replace('"generation":3', '"generation":"3"')
            ),
            lambda data: data.update(
                inventory=data["inventory"].replace('"generation":3', '"generation":true')
            ),
            lambda data: data.update(inventory=data["inventory"].replace('"adopted":false', '"adopted":0')),
            lambda data: data.update(results=data["results"].replace("failed", "exploded")),
            lambda data: data.update(history=data["history"].replace("2026-", "later-")),
            lambda data: data.update(history=data["history"].replace("2026-11-23T12:00:00Z", "")),
            lambda data: data.update(appliedAt="yesterday"),
            lambda data: data.pop("digest"),
        ],
    )
    def test_damaged_content(self, damage: Callable[[dict[str, Any]], object]) -> None:
        body = copy.deepcopy(dict(encode_record(RECORD, TARGET)))
        damage(body["data"])
        self.assert_forged(store(body))

    @pytest.mark.parametrize(
        "columns",
        ["[", "[]", "7", '{"name":1}', '{"name":["a"],"deployment":[]}', '{"name":["wines"]}', "[" * 5000],
    )
    def test_damaged_columns(self, columns: str) -> None:
        body = copy.deepcopy(dict(encode_record(RECORD, TARGET)))
        body["binaryData"] = {"inventory.columns.gz": pack(columns)}
        self.assert_forged(store(body))

    @pytest.mark.parametrize(
        ("name", "line"),
        [
            ("backOff", '{"revision":"a","failures":1,"until":"","reason":""}'),
            ("backOff", '{"revision":"a","failures":true,"until":"2026-11-23T12:00:00Z","reason":""}'),
            ("marks", '{"deployment":"wines","by":"","reason":"","since":"now","until":7,"shares":[]}'),
            ("marks", '{"deployment":"wines"}'),
            ("reversals", '{"apiVersion":"v1","kind":"Secret","name":"x","manager":"","times":[]}'),
            ("bodies", '{"deployment":"wines","body":{}}'),
            ("before", '{"deployment":"wines","model":"","revision":"","digest":"","shares":[]}'),
        ],
    )
    def test_what_holds_runs_back_must_be_readable(self, name: str, line: str) -> None:
        body = copy.deepcopy(dict(encode_record(RECORD, TARGET)))
        body["data"][name] = f"{line}\n"
        self.assert_forged(store(body))

    @pytest.mark.covers("T23")
    def test_a_mark_without_end_ends_all_the_same(self) -> None:
        mark = EmergencyMark(
            deployment="wines",
            by="ann@example.com",
            reason="v5 answers nonsense",
            since=NOON,
            until=NOON + timedelta(days=3650),
            shares=(),
        )
        (kept,) = decode_record(store(encode_record(replace(RECORD, marks=(mark,)), TARGET)), TARGET).marks

        assert kept == replace(mark, until=NOON + timedelta(hours=4))

    @pytest.mark.parametrize("fence", ["-1", "many", "1.5", "2147483647", "9" * 5000])
    def test_a_fence_that_is_no_number_of_a_lease(self, fence: str) -> None:
        body = copy.deepcopy(dict(encode_record(RECORD, TARGET)))
        body["metadata"]["annotations"]["modelsync.dev/fence"] = fence
        self.assert_forged(store(body))

    @pytest.mark.parametrize(
        "packed", ["not base64!", base64.b64encode(b"not gzip").decode(), "H4sIAAAA", 7, "é"]
    )
    def test_damaged_packing(self, packed: object) -> None:
        body = copy.deepcopy(dict(encode_record(RECORD, TARGET)))
        body["binaryData"] = {"inventory.gz": packed}
        self.assert_forged(store(body))

    def test_a_packing_that_would_fill_memory(self) -> None:
        import gzip

        body = copy.deepcopy(dict(encode_record(RECORD, TARGET)))
        bomb = gzip.compress(b"\n" * (65 * 1024 * 1024))
        body["binaryData"] = {"inventory.gz": base64.b64encode(bomb).decode()}
        self.assert_forged(store(body))


words = st.text(max_size=30)
names = st.text(min_size=1, max_size=12)
times = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, timezone.utc))
shares = st.lists(
    st.builds(Share, predictor=words, version=words, shadow=st.booleans(), percent=st.integers(0, 100)),
    max_size=3,
).map(tuple)
goods = st.builds(
    GoodSet, deployment=names, model=words, revision=words, digest=words, shares=shares, body=words
)
marks = st.builds(
    EmergencyMark, deployment=names, by=words, reason=words, since=times, until=times, shares=shares
).map(lambda mark: replace(mark, until=min(mark.until, mark.since + timedelta(hours=4))))
reversals = st.builds(
    Reversal, key=st.builds(make_key, words), manager=words, times=st.lists(times, max_size=3).map(tuple)
)
records = st.builds(
    TargetRecord,
    entries=st.lists(
        st.builds(
            InventoryEntry,
            key=st.builds(make_key, words),
            deployment=words,
            uid=words,
            generation=st.integers(0, 10**9),
            digest=words,
            adopted=st.booleans(),
        ),
        unique_by=lambda entry: entry.key,
        max_size=5,
    ).map(lambda entries: tuple(sorted(entries, key=lambda entry: entry.key))),
    attempted=words,
    applied=words,
    applied_at=st.none() | times,
    digest=words,
    history=st.lists(
        st.builds(RunSummary, revision=words, finished=times, outcome=st.integers(0, 130), summary=words),
        max_size=3,
    ).map(tuple),
    heartbeat=st.none() | times,
    namespace_uid=words,
    fence=st.integers(0, 10**6),
    good=st.lists(goods, unique_by=lambda item: item.deployment, max_size=3).map(
        lambda items: tuple(sorted(items, key=lambda item: item.deployment))
    ),
    before=st.lists(goods, unique_by=lambda item: item.deployment, max_size=3).map(
        lambda items: tuple(sorted(items, key=lambda item: item.deployment))
    ),
    backoff=st.none()
    | st.builds(BackOff, revision=words, failures=st.integers(0, 99), until=times, reason=words),
    marks=st.lists(marks, unique_by=lambda item: item.deployment, max_size=3).map(
        lambda items: tuple(sorted(items, key=lambda item: item.deployment))
    ),
    reversals=st.lists(reversals, unique_by=lambda item: (item.key, item.manager), max_size=3).map(
        lambda items: tuple(sorted(items, key=lambda item: (item.key, item.manager)))
    ),
    quiet=words,
)


@given(records)
def test_any_record_comes_back_as_it_was_stored(record: TargetRecord) -> None:
    assert decode_record(store(encode_record(record, TARGET)), TARGET) == as_stored(record)


@given(st.dictionaries(st.sampled_from(["format", "inventory", "results", "history", "digest"]), words))
def test_whatever_the_map_holds_is_read_or_distrusted(data: dict[str, str]) -> None:
    body = copy.deepcopy(dict(encode_record(RECORD, TARGET)))
    body["data"] |= data
    assert decode_record(store(body), TARGET).exists
