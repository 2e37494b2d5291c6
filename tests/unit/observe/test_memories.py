"""What outlives its declaration comes back from the record as it was kept, and nothing else is believed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.clients.cluster.answers import read_object
from reconciler.clients.cluster.kinds import CONFIG_MAP
from reconciler.observe.inventory import decode_record, encode_record
from reconciler.state.inventory import TargetRecord
from tests.unit.observe.test_inventory import TARGET, make_entry, make_good

KEPT = replace(make_entry("wines"), policy="keep")
GOOD = replace(make_good("wines"), earlier=("aaaaaaaaaaaa", "bbbbbbbbbbbb"))
RECORD = TargetRecord(entries=(make_entry("prices"), KEPT), good=(make_good("prices"), GOOD))


def _store(record: TargetRecord, **data: str) -> TargetRecord:
    body = dict(encode_record(record, TARGET))
    return decode_record(read_object({**body, "data": {**body["data"], **data}}, CONFIG_MAP), TARGET)


def test_policies_and_earlier_sets_come_back() -> None:
    stored = _store(RECORD)
    assert (stored.entries, stored.good) == (RECORD.entries, RECORD.good)


def test_many_of_them_come_back_too() -> None:
    entries = tuple(
        replace(make_entry(f"m{number:04}"), policy="orphan" if number % 2 else "") for number in range(2000)
    )
    body = encode_record(TargetRecord(entries=entries), TARGET)
    assert "policies.columns.gz" in body["binaryData"]
    assert decode_record(read_object(body, CONFIG_MAP), TARGET).entries == entries


def test_a_record_without_any_has_no_word_of_them() -> None:
    data = encode_record(TargetRecord(entries=(make_entry("wines"),)), TARGET)["data"]
    assert not {"policies", "earlier"} & set(data)


@pytest.mark.parametrize(
    "data",
    [
        {"policies": '{"apiVersion":"v1","kind":"ConfigMap","name":"notes","policy":"burn"}\n'},
        {"earlier": '{"deployment":"wines","digests":[1]}\n'},
    ],
)
def test_what_is_no_word_of_ours_makes_the_record_forged(data: dict[str, str]) -> None:
    assert _store(RECORD, **data).forged
