"""How much a record may hold, and what it leaves out first. The API server takes 1 MiB of a ConfigMap."""

from __future__ import annotations

import base64
import random
from dataclasses import replace
from functools import cache

import pytest

from reconciler.clients.cluster.answers import read_object
from reconciler.clients.cluster.kinds import CONFIG_MAP
from reconciler.observe.budget import BUDGET, INCOMPLETE
from reconciler.observe.inventory import decode_record, encode_record, has_same_content
from reconciler.state.figures import DeploymentStanding, Standing
from reconciler.state.inventory import TargetRecord
from reconciler.state.objects import Body
from reconciler.state.observations import HealthWord
from reconciler.state.shares import Share
from reconciler.state.targets import Target
from tests.support.records import make_record

TARGET = Target(environment="production", namespace="everything-production")
API_SERVER_LIMIT = 1024 * 1024

pytestmark = pytest.mark.covers("T19")


def make_many(count: int) -> TargetRecord:
    return make_record(count, TARGET.namespace)


def size(body: Body) -> int:
    """As the API server counts: values of data, and of binaryData as they are without base64."""
    packed = sum(len(base64.b64decode(text)) for text in body.get("binaryData", {}).values())
    return packed + sum(len(text.encode()) for text in body["data"].values())


def read_back(body: Body) -> TargetRecord:
    return decode_record(read_object(body, CONFIG_MAP), TARGET)


def noise(length: int) -> str:
    """Text that does not get smaller by packing."""
    return base64.b64encode(random.Random(length).randbytes(length)).decode()


def add_bodies(record: TargetRecord, length: int) -> TargetRecord:
    return replace(
        record,
        good=tuple(replace(item, body=noise(length + number)) for number, item in enumerate(record.good)),
    )


def add_everything(record: TargetRecord) -> TargetRecord:
    """All that a record may say of each object besides, and nothing of it as usual."""
    chance = random.Random(1)
    names = [item.deployment for item in record.good]
    return replace(
        record,
        entries=tuple(replace(entry, policy="keep", adopted=True) for entry in record.entries),
        good=tuple(
            replace(item, earlier=tuple(f"{chance.getrandbits(48):012x}" for _ in range(4)), body=noise(40))
            for item in record.good
        ),
        before=tuple(replace(item, body=noise(50)) for item in record.good),
        results=tuple(replace(item, message=chance.randbytes(60).hex()) for item in record.results),
        standing=Standing(
            deployments=tuple(
                DeploymentStanding(
                    deployment=name,
                    model=f"{name}-model",
                    shares=(Share(predictor="v77", version="v77", shadow=False, percent=100),),
                    health=HealthWord.FAILED,
                )
                for name in names
            )
        ),
    )


@cache
def make_tight() -> tuple[TargetRecord, Body]:
    """A record whose manifests have no room, and what is stored of it."""
    record = add_bodies(make_many(2000), 900)
    return record, encode_record(record, TARGET)


def told(record: TargetRecord) -> str:
    return next((item.message for item in record.conditions if item.type == INCOMPLETE), "")


def test_ten_thousand_objects_with_results_and_good_sets_fit_with_room_to_spare() -> None:
    record = make_many(10_000)
    body = encode_record(record, TARGET)

    assert size(body) < 0.88 * API_SERVER_LIMIT
    assert read_back(body) == replace(record, exists=True)
    assert not told(read_back(body))


def test_what_fits_keeps_its_bodies() -> None:
    record = add_bodies(make_many(300), 600)
    body = encode_record(record, TARGET)

    assert body["binaryData"]
    assert read_back(body) == replace(record, exists=True)


class TestNoRoom:
    """Two thousand objects, and texts that are too long."""

    def test_bodies_of_good_sets_go_first_and_no_more_of_them_than_must(self) -> None:
        record, body = make_tight()
        kept = read_back(body)

        assert told(kept) == "a ConfigMap has no room for: 1500 of 2000 bodies of good sets"
        assert [item.deployment for item in kept.good if item.body] == [
            item.deployment for item in record.good[:500]
        ]
        assert kept.history == record.history
        assert kept.entries == record.entries
        assert kept.results == record.results

    def test_the_sets_before_the_last_good_ones_go_before_these(self) -> None:
        record = add_bodies(make_many(500), 300)
        before = tuple(replace(item, body=noise(2000 + number)) for number, item in enumerate(record.good))
        kept = read_back(encode_record(replace(record, before=before), TARGET))

        assert told(kept) == "a ConfigMap has no room for: 250 of 500 earlier good sets"
        assert kept.before == before[:250]
        assert kept.good == record.good

    def test_then_the_history_but_for_its_newest_run(self) -> None:
        record = make_many(2000)
        record = replace(
            add_bodies(record, 10),
            history=tuple(
                replace(run, summary=noise(90_000 + number)) for number, run in enumerate(record.history)
            ),
        )
        kept = read_back(encode_record(record, TARGET))

        assert "all bodies of good sets, history but for its newest run, numbers for metrics" in told(kept)
        assert kept.history == record.history[-1:]
        assert kept.results == record.results
        assert kept.entries == record.entries

    def test_then_the_ends_of_long_messages(self) -> None:
        record = make_many(1000)
        record = replace(
            record,
            results=tuple(
                replace(result, message=noise(2000 + number)) for number, result in enumerate(record.results)
            ),
        )
        kept = read_back(encode_record(record, TARGET))

        assert told(kept).endswith("numbers for metrics, the ends of long messages")
        assert {len(result.message) for result in kept.results} == {120}
        assert kept.entries == record.entries

    def test_the_inventory_stays_whole_whatever_else_there_is(self) -> None:
        record = add_everything(make_many(12_000))
        body = encode_record(record, TARGET)
        kept = read_back(body)

        assert size(body) < API_SERVER_LIMIT
        assert kept.entries == record.entries
        assert kept.applied == record.applied
        # Half of it would say that what is left out is well.
        assert kept.standing is None
        assert told(kept).endswith("numbers for metrics, results, good sets")

    def test_the_record_without_them_says_the_same_as_the_one_that_is_stored(self) -> None:
        """Else each run would write it again."""
        record, body = make_tight()

        assert has_same_content(record, read_back(body), TARGET)

    def test_what_is_written_keeps_to_the_budget(self) -> None:
        assert size(make_tight()[1]) <= BUDGET + 1024
