"""Policies end on any repository that was parsed, and every finding says where and about what."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.policy.context import Context
from reconciler.policy.engine import Need, run_policies
from reconciler.policy.policies import POLICIES
from reconciler.state.declarations import Defaults, Deployment, Environment, Model, VersionRecord
from reconciler.state.documents import Document, Location, PathKey
from reconciler.state.exceptions import Exceptions
from reconciler.state.repository import Entry, EnvironmentEntry, ModelEntry, Repository

TEXT = st.text(max_size=6)
NAME = st.sampled_from(["a", "a-b", "b-c", "c", "shadow", "A.b", "x" * 70]) | TEXT
VERSION = st.integers(1, 4)
QUANTITY = st.from_regex(r"[0-9]{1,3}(\.[0-9])?(m|k|M|G|T|Ki|Mi|Gi|Ti)?", fullmatch=True)


def block(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A mapping in which any of these keys may be missing."""
    return st.fixed_dictionaries({}, optional=dict(fields))


AMOUNTS = block(cpu=QUANTITY, memory=QUANTITY)
RESOURCES = block(requests=AMOUNTS, limits=AMOUNTS)
STORAGE = block(secret=TEXT, image=TEXT)
CONTAINER = {
    "server": st.sampled_from(["mlflow", "sklearn", "tensorflow", "triton", "custom"]),
    "protocol": st.sampled_from(["v2", "seldon", "tensorflow"]),
    "resources": RESOURCES,
    "image": TEXT,
    "env": st.dictionaries(TEXT, TEXT, max_size=2),
    "secretEnv": st.dictionaries(TEXT, st.fixed_dictionaries({"secret": TEXT, "key": TEXT}), max_size=1),
    "parameters": st.dictionaries(TEXT, st.booleans() | st.integers() | st.floats() | TEXT, max_size=2),
    "port": st.integers(1, 65535),
    "storage": STORAGE,
}
LABELS = st.dictionaries(TEXT, TEXT, max_size=1)
REQUIREMENT = st.fixed_dictionaries(
    {"key": TEXT, "operator": st.sampled_from(["In", "Exists"])},
    optional={"values": st.lists(TEXT, max_size=1).map(tuple)},
)
SERVING = block(
    **CONTAINER,
    replicas=st.integers(1, 3),
    serviceAccount=TEXT,
    scaling=block(
        min=st.integers(1, 3),
        max=st.integers(1, 3),
        cpu=st.integers(1, 100),
        triggers=st.just(({"type": "cron", "metadata": {}},)),
        poll=st.just("5s"),
    ),
    disruption=block(minAvailable=st.integers(0, 1), maxUnavailable=st.just("20%")),
    nodeSelector=LABELS,
    tolerations=st.lists(block(key=TEXT, value=TEXT), max_size=1).map(tuple),
    affinity=block(
        podAffinity=block(
            requiredDuringSchedulingIgnoredDuringExecution=st.lists(
                st.fixed_dictionaries(
                    {"topologyKey": st.just("a")},
                    optional={"labelSelector": block(matchExpressions=st.tuples(REQUIREMENT))},
                ),
                max_size=1,
            ).map(tuple)
        )
    ),
    priorityClass=TEXT,
    orchestrator=block(resources=RESOURCES, env=LABELS),
    explainer=block(
        type=st.just("ale"), model=NAME, version=VERSION, image=TEXT, resources=RESOURCES, storage=STORAGE
    ),
    annotations=st.dictionaries(
        st.sampled_from(["seldon.io/rest-timeout", "seldon.io/istio-host", "seldon.io/no-engine"]) | TEXT,
        st.booleans() | st.integers() | TEXT,
        max_size=2,
    ),
)


