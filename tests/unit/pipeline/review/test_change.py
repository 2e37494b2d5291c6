"""What is said of a change: evidence on equal data only, what to weigh, and when its base is too old."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from reconciler.load.documents import load
from reconciler.pipeline.review.evidence import compare_versions, describe_version
from reconciler.pipeline.review.staleness import find_stale
from reconciler.plan.restarts import PodFate, find_fates
from reconciler.policy.records import compute_digest
from reconciler.state.declarations import RecordedFile, VersionRecord
from reconciler.state.repository import Repository
from reconciler.state.reviews import Review, Stale, Verdict
from reconciler.validate.parse import parse
from tests.golden.changes import read_sides, review_files
from tests.support.worlds import make_manifest

GOLDEN = Path(__file__).parents[3] / "golden"
EVALUATION = {"name": "test", "digest": "9c1e", "context": "evaluation"}
SIGNATURE = {"inputs": [{"name": "ph", "type": "double"}], "outputs": [{"type": "double"}]}


def _make_record(
    metrics: Mapping[str, float], dataset: Mapping[str, str] | None = None, signature: object = SIGNATURE
) -> VersionRecord:
    return VersionRecord.model_validate(
        {
            "identity": {
                "registry": "main",
                "name": "wines",
                "version": 5,
                "source": "s3://x",
                "run": "5c1f",
                "created": "2026-11-21T14:03:00Z",
                "digest": "sha256:" + "0" * 64,
                "files": {},
            },
            "loader": {"flavours": {}, "signature": signature},
            "evidence": {"metrics": metrics, "dataset": dataset},
        }
    )


GOOD = _make_record({"rmse": 0.8}, EVALUATION)


@pytest.mark.parametrize(
    ("mine", "theirs", "reason"),
    [
        (_make_record({"rmse": 0.7}, EVALUATION), GOOD, ""),
        (
            _make_record({"rmse": 0.7}, {**EVALUATION, "digest": "77"}),
            GOOD,
            "measured on other evaluation data",
        ),
        (_make_record({"rmse": 0.7}), GOOD, "the evaluation data is not recorded"),
        (
            _make_record({"rmse": 0.7}, {**EVALUATION, "context": "training"}),
            GOOD,
            "the data of the training is recorded, not that of the evaluation",
        ),
        (_make_record({"mae": 0.7}, EVALUATION), GOOD, "they have no metric in common"),
        (_make_record({}), GOOD, "v5 has no metrics"),
        (GOOD, _make_record({}), "v3 has no metrics"),
        (None, GOOD, "v5 has no readable record"),
        (GOOD, None, "v3 has no readable record"),
    ],
)
def test_metrics_are_compared_on_equal_evaluation_data_only(
    mine: VersionRecord | None, theirs: VersionRecord | None, reason: str
) -> None:
    evidence = compare_versions(5, mine, 3, theirs)
    assert evidence.incomparable == reason
    assert [(item.name, item.old, item.new) for item in evidence.metrics] == (
        [] if reason else [("rmse", 0.8, 0.7)]
    )


def _sign(*columns: tuple[str, str], outputs: str = "double") -> VersionRecord:
    inputs = [{"name": name, "type": kind} for name, kind in columns]
    return _make_record({}, signature={"inputs": inputs, "outputs": [{"type": outputs}]})


@pytest.mark.parametrize(
    ("mine", "theirs", "said"),
    [
        (GOOD, GOOD, "same inputs and outputs"),
        (_sign(("ph", "double"), outputs="long"), GOOD, "same inputs, other outputs"),
        (_sign(("ph", "long")), GOOD, "other inputs (~ph)"),
        (_sign(("acidity", "double")), GOOD, "other inputs (+acidity, -ph)"),
        (_sign(("b", "x"), ("a", "x")), _sign(("a", "x"), ("b", "x")), "other inputs (in another order)"),
        (_sign(*((name, "x") for name in "abcde")), GOOD, "other inputs (+a, +b, +c and 3 more)"),
        (_make_record({}, signature={"inputs": "?"}), GOOD, "other inputs and outputs"),
        (_make_record({}, signature=None), GOOD, "no signature"),
        (GOOD, _make_record({}, signature=None), "no signature before"),
    ],
)
def test_what_became_of_the_signature(mine: VersionRecord, theirs: VersionRecord, said: str) -> None:
    assert compare_versions(5, mine, 3, theirs).signature == said


def test_a_first_version_has_nothing_to_be_compared_with() -> None:
    assert "nothing serves here" in describe_version(5, GOOD).incomparable
    assert describe_version(5, None).run == ""


def _review(case: str, **edits: tuple[str, str]) -> Review:
    """The review of a golden case, in which texts of its files are replaced, on both sides."""
    before, after = read_sides(GOLDEN / case)
    for text, other in edits.values():
        before = {path: data.replace(text.encode(), other.encode()) for path, data in before.items()}
        after = {path: data.replace(text.encode(), other.encode()) for path, data in after.items()}
    return review_files(before, after)


def _list_texts(review: Review) -> list[str]:
    return [note.text for note in review.risks]


def test_a_jump_of_a_share_is_told_by_the_rule_of_the_environment() -> None:
    assert not any("jumps" in text for text in _list_texts(_review("change-canary")))
    limited = _review("change-canary", step=("max-traffic-step: 50", "max-traffic-step: 5"))
    assert "v5 jumps from 0 % to 10 % at once" in _list_texts(limited)


def test_files_known_by_a_checksum_alone_are_told() -> None:
    sha, checksum = "5" * 64, RecordedFile.model_validate({"bytes": 1702, "checksum": "md5:5"})
    before, _ = read_sides(GOLDEN / "change-canary")
    known = _read_digest(before["models/wines/versions/5.yaml"])
    review = _review(
        "change-canary",
        file=(f'sha256: "{sha}"', 'checksum: "md5:5"'),
        digest=(known, compute_digest({"MLmodel": checksum})),
    )
    assert "v5 has files that are known by their store's checksum alone" in _list_texts(review)


def _read_digest(record: bytes) -> str:
    return next(word.strip('"') for word in record.decode().split() if word.startswith('"sha256:'))


def test_an_end_without_approval_is_told() -> None:
    before, after = read_sides(GOLDEN / "change-retire")
    gone = {path: data for path, data in after.items() if "production/deployments" not in path}
    assert any("nothing says retire: true" in text for text in _list_texts(review_files(before, gone)))


def test_pods_that_are_replaced_while_they_serve_are_told() -> None:
    before, after = read_sides(GOLDEN / "change-canary")
    path = "models/defaults.yaml"
    bigger = {**before, path: after[path].replace(b"memory: 1Gi", b"memory: 2Gi")}
    review = review_files(before, bigger)
    assert "Pods of v3 are replaced while they serve" in _list_texts(review)
    assert {row.pods for row in review.rows if row.target == "production"} == {"replaced"}


def test_an_error_fails_and_an_open_question_is_no_pass() -> None:
    assert _review("change-canary").verdict is Verdict.PASS
    assert _review("change-without-evidence").verdict is Verdict.UNVERIFIED
    assert _review("change-new-version").verdict is Verdict.FAIL


def test_an_old_base_fails() -> None:
    stale = Stale(object="production/wines", files=(WINES,))
    review = review_files(*read_sides(GOLDEN / "change-canary"), stale=(stale,))
    assert review.verdict is Verdict.FAIL
    assert review.reasons == (
        "the main branch moved on in what this touches (production/wines): update the branch",
    )


def test_the_registry_matters_where_a_record_changes() -> None:
    assert any(
        "not compared with the registry: wine-quality v5" in it
        for it in _review("change-new-version").reasons
    )
    assert _review("change-canary").reasons == ()


def test_the_fate_of_pods() -> None:
    old = make_manifest(shares={"v3": 100, "v4": 0}).body
    new = make_manifest(shares={"v3": 90, "v5": 10}).body
    assert find_fates(old, new) == {"v3": PodFate.KEPT, "v5": PodFate.STARTED, "v4": PodFate.STOPPED}
    predictors = [{**item, "replicas": 7} for item in old["spec"]["predictors"]]
    scaled = {**old, "spec": {**old["spec"], "predictors": predictors}}
    assert set(find_fates(old, scaled).values()) == {PodFate.SCALED}
    other = {**old, "spec": {**old["spec"], "protocol": "seldon"}}
    assert set(find_fates(old, other).values()) == {PodFate.REPLACED}
    assert find_fates(None, None) == {}


def _parse(files: Mapping[str, bytes]) -> Repository:
    return parse(load(files))[0]


WINES = "environments/production/deployments/wines.yaml"
OTHER = "environments/production/deployments/prices.yaml"
MODEL = "models/wines/model.yaml"
STAGING = "environments/staging/deployments/wines.yaml"


@pytest.mark.parametrize(
    ("here", "there", "stale"),
    [
        ({WINES}, {OTHER}, []),
        ({WINES}, {"environments/staging/environment.yaml"}, []),
        ({WINES}, {WINES}, ["production/wines"]),
        ({WINES}, {MODEL}, ["production/wines"]),
        ({WINES}, {"environments/production/environment.yaml"}, ["production/wines"]),
        ({WINES}, {"models/wines/versions/5.yaml"}, ["production/wines"]),
        ({MODEL}, {OTHER}, []),
        ({MODEL}, {STAGING}, ["staging/wines"]),
        ({"models/reds/model.yaml"}, {"models/reds/model.yaml"}, ["models/reds/model.yaml"]),
        ({"README.md"}, {WINES}, []),
    ],
)
def test_a_base_is_old_for_what_the_change_touches(here: set[str], there: set[str], stale: list[str]) -> None:
    before, after = read_sides(GOLDEN / "change-canary")
    prices = {OTHER: b"model: prices\nvariants: [{version: 1, traffic: 100}]\n"}
    sides = [_parse({**files, **prices}) for files in (before, after, before)]
    found = find_stale(*sides, here=here, there=there)
    assert [item.object for item in found] == stale


def test_a_deployment_that_main_added_meanwhile_depends_on_what_the_change_edits() -> None:
    before, after = read_sides(GOLDEN / "change-canary")
    added = "environments/production/deployments/reds.yaml"
    tip = {**before, added: before[WINES]}
    found = find_stale(_parse(before), _parse(after), _parse(tip), here={MODEL}, there={added})
    assert [(item.object, item.files) for item in found] == [("production/reds", (added,))]
