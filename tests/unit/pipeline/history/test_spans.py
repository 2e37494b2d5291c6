"""A first-parent line to spans: what counts from when, and what is served at each time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.clients.source.interface import Commit, FileChange, LineCommit, MainLine
from reconciler.pipeline.history.spans import derive_history, find_digest
from reconciler.state.history import History
from tests.unit.policy.building import record

START = datetime(2026, 11, 1, tzinfo=timezone.utc)
NOW = START + timedelta(days=30)
WINES = "environments/production/deployments/wines.yaml"
RECORD = "models/wines/versions/5.yaml"
ENVIRONMENT = "environments/production/environment.yaml"

Files = Mapping[str, "str | None"]


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def declare(*variants: str, rest: str = "") -> str:
    return "model: wines\nvariants:\n" + "".join(f"  - {{{variant}}}\n" for variant in variants) + rest


def name_of(content: str) -> str:
    return hashlib.sha1(content.encode(), usedforsecurity=False).hexdigest()


def derive(
    *steps: tuple[float, Files], complete: bool = True, models: tuple[str, ...] | None = None
) -> History:
    """The history of commits made so many hours after the start, each with the files that it changed."""
    commits = tuple(
        LineCommit(
            commit=Commit(
                sha=f"{number:040x}",
                author="Ada",
                email="ada@example.com",
                committed=at(hours),
                subject=f"change {number}",
            ),
            merge=False,
            changes=tuple(
                FileChange(path=path, name="" if content is None else name_of(content))
                for path, content in files.items()
            ),
        )
        for number, (hours, files) in enumerate(steps)
    )
    contents = {
        name_of(content): content.encode()
        for _, files in steps
        for content in files.values()
        if content is not None
    }
    line = MainLine(head="f" * 40, complete=complete, commits=commits)
    return derive_history(line, contents, NOW, models)


def tell(history: History) -> list[str]:
    """Each span in a line, with its hours."""
    return [
        f"{span.object} {span.predictor} {span.share} "
        f"{_hours(span.since)}-{'' if span.until is None else _hours(span.until)}"
        for span in history.spans
    ]


def _hours(moment: datetime) -> str:
    return f"{(moment - START).total_seconds() / 3600:g}"


def test_a_share_holds_from_one_commit_to_the_next_that_changes_it() -> None:
    history = derive(
        (0, {WINES: declare("version: 3, traffic: 100")}),
        (5, {WINES: declare("version: 3, traffic: 90", "version: 5, traffic: 10")}),
        (8, {WINES: declare("version: 3, traffic: 90", "version: 5, traffic: 10", "version: 6, shadow: 20")}),
        (9, {WINES: None}),
    )
    assert tell(history) == [
        "production/wines v3 100 0-5",
        "production/wines v3 90 5-9",
        "production/wines v5 10 5-9",
        "production/wines v6-shadow 20 8-9",
    ]
    assert [span.revision[-1] for span in history.spans] == ["0", "1", "1", "2"]


def test_a_comment_or_another_setting_begins_nothing_new() -> None:
    history = derive(
        (0, {WINES: declare("version: 3, traffic: 100")}),
        (1, {WINES: declare("version: 3, traffic: 100", rest="# the old one\nserving: {replicas: 3}\n")}),
    )
    assert tell(history) == ["production/wines v3 100 0-"]


REFUSED = (
    "experiment: {baseline: v3, challengers: [v5], reward: {name: a}, minSamples: 1, until: 2026-12-01}\n"
)


def test_a_file_that_cannot_be_read_or_is_refused_leaves_what_served() -> None:
    history = derive(
        (0, {WINES: declare("version: 3, traffic: 100")}),
        (1, {WINES: "model: [wines\n"}),
        (2, {WINES: "model: wines\nvariants: 5\n"}),
        (3, {WINES: declare("version: 3, traffic: 100", rest="model: wines\n")}),
        (4, {WINES: declare("version: 5, traffic: 100", rest=REFUSED)}),
    )
    assert tell(history) == ["production/wines v3 100 0-"]


def test_what_is_retired_serves_no_more() -> None:
    history = derive(
        (0, {WINES: declare("version: 3, traffic: 100"), ENVIRONMENT: "namespace: wines\n"}),
        (1, {WINES: declare("version: 3, traffic: 100", rest="retire: true\n")}),
        (2, {WINES: declare("version: 3, traffic: 100")}),
        (3, {ENVIRONMENT: "namespace: wines\nretire: true\n"}),
        (4, {ENVIRONMENT: "namespace: wines\nretire: oh\n"}),
        (5, {ENVIRONMENT: None}),
    )
    assert tell(history) == [
        "production/wines v3 100 0-1",
        "production/wines v3 100 2-3",
        "production/wines v3 100 5-",
    ]


def test_a_record_that_is_exchanged_makes_it_another_version() -> None:
    first = record(5)
    second = re.sub("sha256:[0-9a-f]{64}", f"sha256:{'1' * 64}", first)
    history = derive(
        (0, {WINES: declare("version: 5, traffic: 100"), RECORD: first}),
        (1, {RECORD: first + "# a comment\n"}),
        (2, {RECORD: "identity: [\n"}),
        (3, {RECORD: second}),
        (4, {RECORD: None}),
    )
    assert [(span.digest, _hours(span.since)) for span in history.spans] == [
        (find_digest(RECORD, first.encode()), "0"),
        (f"sha256:{'1' * 64}", "3"),
        ("", "4"),
    ]


def test_a_digest_is_that_of_the_identity_however_the_record_is_written() -> None:
    digest = find_digest(RECORD, record(5).encode())
    assert digest is not None
    moved = "# first\n" + record(5) + "\n"
    assert find_digest(RECORD, moved.encode()) == digest
    decoy = f"evidence:\n  tags:\n    x: |\n      identity:\n        digest: sha256:{'1' * 64}\n"
    written = record(5).replace("evidence: {}\n", "")
    assert find_digest(RECORD, (decoy + written).encode()) == digest
    assert find_digest(RECORD, b"identity:\n  digest: 5\n") is None


def test_a_graph_counts_as_a_whole_and_in_parts() -> None:
    graph = (
        "traffic: 40, name: blend, graph: {name: mix, type: combiner, image: x, children: ["
        "{name: red, model: wines, version: 5}, {name: white, model: whites, version: 2}]}"
    )
    history = derive((0, {WINES: declare("version: 3, traffic: 60", graph)}))
    assert [(span.model, span.version, span.share, span.part) for span in history.spans] == [
        ("wines", None, 40, False),
        ("wines", 3, 60, False),
        ("whites", 2, 40, True),
        ("wines", 5, 40, True),
    ]


def test_only_what_was_asked_for_is_told() -> None:
    other = WINES.replace("wines", "others")
    history = derive(
        (
            0,
            {
                WINES: declare("version: 3, traffic: 100"),
                other: "model: others\nvariants:\n  - {version: 1, traffic: 100}\n",
            },
        ),
        (1, {WINES: "model: others\nvariants:\n  - {version: 1, traffic: 100}\n"}),
        models=("wines",),
    )
    assert tell(history) == ["production/wines v3 100 0-1"]


def test_no_commit_counts_from_before_the_one_below_it() -> None:
    history = derive(
        (10, {WINES: declare("version: 3, traffic: 100")}),
        (2, {WINES: declare("version: 5, traffic: 100")}),
        (12, {WINES: declare("version: 6, traffic: 100")}),
    )
    assert tell(history) == ["production/wines v5 100 10-12", "production/wines v6 100 12-"]


def test_a_commit_from_the_future_proves_no_time_and_holds_nothing_back() -> None:
    history = derive(
        (0, {WINES: declare("version: 3, traffic: 100")}),
        (9999, {WINES: declare("version: 5, traffic: 100")}),
        (20, {WINES: declare("version: 5, traffic: 90", "version: 3, traffic: 10")}),
        (9999, {WINES: declare("version: 5, traffic: 100")}),
    )
    assert [(span.predictor, span.share, span.since, span.until) for span in history.spans] == [
        ("v3", 100, at(0), at(20)),
        ("v3", 10, at(20), NOW),
        ("v5", 90, at(20), NOW),
        ("v5", 100, NOW, None),
    ]


def test_a_line_that_is_cut_short_says_so() -> None:
    assert not derive((0, {WINES: declare("version: 3, traffic: 100")}), complete=False).complete


SHARES = st.lists(st.integers(0, 100), max_size=3).map(lambda cuts: [0, *sorted(cuts), 100])
SETS = SHARES.map(
    lambda cuts: declare(
        *(
            f"version: {number + 1}, traffic: {high - low}"
            for number, (low, high) in enumerate(pairwise(cuts))
        )
    )
)
STEPS = st.lists(
    st.tuples(st.integers(-50, 900), st.one_of(SETS, st.none(), st.just("model: [\n"))),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_the_shares_declared_at_each_time_sum_to_100(steps: list[tuple[int, str | None]]) -> None:
    history = derive(*((hours, {WINES: content}) for hours, content in steps))
    moments = {span.since for span in history.spans} | {span.until for span in history.spans if span.until}
    for moment in sorted({*moments, *(moment + timedelta(minutes=1) for moment in moments)}):
        served = history.list_served("production", "wines", moment)
        assert sum(span.share for span in served) in ((100,) if served else (0,))


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_spans_of_one_predictor_follow_each_other(steps: list[tuple[int, str | None]]) -> None:
    history = derive(*((hours, {WINES: content}) for hours, content in steps))
    for predictor in {span.predictor for span in history.spans}:
        own = [span for span in history.spans if span.predictor == predictor]
        assert all(span.until is None or span.since < span.until for span in own)
        assert all(
            before.until is not None and before.until <= after.since for before, after in pairwise(own)
        )