def nodes(children: st.SearchStrategy[Any] | None = None) -> st.SearchStrategy[dict[str, Any]]:
    below = {} if children is None else {"children": st.lists(children, max_size=2).map(tuple)}
    return st.fixed_dictionaries(
        {"name": NAME},
        optional={
            **CONTAINER,
            "type": st.sampled_from(["model", "router", "combiner", "output-transformer"]),
            "model": NAME,
            "version": VERSION,
            "ownPod": st.booleans(),
            **below,
        },
    )


VARIANT = block(
    version=VERSION,
    traffic=st.integers(0, 100),
    shadow=st.integers(1, 100),
    name=NAME,
    rollout=st.integers(2, 3),
    serving=SERVING,
    graph=st.recursive(nodes(), nodes, max_leaves=3),
)
UNTIL = st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?Z)?", fullmatch=True)
SIDE = st.sampled_from(["v1", "v2", "v3", "v4"]) | NAME
BOUND = st.sampled_from([-1.0, 0.0, 1.0])
EXPERIMENT = st.fixed_dictionaries(
    {
        "baseline": SIDE,
        "challengers": st.lists(SIDE, min_size=1, max_size=2).map(tuple),
        "reward": st.fixed_dictionaries(
            {"name": TEXT.filter(bool)}, optional={"range": st.tuples(BOUND, BOUND)}
        ),
        "minSamples": st.integers(1, 3),
        "until": st.sampled_from(["2026-12-15", "2026-11-20"]) | UNTIL,
    },
    optional={"attribution": st.sampled_from(["predictor", "ledger"])},
)
DEPLOYMENT = st.fixed_dictionaries(
    {"model": NAME, "variants": st.lists(VARIANT, min_size=1, max_size=4).map(tuple)},
    optional={"serving": SERVING, "retire": st.booleans(), "experiment": EXPERIMENT},
)
ARTIFACTS = st.lists(
    st.fixed_dictionaries(
        {
            "from": st.sampled_from(["", "s3://a", "s3://a/", "mlflow-artifacts:/"]) | TEXT,
            "to": st.sampled_from(["s3://b", "/mnt"]) | TEXT,
        },
        optional={"registry": NAME, "secret": TEXT},
    ),
    max_size=3,
).map(tuple)
PLATFORM = block(
    ingress=st.sampled_from(["istio", "ambassador-v1", ("istio", "ambassador-v2")]), keda=st.booleans()
)
ENVIRONMENT = st.fixed_dictionaries(
    {"namespace": NAME},
    optional={
        "clusters": st.dictionaries(NAME, block(artifacts=ARTIFACTS, platform=PLATFORM), max_size=2),
        "upstream": st.lists(NAME, max_size=3).map(tuple),
        "platform": PLATFORM,
        "artifacts": ARTIFACTS,
        "allow": block(images=st.lists(TEXT, max_size=2).map(tuple)),
        "serving": SERVING,
        "retire": st.booleans(),
    },
)
NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
BECAUSE = {"reason": st.just("because"), "until": UNTIL}
WEEKLY = st.fixed_dictionaries(
    {
        "days": st.just(("fri",)),
        "from": st.just("18:00"),
        "to": st.just("mon 08:00"),
        "zone": st.sampled_from(["Europe/Berlin", "UTC"]) | TEXT.filter(bool),
    }
)
WAIVER = st.fixed_dictionaries(
    {
        "rule": st.sampled_from(["max-prune", "keep-a-running-variant"]) | TEXT,
        "objects": st.lists(NAME, min_size=1, max_size=2).map(tuple),
        **BECAUSE,
    }
)
EXCEPTIONS = st.fixed_dictionaries(
    {
        "waivers": st.lists(WAIVER, max_size=2).map(tuple),
        "holds": st.lists(
            st.fixed_dictionaries({"deployment": NAME, "version": VERSION, **BECAUSE}), max_size=1
        ).map(tuple),
        "freezes": st.lists(
            st.fixed_dictionaries(BECAUSE, optional={"from": UNTIL, "weekly": WEEKLY}), max_size=1
        ).map(tuple),
        "windows": st.lists(st.fixed_dictionaries({"weekly": WEEKLY, **BECAUSE}), max_size=1).map(tuple),
        "suspensions": st.lists(
            st.fixed_dictionaries({"deployment": NAME | st.just("all"), **BECAUSE}), max_size=1
        ).map(tuple),
    }
)
RECORD = st.fixed_dictionaries(
    {
        "identity": st.fixed_dictionaries(
            {
                "registry": NAME,
                "name": NAME,
                "version": VERSION,
                "source": st.sampled_from(["s3://a/m", "runs:/1/m", "mlflow-artifacts://h/1"]) | TEXT,
                "created": TEXT,
                "digest": st.just(f"sha256:{'0' * 64}"),
                "files": st.dictionaries(
                    TEXT, block(bytes=st.just(1)).map(lambda file: {"bytes": 1, **file})
                ),
            }
        ),
        "loader": st.just({"flavours": {}}),
        "evidence": st.just({}),
    }
)


