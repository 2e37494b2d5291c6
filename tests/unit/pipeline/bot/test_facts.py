"""Which deployments the registry bot looks after, and what it takes from the registry's answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path

import pytest
import yaml

from reconciler.clients.registry.interface import (
    DatasetFacts,
    LoggedModelFacts,
    RunFacts,
    RunMissing,
    VersionDetails,
    VersionFacts,
)
from reconciler.edit.shares import RequestRefused
from reconciler.pin.selection import Wanted
from reconciler.pin.session import Refused
from reconciler.pipeline.bot.changes import propose_version, want
from reconciler.pipeline.bot.facts import hash_facts, hash_file, list_held, list_watched, measure
from reconciler.pipeline.edits.edit import Workspace, open_workspace
from reconciler.plan.following import Candidate, Measured
from reconciler.state.declarations import Follow, VersionRecord
from tests.support.shop import make_record

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
ENVIRONMENT = "environments/production/environment.yaml"
EXCEPTIONS = "environments/production/exceptions.yaml"
WINES = "environments/production/deployments/wines.yaml"
FOLLOWING = "model: wines\nvariants:\n  - {version: 1, traffic: 100}\nfollow: {alias: champion}\n"
FILES = {
    "models/wines/model.yaml": 'registeredModel: wine-quality\nowners: ["@w"]\nserving: {server: mlflow}\n',
    "models/wines/versions/1.yaml": make_record(1),
    "models/wines/versions/2.yaml": make_record(2),
    ENVIRONMENT: "namespace: wines\n",
    WINES: FOLLOWING,
    "environments/production/deployments/prices.yaml": FOLLOWING.partition("follow")[0],
}


def open_files(folder: Path, more: Mapping[str, str] | None = None) -> Workspace:
    for path, text in {**FILES, **(more or {})}.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return open_workspace(folder, NOW)


class TestWatched:
    def test_those_that_follow_are(self, tmp_path: Path) -> None:
        (wines,) = list_watched(open_files(tmp_path))
        assert (wines.id, wines.file, wines.goes_back, wines.idle) == ("production/wines", WINES, False, "")
        assert wines.follow is not None

    def test_with_auto_rollback_all_are(self, tmp_path: Path) -> None:
        found = list_watched(open_files(tmp_path, {ENVIRONMENT: "namespace: wines\nauto: rollback\n"}))
        assert [(item.id, item.goes_back) for item in found] == [
            ("production/prices", True),
            ("production/wines", True),
        ]

    @pytest.mark.parametrize(
        ("more", "idle", "faulty"),
        [
            ({WINES: FOLLOWING + "retire: true\n"}, "it is retired", False),
            ({ENVIRONMENT: "namespace: wines\nretire: true\n"}, "it is retired", False),
            (
                {EXCEPTIONS: "suspensions: [{deployment: wines, reason: moves, until: 2026-11-30}]\n"},
                "is suspended until 2026-11-30 (moves), so sync leaves it alone",
                False,
            ),
            (
                {EXCEPTIONS: "holds: 7\n"},
                f"{EXCEPTIONS} cannot be read, so what is held is not known",
                True,
            ),
            ({ENVIRONMENT: "namespace: 7\n"}, f"{ENVIRONMENT} cannot be used", True),
        ],
    )
    def test_where_nothing_may_be_proposed_it_is_told(
        self, tmp_path: Path, more: dict[str, str], idle: str, faulty: bool
    ) -> None:
        (wines,) = list_watched(open_files(tmp_path, more))
        assert (wines.idle, wines.faulty) == (idle, faulty)

    def test_holds_are_known_by_version(self, tmp_path: Path) -> None:
        held = "holds: [{deployment: wines, version: 2, reason: slow}]\n"
        (wines,) = list_watched(open_files(tmp_path, {EXCEPTIONS: held}))
        assert list_held(wines, (Candidate(version=2), Candidate(version=3)), NOW) == {2: "slow"}


def describe(
    *data: tuple[str, str],
    of_run: Mapping[str, float] | None = None,
    of_model: Mapping[str, float] | None = None,
    has_run: bool = True,
) -> VersionDetails:
    run = RunFacts(
        id="r1",
        name="",
        metrics=of_run or {},
        datasets=tuple(DatasetFacts(name="d", digest=digest, context=context) for digest, context in data),
    )
    model = LoggedModelFacts(id="m-1", status="READY", location="s3://x", run="r1", metrics=of_model or {})
    return VersionDetails(
        facts=facts(4), location="s3://x", logged_model=model, run=run if has_run else RunMissing(id="r1")
    )


def facts(version: int, run: str = "") -> VersionFacts:
    return VersionFacts(
        name="wine-quality",
        version=version,
        status="READY",
        source=f"mlflow-artifacts:/1/models/m-{version}/artifacts",
        run=run or f"{version:032x}",
        logged_model=None,
        created="2026-11-21T14:03:00.000Z",
    )


class TestMeasured:
    def test_the_logged_models_metric_comes_first(self) -> None:
        details = describe(("e1", "evaluation"), of_run={"rmse": 0.9}, of_model={"rmse": 0.7})
        assert measure(details, "rmse") == Measured(version=4, value=0.7, data="e1")

    def test_else_it_is_the_runs(self) -> None:
        details = describe(("t1", "training"), ("e1", "evaluation"), of_run={"rmse": 0.9})
        assert measure(details, "rmse") == Measured(version=4, value=0.9, data="e1")

    @pytest.mark.parametrize("data", [(), (("t1", "training"),), (("e1", ""), ("e2", "validation"))])
    def test_data_of_the_training_and_several_say_nothing(self, data: tuple[tuple[str, str], ...]) -> None:
        assert measure(describe(*data, of_run={"rmse": 0.9}), "rmse").data == ""

    def test_a_run_that_is_gone_has_none(self) -> None:
        assert measure(describe(has_run=False), "rmse") == Measured(version=4)


def must_not_read(wanted: Wanted) -> Refused:
    pytest.fail(f"{wanted.label} was read")


class TestProposals:
    def propose(
        self, folder: Path, found: VersionFacts, read: Callable[[Wanted], VersionRecord | Refused]
    ) -> Mapping[str, bytes]:
        workspace = open_files(folder)
        (wines,) = list_watched(workspace)
        follow = Follow.model_validate({"alias": "champion", "traffic": 7})
        return propose_version(workspace, wines, follow, found, read).files

    def test_a_recorded_version_joins_and_is_not_read_again(self, tmp_path: Path) -> None:
        files = self.propose(tmp_path, facts(2), must_not_read)
        assert list(files) == [WINES]
        assert b"{version: 1, traffic: 93}\n  - {version: 2, traffic: 7}\n" in files[WINES]

    def test_one_that_is_another_in_the_registry_now_does_not(self, tmp_path: Path) -> None:
        with pytest.raises(RequestRefused, match="It is another model under the same number"):
            self.propose(tmp_path, facts(2, run="f" * 32), must_not_read)

    def test_a_new_one_brings_its_record(self, tmp_path: Path) -> None:
        record = VersionRecord.model_validate(yaml.safe_load(make_record(3)))
        files = self.propose(tmp_path, facts(3), lambda _: record)
        assert sorted(files) == [WINES, "models/wines/versions/3.yaml"]
        assert b"version: 3" in files["models/wines/versions/3.yaml"]

    def test_one_that_cannot_be_pinned_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(RequestRefused, match="production/wines: wines v3 cannot be pinned: no MLmodel"):
            self.propose(tmp_path, facts(3), lambda _: Refused(reason="no MLmodel"))

    def test_a_version_is_wanted_by_its_registered_name(self, tmp_path: Path) -> None:
        workspace = open_files(tmp_path)
        wanted = want(workspace, list_watched(workspace)[0], 9)
        assert (wanted.name, wanted.path) == ("wine-quality", "models/wines/versions/9.yaml")


def test_facts_that_differ_have_other_names() -> None:
    assert hash_facts("release", 1, None) == hash_facts("release", 1, None)
    assert hash_facts("release", 1, None) != hash_facts("release", 1, "")
    assert hash_facts("a", "b") != hash_facts("a,b")
    assert hash_file(None) == ""
    assert len(hash_file(b"")) == 64
