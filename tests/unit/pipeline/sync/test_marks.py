"""The quiet mark: what it covers, when it speaks, and that nobody else's text is one."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reconciler
from reconciler.clients.cluster.kinds import CONFIG_MAP, DEPLOYMENT
from reconciler.pipeline.sync.marks import (
    LONGEST,
    QuietMark,
    QuietTerms,
    decode_mark,
    describe_terms,
    digest_content,
    digest_seen,
    encode_mark,
    find_all,
    is_valid,
)
from reconciler.settings import ClusterSettings, Settings
from reconciler.state.objects import (
    EXTRA_KINDS,
    PART_OF_LABEL,
    SELDON_DEPLOYMENT,
    Kind,
    LiveObject,
    ObjectKey,
)
from reconciler.state.observations import Health, HealthWord
from reconciler.state.outcomes import Outcome

NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
COMMIT = "4" * 40
TERMS = QuietTerms(digest="abc", environments=("production", "staging"), others=("ns/modelsync-x",))
MARK = QuietMark(
    terms=TERMS,
    cluster="eu",
    kinds=(SELDON_DEPLOYMENT, EXTRA_KINDS[0]),
    seen="seen",
    record="record",
    made=NOW,
    until=NOW + timedelta(minutes=30),
    outcome=Outcome.DONE,
    digest="sha256:1",
    notes=("wines: its earlier set is gone from git",),
)


def sick(name: str, reason: str = "1 of 2 Pods are ready") -> Health:
    key = ObjectKey(kind=SELDON_DEPLOYMENT, namespace="ns", name=name)
    return Health(key=key, word=HealthWord.IN_PROGRESS, reason=reason)


def live(
    name: str = "wines", *, kind: Kind = SELDON_DEPLOYMENT, uid: str = "u", version: str = "1"
) -> LiveObject:
    return LiveObject(
        key=ObjectKey(kind=kind, namespace="ns", name=name),
        uid=uid,
        resource_version=version,
        generation=1,
        labels={PART_OF_LABEL: "applyset-x-v1"},
        annotations={},
        deleting=False,
        body={},
    )


@pytest.mark.parametrize(
    "mark",
    [
        MARK,
        replace(MARK, outcome=Outcome.UNHEALTHY, health=(sick("wines"), sick("prices", 'says "no"\n'))),
        replace(MARK, health=tuple(sick(f"wines-{number}") for number in range(500))),
    ],
    ids=["plain", "with health", "packed"],
)
def test_a_mark_is_read_as_it_was_written(mark: QuietMark) -> None:
    assert decode_mark(encode_mark(mark)) == mark


def test_many_words_are_packed_and_too_many_leave_no_mark() -> None:
    many = replace(MARK, health=tuple(sick(f"wines-{number}") for number in range(500)))
    assert len(encode_mark(many)) < 10_000

    # Reasons that differ from each other in everything cannot be packed.
    reasons = (hashlib.sha512(str(number).encode()).hexdigest() for number in range(5_000))
    wordy = replace(MARK, health=tuple(sick(f"w{number}", reason) for number, reason in enumerate(reasons)))
    assert encode_mark(wordy) == ""
    assert decode_mark("") is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"format":1', '"format":2'),
        ('"format":1', '"format":true'),
        ('"outcome":0', '"outcome":5'),
        ('"outcome":0', '"outcome":false'),
        ('"made":"2026', '"made":"never'),
        ('"until":"2026-11-23T12:30:00Z"', '"until":""'),
        ('"kinds":["seldondeployments"', '"kinds":["secrets"'),
        ('"kinds":["seldondeployments"', '"kinds":[["seldondeployments"]'),
        ('"seen":"seen"', '"seen":1'),
        ('"environments":["production"', '"environments":[1'),
        ('"health":[]', '"health":[["seldondeployments","ns","wines","InProgress"]]'),
        ('"health":[]', '"health":[["seldondeployments","ns","wines","Splendid","x"]]'),
        ('"health":[]', '"health":{}'),
        ('"notes":', '"remarks":'),
    ],
)
def test_a_text_with_anything_else_in_it_is_no_mark(old: str, new: str) -> None:
    text = encode_mark(MARK)
    assert old in text

    assert decode_mark(text.replace(old, new)) is None


@given(st.text() | st.text(alphabet='{}[]",:0').map(lambda text: f"gzip:{text}"))
def test_no_text_makes_reading_fail(text: str) -> None:
    assert decode_mark(text) is None


@pytest.mark.parametrize(
    ("now", "valid"),
    [
        (NOW, True),
        (NOW + timedelta(minutes=29), True),
        (NOW + timedelta(minutes=30), False),
        # The clock was set back: what time it is now is not known.
        (NOW - timedelta(seconds=1), False),
    ],
)
def test_a_mark_speaks_from_when_it_was_made_until_its_end(now: datetime, *, valid: bool) -> None:
    assert is_valid(MARK, TERMS, now) is valid


@pytest.mark.covers("B8")
def test_a_mark_that_claims_to_last_longer_than_an_hour_does_not() -> None:
    forged = replace(MARK, until=NOW + timedelta(days=365))

    assert is_valid(forged, TERMS, NOW + LONGEST - timedelta(seconds=1))
    assert not is_valid(forged, TERMS, NOW + LONGEST)


def test_a_mark_of_other_terms_does_not_speak() -> None:
    assert not is_valid(MARK, replace(TERMS, digest="abd"), NOW)


@pytest.mark.parametrize(
    "other",
    [
        describe_terms(Settings(), "5" * 40),
        describe_terms(Settings(ref="release"), COMMIT),
        describe_terms(Settings(cluster=ClusterSettings(name="eu")), COMMIT),
    ],
)
def test_terms_tell_commit_ref_and_cluster_apart(other: QuietTerms) -> None:
    same = describe_terms(Settings(directory=Path("elsewhere"), wait=5.0), COMMIT)

    assert describe_terms(Settings(), COMMIT) == same
    assert other != same


@pytest.mark.parametrize("file", ["render/templates/seldon-v1/container.yaml.j2", "plan/guards.py"])
def test_terms_of_a_patched_program_are_others(tmp_path: Path, file: str) -> None:
    shutil.copytree(Path(reconciler.__file__).parent, tmp_path / "reconciler")

    def ask() -> str:
        code = (
            "from reconciler.pipeline.sync.marks import describe_terms\n"
            "from reconciler.settings import Settings\n"
            f"print(describe_terms(Settings(), '{COMMIT}').digest)"
        )
        return subprocess.check_output([sys.executable, "-c", code], cwd=tmp_path, text=True)

    same = ask()
    assert same == f"{describe_terms(Settings(), COMMIT).digest}\n"
    with (tmp_path / "reconciler" / file).open("a", encoding="utf-8") as patched:
        patched.write("\n")
    assert ask() != same


def test_terms_name_environments_and_others_in_one_order() -> None:
    one = find_all(TERMS, ["b", "a"], {"ns/modelsync-x"})

    assert (one.digest, one.environments, one.others) == ("abc", ("a", "b"), ("ns/modelsync-x",))


@pytest.mark.parametrize(
    "moved",
    [
        (live(version="2"),),
        (live(uid="v"),),
        (live("prices"),),
        (live(), live("prices")),
        (),
    ],
    ids=["written", "made anew", "renamed", "one more", "gone"],
)
def test_whatever_moves_changes_what_was_seen(moved: tuple[LiveObject, ...]) -> None:
    workloads = (live("wines-v1", kind=DEPLOYMENT),)

    assert digest_seen(moved, workloads) != digest_seen((live(),), workloads)
    assert digest_seen(workloads, moved) != digest_seen(workloads, (live(),))


def test_what_was_seen_does_not_depend_on_the_order_nor_on_records_that_other_runs_mark() -> None:
    record = replace(live("modelsync-staging", kind=CONFIG_MAP), labels={})
    dashboards = live("dashboards", kind=CONFIG_MAP)
    both = (live(), dashboards)

    assert digest_seen((dashboards, live(), record), ()) == digest_seen(both, ())
    assert digest_seen((live(),), ()) != digest_seen(both, ())


def test_the_content_of_a_record_is_what_it_holds_and_not_how_it_is_called() -> None:
    body = {"data": {"a": "1"}, "metadata": {"resourceVersion": "1"}}

    assert digest_content({"data": {"a": "1"}}) == digest_content(body)
    assert digest_content({"data": {"a": "2"}}) != digest_content(body)
    assert digest_content({**body, "binaryData": {"b.gz": "x"}}) != digest_content(body)