class _Anywhere:
    def __init__(self, file: str) -> None:
        self._file = file

    def find(self, path: tuple[PathKey, ...], *, key: bool) -> Location:
        return Location(file=self._file, line=1 + len(path))

    def trace(self, location: Location) -> tuple[PathKey, ...]:
        return ()


def entries(kind: type[Any], values: st.SearchStrategy[Any]) -> st.SearchStrategy[Entry[Any]]:
    def place(value: Any) -> Entry[Any]:
        document = Document(file=f"{kind.__name__}.yaml", value=value, positions=_Anywhere(kind.__name__))
        return Entry(document=document, declaration=kind.model_validate(value))

    return values.map(place)


MODELS = st.builds(
    ModelEntry,
    name=NAME,
    model=st.none()
    | entries(Model, st.fixed_dictionaries({"registeredModel": st.just("m"), "owners": st.just(("@o",))})),
    records=st.dictionaries(VERSION, entries(VersionRecord, RECORD), max_size=2),
)
ENVIRONMENTS = st.builds(
    EnvironmentEntry,
    name=NAME,
    environment=st.none() | entries(Environment, ENVIRONMENT),
    deployments=st.dictionaries(NAME, entries(Deployment, DEPLOYMENT), max_size=3),
    exceptions=st.none() | entries(Exceptions, EXCEPTIONS),
)
REPOSITORIES = st.builds(
    Repository,
    defaults=st.none() | entries(Defaults, st.fixed_dictionaries({"serving": SERVING})),
    models=st.lists(MODELS, max_size=3).map(lambda found: {entry.name: entry for entry in found}),
    environments=st.lists(ENVIRONMENTS, max_size=3).map(lambda found: {entry.name: entry for entry in found}),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(REPOSITORIES)
def test_policies_end_on_any_repository(repository: Repository) -> None:
    judged = run_policies(Context(repository=repository, now=NOW), POLICIES)
    needs = {policy.id: policy.needs for policy in POLICIES}
    findings = (*judged.findings, *(one.finding for one in judged.waived))
    for item in judged.undecided:
        assert {Need.BASE, Need.HISTORY, Need.REGISTRY} & set(needs[item.rule])
    objects = {
        *(f"{name}: " for name in repository.environments),
        *(f"{name}: " for name in repository.models),
        *(f"{name}/{one}: " for name, entry in repository.environments.items() for one in entry.deployments),
        *(f"{name} v{one}: " for name, entry in repository.models.items() for one in entry.records),
    }
    for finding in findings:
        assert finding.message.startswith(tuple(objects)), finding.message
        assert finding.location.file
        assert finding.advice


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(REPOSITORIES)
def test_the_same_repository_gives_the_same_findings(repository: Repository) -> None:
    turned = Repository(
        defaults=repository.defaults,
        models=dict(reversed(list(repository.models.items()))),
        environments=dict(reversed(list(repository.environments.items()))),
    )
    found = run_policies(Context(repository=repository), POLICIES)
    assert run_policies(Context(repository=turned), POLICIES) == found
