"""What the views are shown: checks, plans, runs and states as they come up in practice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from reconciler.clients.cluster.kinds import CONFIG_MAP, DESTINATION_RULE
from reconciler.plan.guards import Ancestry, GuardInput, judge
from reconciler.plan.shares import read_shares
from reconciler.plan.traffic import TrafficView, explain_traffic
from reconciler.state.documents import Location
from reconciler.state.figures import ExceptionInForce, ExceptionKind, RunFailure
from reconciler.state.findings import Finding, Grade, Undecided
from reconciler.state.inventory import (
    BackOff,
    EmergencyMark,
    GoodSet,
    ObjectResult,
    Reversal,
    RunSummary,
    TargetRecord,
)
from reconciler.state.objects import ENVIRONMENT_LABEL, MODEL_LABEL, ObjectKey
from reconciler.state.observations import Health, HealthWord, Namespace, VariantHealth
from reconciler.state.outcomes import Outcome
from reconciler.state.plans import Action, Op, Plan
from reconciler.state.repository import EnvironmentEntry, ModelEntry, Repository
from reconciler.state.routes import DeploymentRoutes, RoutedShare, Routes
from reconciler.state.runs import DeploymentStatus, Run, TargetRun, TargetStatus
from reconciler.state.targets import Target
from reconciler.validate.checks import Check
from tests.support.worlds import (
    EARLIER,
    REVISION,
    TARGET,
    World,
    create_by_hand,
    make_manifest,
    serve,
    set_label,
    set_traffic,
)

NOW = datetime(2026, 11, 23, 14, 10, tzinfo=timezone.utc)
STAGING = Target(environment="staging", namespace="wines-staging")
EU1 = Target(environment="production", namespace="wines-production", cluster="eu1")
WINES = make_manifest(shares={"v3": 100})
SPLIT = make_manifest(shares={"v3": 90, "v5": 10})
PRICES = make_manifest("prices", {"v12": 100})


def make_finding(
    rule: str,
    message: str,
    advice: str = "",
    *,
    grade: Grade = Grade.HARD,
    file: str = "environments/production/deployments/wines.yaml",
    line: int = 7,
    column: int = 14,
) -> Finding:
    location = Location(file=file, line=line, column=column, end_line=line, end_column=column + 2)
    return Finding(rule=rule, grade=grade, location=location, message=message, advice=advice)


def make_check(
    *findings: Finding, undecided: tuple[Undecided, ...] = (), environments: int = 2, deployments: int = 4
) -> Check:
    """A check of a repository of this size; that none of it could be parsed does not show in the counts."""
    names = [f"m{index}" for index in range(deployments)]
    return Check(
        repository=Repository(
            models={"wines": ModelEntry(name="wines", faulty_records=frozenset(range(1, 8)))},
            environments={
                f"e{index}": EnvironmentEntry(
                    name=f"e{index}", faulty_deployments=frozenset(names[index::environments])
                )
                for index in range(environments)
            },
        ),
        findings=findings,
        undecided=undecided,
        policies=28,
    )


NO_REGISTRY = (
    Undecided(rule="record-exists", reason="no registry: use --registry"),
    Undecided(rule="record-unmoved", reason="no registry: use --registry"),
)

FAULTY_CHECK = make_check(
    make_finding(
        "traffic-sums-to-100",
        "production/wines: live traffic sums to 95 (v3 90, v5 5); it must be 100.",
        "Give the missing 5 to one of them.",
    ),
    make_finding("known-keys", 'unknown key "trafic"; did you mean "traffic"?', line=6, column=5),
    make_finding(
        "waiver-expires-soon",
        'the waiver of rule soak for v5 ends in 2 days (2026-11-25; reason "hotfix, 50% done").',
        "Ask again,\nor let it end.",
        grade=Grade.ADVISORY,
        file="environments/a,b:c%/exceptions.yaml",
    ),
    undecided=NO_REGISTRY,
)


def plan_share_change() -> Plan:
    return serve(WINES, PRICES).declare(SPLIT, PRICES).plan()


def plan_everything() -> Plan:
    """One of each kind of change, with a fault that holds back a removal."""
    beers, gone, held, taken = (make_manifest(name) for name in ("beers", "gone", "held", "taken"))
    world = serve(WINES, PRICES, beers, gone, held)
    adopted = make_manifest("taken", {"v1": 50, "v2": 50}, adopt=True)
    world = world.declare(
        make_manifest(shares={"v5": 10, "v3": 90}, shadows={"v6-shadow": 100}),
        make_manifest("beers", {"v3": 100}, protocol="tensorflow", labels={"team": "beer"}),
        make_manifest("ciders", {"v5-r2": 100}),
        adopted,
        make_manifest("foreign"),
        held,
    )
    world = world.place(create_by_hand(taken)).place(create_by_hand(make_manifest("foreign")))
    world = world.meddle("held", lambda live: set_label(live, MODEL_LABEL, "x"))
    return world.fault("prices").plan()


def plan_removals() -> Plan:
    beers = make_manifest("beers")
    return serve(WINES, PRICES, beers).declare(WINES).retire("beers").plan()


def refuse(plan: Plan, *, labels: Mapping[str, str] | None = None, recorded: int = 3) -> Plan:
    """The plan with its refusals."""
    here = {ENVIRONMENT_LABEL: "production"} if labels is None else labels
    refusals = judge(
        GuardInput(
            plan=plan,
            max_prune=None,
            recorded=recorded,
            declared=1,
            applied=EARLIER,
            ancestry=Ancestry.ANCESTOR,
            namespace=Namespace(name=TARGET.namespace, labels=here, deleting=False, uid="uid-namespace"),
            waivers=(),
            now=NOW,
            routes=(Routes(),),
        )
    )
    return replace(plan, refusals=refusals)


def plan_drift() -> Plan:
    return serve(SPLIT).meddle("wines", lambda live: set_traffic(live, {"v3": 50, "v5": 50})).plan()


def plan_drift_reported() -> Plan:
    world = serve(SPLIT).report_drift()
    return world.meddle("wines", lambda live: set_traffic(live, {"v3": 50, "v5": 50})).plan()


def plan_deleted() -> Plan:
    return serve(WINES).take_away("wines").plan()


def plan_nothing(target: Target = TARGET) -> Plan:
    return replace(serve(WINES, PRICES).plan(), target=target)


def plan_empty() -> Plan:
    return World().plan()


def run_target(
    plan: Plan | None,
    actions: Mapping[str, tuple[Action, str]] | None = None,
    *,
    outcome: Outcome = Outcome.DONE,
    health: tuple[Health, ...] = (),
    message: str = "",
    notes: tuple[str, ...] = (),
    routes: Routes | None = None,
    target: Target = TARGET,
) -> TargetRun:
    """A run's part; `actions` say what became of each deployment of the plan."""
    results = tuple(
        ObjectResult(
            key=change.key,
            action=(actions or {})[change.deployment][0],
            message=(actions or {})[change.deployment][1],
        )
        for change in (plan.changes if plan else ())
        if change.deployment in (actions or {})
    )
    return TargetRun(
        target=target,
        revision=REVISION,
        outcome=outcome,
        plan=plan,
        results=results,
        health=health,
        message=message,
        notes=notes,
        routes=routes,
        requests=31 if results else 3,
        seconds=41.26 if results else 0.44,
    )


