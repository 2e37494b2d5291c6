"""Targets as status finds them: in the middle of a roll-out, sick, held, or not seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from reconciler.clients.cluster.kinds import CONFIG_MAP, DESTINATION_RULE
from reconciler.plan.shares import read_shares
from reconciler.plan.traffic import TrafficView, explain_traffic
from reconciler.state.figures import ExceptionInForce, ExceptionKind, RunFailure
from reconciler.state.inventory import BackOff, EmergencyMark, GoodSet, Reversal, RunSummary, TargetRecord
from reconciler.state.objects import ObjectKey
from reconciler.state.observations import Health, HealthWord, VariantHealth
from reconciler.state.outcomes import Outcome
from reconciler.state.runs import DeploymentStatus, TargetStatus
from reconciler.state.targets import Target
from tests.support.worlds import EARLIER, REVISION, TARGET, make_manifest
from tests.unit.report.scenes import NOW, PRICES, STAGING, STARTING, WINES, routes

EU1 = Target(environment="production", namespace="wines-production", cluster="eu1")


def waiting() -> DeploymentStatus:
    """A challenger that was declared beside a shadow and cannot start."""
    split = read_shares(make_manifest(shares={"v3": 90, "v5": 10}, shadows={"v6-shadow": 100}).body)
    variants = (
        VariantHealth(predictor="v3", word=HealthWord.CURRENT),
        VariantHealth(
            predictor="v5",
            word=HealthWord.IN_PROGRESS,
            reason="0 of 2 Pods ready: container wines: ImagePullBackOff",
            since=NOW - timedelta(minutes=3),
        ),
        VariantHealth(predictor="v6-shadow", word=HealthWord.CURRENT),
    )
    health = Health(key=WINES.key, word=HealthWord.IN_PROGRESS, reason="v5: no image", variants=variants)
    routed = routes({"v3": 100, "v6-shadow": 100})
    view = TrafficView(
        id="staging/beers",
        declared=split,
        applied=split,
        routed=routed,
        health=health,
        places={"v5": "beers.yaml:5"},
    )
    return DeploymentStatus(
        environment="staging",
        name="beers",
        declared=split,
        applied=split,
        routed=routed,
        served={"v3": 311, "v6-shadow": 309},
        health=health,
        good=GoodSet(
            deployment="beers", model="beers", revision=EARLIER, digest="0123456789abcdef", shares=split[:1]
        ),
        notes=explain_traffic(view),
    )


def held_states() -> tuple[TargetStatus, ...]:
    """A target that people, another writer and failures hold; and one whose record somebody else wrote."""
    staging, production, *_ = states()
    assert production.record is not None
    mark = EmergencyMark(
        deployment="wines",
        by="ann@example.com",
        reason="v5 answers nonsense",
        since=NOW - timedelta(minutes=20),
        until=NOW + timedelta(hours=2),
        shares=read_shares(WINES.body),
    )
    record = replace(
        production.record,
        marks=(
            mark,
            replace(mark, deployment="beers", until=NOW - timedelta(minutes=5), reason="v4 is slow"),
        ),
        reversals=(
            Reversal(
                key=PRICES.key,
                manager="argocd-controller",
                times=tuple(NOW - timedelta(minutes=minutes) for minutes in (30, 20, 10)),
            ),
            Reversal(key=WINES.key, manager="", times=(NOW - timedelta(minutes=20),)),
        ),
        backoff=BackOff(
            revision=REVISION, failures=3, until=NOW + timedelta(minutes=8), reason="webhook said no"
        ),
        failure=RunFailure(
            at=NOW - timedelta(minutes=1),
            revision="",
            outcome=3,
            message="the repository at https://git.example.com/ml/models.git did not answer.\nMore of it.",
        ),
    )
    held = replace(
        production,
        at=NOW,
        record=record,
        in_force=(
            "production/beers is suspended until 2026-11-30 (the team moves)",
            "production: changes are frozen until 2026-11-27 06:00 UTC (stocktaking)",
        ),
        exceptions=(
            ExceptionInForce(
                kind=ExceptionKind.SUSPENSION,
                deployment="beers",
                reason="the team moves",
                until=datetime(2026, 12, 1, tzinfo=timezone.utc),
            ),
            ExceptionInForce(kind=ExceptionKind.FREEZE, deployment="all", reason="stocktaking"),
        ),
    )
    assert staging.record is not None
    forged = replace(staging, at=NOW, record=TargetRecord(exists=True, forged=True))
    return held, forged


def states() -> tuple[TargetStatus, ...]:
    """Targets as status finds them: one in the middle of a roll-out, one sick, two not seen."""
    split = read_shares(make_manifest(shares={"v3": 90, "v5": 10}, shadows={"v6-shadow": 100}).body)
    before = read_shares(WINES.body)
    record = TargetRecord(
        exists=True,
        attempted=REVISION,
        applied=EARLIER,
        applied_at=NOW - timedelta(days=2),
        heartbeat=NOW - timedelta(minutes=6),
        history=(
            RunSummary(
                revision=EARLIER,
                finished=NOW - timedelta(days=2),
                outcome=0,
                summary="wines: v3 new at 100 %",
            ),
            RunSummary(
                revision=REVISION,
                finished=NOW,
                outcome=1,
                summary="wines: v5 new at 10 %; SeldonDeployment/wines failed: refused",
            ),
        ),
    )
    healthy = replace(
        record, attempted=EARLIER, history=record.history[:1], heartbeat=NOW - timedelta(hours=3)
    )
    return (
        TargetStatus(
            target=STAGING,
            outcome=Outcome.DONE,
            record=healthy,
            window=3600,
            deployments=(
                DeploymentStatus(
                    environment="staging",
                    name="wines",
                    declared=before,
                    applied=before,
                    routed=routes({"v3": 100}),
                    served={"v3": 1204},
                    health=Health(key=WINES.key, word=HealthWord.CURRENT),
                    extras=(
                        Health(
                            key=ObjectKey(kind=CONFIG_MAP, namespace="wines-staging", name="wines-notes"),
                            word=HealthWord.NOT_FOUND,
                            reason="not in the cluster",
                        ),
                    ),
                ),
                waiting(),
            ),
            leftovers=(ObjectKey(kind=DESTINATION_RULE, namespace="wines-staging", name="beers-v4"),),
        ),
        TargetStatus(
            target=TARGET,
            outcome=Outcome.UNHEALTHY,
            record=record,
            window=3600,
            routed_unknown="virtualservices may not be listed; the Role in reconciler/deploy grants it",
            served_unknown="the metrics source at http://prometheus:9090 did not answer: timed out",
            deployments=(
                DeploymentStatus(
                    environment="production",
                    name="beers",
                    declared=None,
                    applied=before,
                    health=Health(key=WINES.key, word=HealthWord.CURRENT),
                ),
                DeploymentStatus(
                    environment="production",
                    name="prices",
                    declared=before,
                    applied=None,
                    health=Health(key=PRICES.key, word=HealthWord.NOT_FOUND, reason="not there"),
                ),
                DeploymentStatus(
                    environment="production", name="wines", declared=split, applied=before, health=STARTING[0]
                ),
                DeploymentStatus(
                    environment="production",
                    name="lost",
                    declared=None,
                    applied=None,
                    health=Health(
                        key=PRICES.key, word=HealthWord.UNKNOWN, reason="its declaration is faulty"
                    ),
                ),
            ),
        ),
        TargetStatus(target=replace(STAGING, environment="fresh"), outcome=Outcome.DONE),
        TargetStatus(
            target=EU1,
            outcome=Outcome.UNDECIDED,
            message="the API server at 10.0.0.1 did not answer within 10 s (3 tries over 31 s).",
        ),
        TargetStatus(
            target=EU1, outcome=Outcome.CONFIGURATION, message="namespace wines-production does not exist."
        ),
        TargetStatus(
            target=replace(STAGING, environment="half"),
            outcome=Outcome.DONE,
            record=TargetRecord(exists=True, attempted=REVISION, heartbeat=NOW),
        ),
        TargetStatus(
            target=replace(STAGING, environment="minute"),
            outcome=Outcome.DONE,
            record=replace(healthy, heartbeat=NOW - timedelta(minutes=1)),
        ),
    )
