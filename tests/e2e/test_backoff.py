"""A commit that the API server refuses waits longer and longer, and nothing is asked of it meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from reconciler import wiring
from reconciler.apply.clock import SystemClock
from reconciler.pipeline.sync.run import SyncRequest, SyncTools, sync
from reconciler.report.text_run import show_run
from reconciler.settings import ClusterSettings, Settings
from reconciler.state.outcomes import Outcome
from tests.e2e.conftest import Team
from tests.support.waiting import wait_until

_POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
_BINDINGS = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"

pytestmark = pytest.mark.covers("B24", "T21")


NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)


class HeldClock(SystemClock):
    """A clock whose time of day stands still, so that how long a run takes does not count."""

    def __init__(self, time: datetime) -> None:
        self._time = time

    def now(self) -> datetime:
        return self._time


class Refusing:
    """A team in whose namespace the API server refuses every variant with 13 % of the traffic."""

    def __init__(self, team: Team) -> None:
        self.team = team
        self.name = f"no-13-in-{team.namespace}"

    def refuse(self) -> None:
        api = self.team.cluster.api
        rule = {
            "apiGroups": ["machinelearning.seldon.io"],
            "apiVersions": ["v1"],
            "operations": ["CREATE", "UPDATE"],
            "resources": ["seldondeployments"],
        }
        selector = {"matchLabels": {"kubernetes.io/metadata.name": self.team.namespace}}
        head = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": self.name}}
        policy = {
            "matchConstraints": {"resourceRules": [rule], "namespaceSelector": selector},
            "validations": [
                {
                    "expression": "object.spec.predictors.all(p, !has(p.traffic) || p.traffic != 13)",
                    "message": "13 brings bad luck",
                }
            ],
        }
        api.demand("POST", _POLICIES, {**head, "kind": "ValidatingAdmissionPolicy", "spec": policy})
        binding = {"policyName": self.name, "validationActions": ["Deny"]}
        api.demand("POST", _BINDINGS, {**head, "kind": "ValidatingAdmissionPolicyBinding", "spec": binding})

    def allow(self) -> None:
        self.team.cluster.api.demand("DELETE", f"{_BINDINGS}/{self.name}")
        self.team.cluster.api.demand("DELETE", f"{_POLICIES}/{self.name}")

    def change(self, share: int, why: str) -> None:
        self.team.shop.declare("production/wines", {1: 100 - share, 2: share})
        self.team.shop.commit(why)

    def sync(self, after: timedelta = timedelta(), *, at_once: bool = False) -> tuple[Outcome, str]:
        """How a sync ends that is made at this time after noon, and what it prints."""
        cluster = ClusterSettings(kubeconfig=self.team.cluster.kubeconfig)
        settings = Settings(directory=self.team.shop.folder, cluster=cluster)
        with wiring.open_source(settings) as source:
            tools = SyncTools(
                source=source,
                cluster=wiring.open_cluster(settings),
                clock=HeldClock(NOON + after),
                progress=lambda line: None,
            )
            run = sync(SyncRequest(environments=("production",), at_once=at_once), settings, tools)
        return run.outcome, show_run(run)

    def failures(self) -> int:
        """How often the record says that the commit failed; 0 where nothing waits."""
        path = f"/api/v1/namespaces/{self.team.namespace}/configmaps/modelsync-production"
        lines = self.team.cluster.api.demand("GET", path)["data"].get("backOff", "").splitlines()
        records: list[dict[str, Any]] = [json.loads(line) for line in lines]
        return sum(record["failures"] for record in records)

    def writes(self, since: int) -> list[str]:
        """Whatever was asked of the API server beside reading, tries included."""
        return [item for item in self.team.requests(since) if not item.startswith(("get ", "list "))]


@pytest.fixture
def refusing(team: Team) -> Iterator[Refusing]:
    """Synced, then refused."""
    assert team.sync().code == 0
    refusing = Refusing(team)
    refusing.refuse()

    def try_it() -> bool:
        predictors = [{**p, "traffic": 13} for p in team.live()["wines"]["spec"]["predictors"]]
        path = f"/apis/machinelearning.seldon.io/v1/namespaces/{team.namespace}/seldondeployments/wines"
        answer = team.cluster.api.request(
            "PATCH",
            f"{path}?dryRun=All",
            {"spec": {"predictors": predictors}},
            content_type="application/merge-patch+json",
        )
        return answer.status == 422

    wait_until(try_it, "the API server refuses 13 %")
    yield refusing
    refusing.allow()


def test_a_refused_commit_is_tried_again_later_and_later_and_nothing_is_asked_meanwhile(
    refusing: Refusing,
) -> None:
    team = refusing.team
    refusing.change(13, "Thirteen")

    outcome, said = refusing.sync()
    assert (outcome, refusing.failures()) == (Outcome.FINDINGS, 1), said
    assert "13 brings bad luck" in said

    # In the wait: nothing is tried, not even as a dry run, and nothing is written; what waits is told.
    start = team.cluster.audit_position()
    outcome, said = refusing.sync(timedelta(seconds=59))
    assert outcome is Outcome.FINDINGS
    assert "failed here once, so it is not tried again before 2026-11-23 12:01:00 UTC" in said
    assert "13 brings bad luck" in said
    assert refusing.writes(start) == []
    assert refusing.failures() == 1

    # A person's edit of something else is healed all the same.
    team.patch("prices", "/spec/predictors/0/traffic", 50)
    assert "taken back: spec.predictors" in refusing.sync(timedelta(seconds=59))[1]
    assert team.shares("prices") == {"v1": 100}
    assert (team.shares("wines"), refusing.failures()) == ({"v1": 90, "v2": 10}, 1)

    # After it: once more, and the next wait is twice as long.
    assert "13 brings bad luck" in refusing.sync(timedelta(minutes=1))[1]
    assert refusing.failures() == 2
    start = team.cluster.audit_position()
    assert "not tried again before 2026-11-23 12:03:00 UTC" in refusing.sync(timedelta(minutes=2))[1]
    assert refusing.writes(start) == []
    refusing.sync(timedelta(minutes=3))
    assert refusing.failures() == 3


def test_another_commit_or_a_person_need_not_wait(refusing: Refusing) -> None:
    team = refusing.team
    refusing.change(13, "Thirteen")
    refusing.sync()
    assert refusing.failures() == 1
    assert refusing.sync(at_once=True)[0] is Outcome.FINDINGS
    assert refusing.failures() == 2

    refusing.change(13, "Thirteen once more")
    refusing.sync()
    assert refusing.failures() == 1
    assert "13 brings bad luck" in team.sync("--now").out
    planned = team.run("plan", "production", "--live").out
    assert "v2 10 → 13 %" in planned
    assert "failed here 2 times, so it is not tried again before" in planned

    refusing.change(14, "Fourteen")
    assert refusing.sync()[0] is Outcome.DONE

    assert team.shares("wines") == {"v1": 86, "v2": 14}
    assert refusing.failures() == 0
    assert "in sync with" in team.sync().out