def make_run(*targets: TargetRun) -> Run:
    return Run(revision=REVISION, targets=targets)


CURRENT = (Health(key=WINES.key, word=HealthWord.CURRENT), Health(key=PRICES.key, word=HealthWord.CURRENT))
STARTING = (
    Health(key=WINES.key, word=HealthWord.IN_PROGRESS, reason="wines-v5-0-wines: 0 of 2 Pods are ready"),
    Health(key=PRICES.key, word=HealthWord.CURRENT),
)
SICK = (
    Health(key=WINES.key, word=HealthWord.FAILED, reason="wines-v5-0-wines: no progress for 10 minutes"),
    Health(key=PRICES.key, word=HealthWord.IN_PROGRESS, reason="the operator has not answered yet"),
)


def routes(shares: Mapping[str, float]) -> DeploymentRoutes:
    """Routes that were written a while ago; a predictor called `…-shadow` is mirrored to."""
    return DeploymentRoutes(
        shares=tuple(
            RoutedShare(predictor=name, shadow=name.endswith("-shadow"), percent=percent)
            for name, percent in shares.items()
        ),
        changed=NOW - timedelta(hours=1),
    )


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


def actions(plan: Plan, **special: tuple[Action, str]) -> dict[str, tuple[Action, str]]:
    """What each op becomes when all goes well, but for the special ones."""
    words = {
        Op.CREATE: Action.CREATED,
        Op.UPDATE: Action.CONFIGURED,
        Op.DELETE: Action.DELETED,
        Op.SKIP: Action.SKIPPED,
    }
    said = {change.deployment: (words[change.op], "") for change in plan.changes}
    return {**said, **special}
