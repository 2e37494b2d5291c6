"""Records that earlier programs wrote, as they stand in clusters: read in full, and not written again for
nothing. The folder `earlier` holds them; they are never made anew."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.clients.cluster.answers import read_object
from reconciler.clients.cluster.kinds import CONFIG_MAP
from reconciler.observe.inventory import decode_record, encode_record, has_same_content
from reconciler.state.inventory import TargetRecord
from reconciler.state.targets import Target

TARGET = Target(environment="production", namespace="wines-production")
EARLIER = sorted((Path(__file__).parent / "earlier").glob("*.json"))

pytestmark = pytest.mark.covers("B40")


def read_stored(path: Path) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(path.read_text())
    return body


def decode(body: dict[str, Any]) -> TargetRecord:
    return decode_record(read_object(body, CONFIG_MAP), TARGET)


def test_there_are_records_of_earlier_programs() -> None:
    assert [path.stem for path in EARLIER] == ["packed", "with-good-sets", "without-good-sets"]


@pytest.mark.parametrize("path", EARLIER, ids=lambda path: path.stem)
class TestEachEarlierRecord:
    def test_is_read_in_full(self, path: Path) -> None:
        record = decode(read_stored(path))

        assert not record.forged
        assert len(record.entries) == (900 if path.stem == "packed" else 2)
        assert [entry.adopted for entry in record.entries][:2] == [False, True]
        assert len(record.good) == (0 if path.stem == "without-good-sets" else len(record.entries))
        assert [run.outcome for run in record.history] == [0, 1]
        assert [condition.type for condition in record.conditions] == ["Healthy", "Synced"]
        assert 'held by "kubectl-edit"' in record.results[0].message
        assert record.fence == 41
        assert record.applied.startswith("main@sha1:77ad03e")
        assert (record.backoff, record.marks, record.reversals, record.quiet) == (None, (), (), "")

    def test_says_what_it_says_in_the_form_of_now(self, path: Path) -> None:
        """So nothing is written merely because the program is a newer one."""
        record = decode(read_stored(path))
        body = dict(encode_record(record, TARGET))
        again = decode(body)

        assert again == record
        assert has_same_content(again, record, TARGET)

    def test_small_ones_have_the_very_same_text(self, path: Path) -> None:
        stored = read_stored(path)
        written = encode_record(decode(stored), TARGET)
        if path.stem == "packed":
            # The one migration: the next write of anything keeps columns in the place of lines.
            assert set(stored["binaryData"]) == {
                f"{name}.gz" for name in ("inventory", "results", "conditions", "history", "good")
            }
            assert set(written["binaryData"]) == {
                name.replace(".gz", ".columns.gz") for name in stored["binaryData"]
            }
        else:
            assert {"good": "", **stored["data"]} == {"good": "", **written["data"]}

    def test_a_change_of_it_is_seen(self, path: Path) -> None:
        record = decode(read_stored(path))

        assert not has_same_content(record, replace(record, attempted="main@sha1:0"), TARGET)
