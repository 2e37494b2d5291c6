"""Version records: what their digest stands for, and the policies record-exists and record-matches."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.policy.records import compute_digest, find_unidentified
from reconciler.state.declarations import RecordedFile
from tests.unit.policy.building import DEPLOYMENT, MODEL, deployment, find, record, tell

RECORD = "models/wines/versions/5.yaml"

FILES = st.dictionaries(
    st.text(min_size=1, max_size=8),
    st.builds(
        RecordedFile,
        bytes=st.integers(0, 2**40),
        sha256=st.none() | st.sampled_from(["a" * 64, "b" * 64]),
        checksum=st.none() | st.sampled_from(["etag:1", "etag:2"]),
    ),
    max_size=4,
)


def test_a_digest_that_anybody_can_compute() -> None:
    files = {
        "model.pkl": RecordedFile(bytes=2, checksum="etag:77"),
        "MLmodel": RecordedFile(bytes=1702, sha256="0" * 64),
    }
    text = f'[["MLmodel",1702,"sha256:{"0" * 64}"],["model.pkl",2,"etag:77"]]'
    assert compute_digest(files) == f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


@given(FILES)
def test_the_order_of_files_does_not_matter(files: dict[str, RecordedFile]) -> None:
    assert compute_digest(dict(reversed(files.items()))) == compute_digest(files)


@given(FILES, st.text(min_size=1, max_size=8))
def test_one_more_file_is_another_digest(files: dict[str, RecordedFile], name: str) -> None:
    more = {**files, f"more/{name}": RecordedFile(bytes=1, sha256="c" * 64)}
    assert (compute_digest(more) == compute_digest(files)) is (more == files)


def test_a_name_that_is_no_valid_text_has_a_digest_too() -> None:
    assert compute_digest({"\ud800": RecordedFile(bytes=1)}).startswith("sha256:")


def test_files_that_nothing_identifies() -> None:
    files = {
        "b": RecordedFile(bytes=1),
        "a": RecordedFile(bytes=1),
        "c": RecordedFile(bytes=1, checksum="etag:1"),
        "d": RecordedFile(bytes=1, sha256="0" * 64),
    }
    assert find_unidentified(files) == ("a", "b")


class TestRecordExists:
    def test_says_how_to_pin(self) -> None:
        text = deployment("{version: 7, traffic: 100}")
        assert tell(find("record-exists", {DEPLOYMENT: text})) == [
            f"{DEPLOYMENT}:3:15 production/wines: wines v7 has no record (models/wines/versions/7.yaml); "
            + "pinned are v3, v5. Pin it: modelsync pin wines 7"
        ]

    @pytest.mark.parametrize(
        ("pinned", "says"),
        [
            ((), "no version of it is pinned."),
            ((4,), "pinned is v4."),
            ((4, 9, 8, 10, 11, 12, 13), "pinned are v9, v10, v11, v12, v13 and 2 older."),
        ],
    )
    def test_says_what_is_pinned(self, pinned: tuple[int, ...], says: str) -> None:
        changes: dict[str, str | None] = {
            f"models/wines/versions/{version}.yaml": record(version) for version in pinned
        }
        gone = {f"models/wines/versions/{version}.yaml": None for version in (3, 5) if version not in pinned}
        text = deployment("{version: 7, traffic: 100}")
        (finding,) = find("record-exists", {**changes, **gone, DEPLOYMENT: text})
        assert finding.message.endswith(says)

    def test_a_variant_without_a_version_needs_none(self) -> None:
        assert find("record-exists", {DEPLOYMENT: deployment("{traffic: 100}")}) == ()

    def test_a_model_that_does_not_exist_is_left_to_references_exist(self) -> None:
        text = "model: beers\nvariants:\n  - {version: 7, traffic: 100}\n"
        assert find("record-exists", {DEPLOYMENT: text}) == ()


class TestRecordMatches:
    def test_the_file_name_is_the_version(self) -> None:
        assert tell(find("record-matches", {RECORD: record(4)})) == [
            f"{RECORD}:4:12 wines v5: the record is about version 4; its file name says 5. "
            + "Move it to models/wines/versions/4.yaml, or write it again: modelsync pin wines 5"
        ]

    def test_the_registered_model_is_the_models(self) -> None:
        assert tell(find("record-matches", {RECORD: record(5, name="beer-quality")})) == [
            f"{RECORD}:3:9 wines v5: the record is about registered model beer-quality; "
            + "models/wines/model.yaml says wine-quality. "
            + "Pin it again (modelsync pin wines 5), or give beer-quality a folder of its own."
        ]

    def test_the_registry_is_the_models(self) -> None:
        (finding,) = find("record-matches", {RECORD: record(5, registry="other")})
        assert str(finding.location) == f"{RECORD}:2:13"
        assert "the record is about registry other; models/wines/model.yaml says main." in finding.message

    def test_without_a_model_there_is_nothing_to_compare_with(self) -> None:
        assert find("record-matches", {RECORD: record(5, name="beer-quality"), MODEL: None}) == ()

    def test_the_digest_is_that_of_the_files(self) -> None:
        text = record(5).replace("bytes: 10", "bytes: 11")
        (finding,) = find("record-matches", {RECORD: text})
        assert str(finding.location) == f"{RECORD}:7:11"
        assert finding.message.startswith("wines v5: the digest is sha256:")
        assert finding.advice.endswith("write it again: modelsync pin wines 5")

    def test_each_file_is_identified_by_its_content(self) -> None:
        text = record(5).replace(f', sha256: "{"0" * 64}"', "")
        first, second = find("record-matches", {RECORD: text})
        assert "the digest is" in first.message
        assert second.message == (
            "wines v5: nothing identifies the content of MLmodel (neither sha256 nor checksum)."
        )
