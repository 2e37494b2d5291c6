"""Layers of serving settings, and where each setting comes from."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.policy.context import Context
from reconciler.policy.layers import Layer, MergedServing, merge_serving, serving_layers
from reconciler.state.declarations import Serving
from tests.unit.policy.building import DEFAULTS, DEPLOYMENT, ENVIRONMENT, MODEL, SOUND, context, repository

LAYERED = {
    DEFAULTS: "serving: {replicas: 1, startup: 5m, env: {A: defaults, B: defaults, x.y: defaults}}\n",
    ENVIRONMENT: f"{SOUND[ENVIRONMENT]}serving: {{replicas: 2, env: {{B: environment}}}}\n",
    MODEL: """\
registeredModel: wine-quality
owners: ["@wine-team"]
serving:
  server: mlflow
  protocol: v2
  replicas: 3
  serviceAccount: model
  resources: {requests: {cpu: 200m, memory: 512Mi}, limits: {memory: 1Gi}}
""",
    DEPLOYMENT: """\
model: wines
serving: {replicas: 4, resources: {requests: {memory: 2Gi}, limits: {cpu: "1"}}}
variants:
  - version: 3
    traffic: 90
  - version: 5
    traffic: 10
    serving: {replicas: 5, env: {C: variant}}
""",
}


def merged(index: int) -> MergedServing:
    (placed,) = context(LAYERED).deployments
    return placed.variants[index].serving


def test_the_later_layer_wins() -> None:
    assert merged(0).value("replicas") == 4
    assert merged(1).value("replicas") == 5
    assert merged(0).value("startup") == "5m"
    assert merged(0).value("serviceAccount") == "model"


def test_mappings_merge_key_by_key() -> None:
    assert merged(1).serving.env == {"A": "defaults", "B": "environment", "C": "variant", "x.y": "defaults"}
    resources = merged(0).serving.resources
    assert resources is not None
    assert resources.requests is not None
    assert resources.limits is not None
    assert (resources.requests.cpu, resources.requests.memory) == ("200m", "2Gi")
    assert (resources.limits.cpu, resources.limits.memory) == ("1", "1Gi")


def test_each_value_keeps_the_place_that_decides_it() -> None:
    def place(field: str, index: int = 1) -> str:
        return str(merged(index).origin(field))

    assert place("replicas") == f"{DEPLOYMENT}:8:25"
    assert place("replicas", 0) == f"{DEPLOYMENT}:2:21"
    assert place("protocol") == f"{MODEL}:5:13"
    assert place("serviceAccount") == f"{MODEL}:7:19"
    assert place("resources.requests.cpu") == f"{MODEL}:8:31"
    assert place("resources.requests.memory") == f"{DEPLOYMENT}:2:55"
    assert place("env.A").startswith(f"{DEFAULTS}:1:")
    assert place("env.x.y").startswith(f"{DEFAULTS}:1:")
    assert place("env.B").startswith(f"{ENVIRONMENT}:")
    assert place("env").startswith(f"{DEPLOYMENT}:8:")


def test_what_no_layer_says_has_no_value_and_no_place() -> None:
    for field in ("image", "resources.limits.gpu", "env.Z", "no-such", "replicas.deeper"):
        assert merged(0).value(field) is None
        assert merged(0).origin(field) is None


def test_layers_are_named_in_their_order() -> None:
    assert [layer.name for layer in merged(1).layers] == [
        "defaults",
        "environment",
        "model",
        "deployment",
        "variant",
    ]


def test_the_layers_that_all_variants_share() -> None:
    given_repository = repository(LAYERED)
    environment = given_repository.environments["production"]
    layers = serving_layers(
        given_repository,
        environment,
        given_repository.models["wines"],
        environment.deployments["wines"],
        None,
    )
    assert [layer.name for layer in layers] == ["defaults", "environment", "model", "deployment"]


def test_missing_files_are_missing_layers() -> None:
    given_context = Context(repository=repository({MODEL: None, ENVIRONMENT: None}))
    assert given_context.deployments[0].variants[0].serving.layers == ()


def test_variants_without_settings_of_their_own_share_one_merge() -> None:
    (placed,) = context().deployments
    assert placed.variants[0].serving is placed.variants[1].serving
    assert [len(members) for _, members in placed.distinct_servings()] == [2]


AMOUNTS = st.fixed_dictionaries(
    {}, optional={"cpu": st.sampled_from(["1", "2"]), "memory": st.sampled_from(["1Gi", "2Gi"])}
)
SERVINGS = st.fixed_dictionaries(
    {},
    optional={
        "server": st.sampled_from(["mlflow", "sklearn"]),
        "replicas": st.integers(1, 3),
        "resources": st.fixed_dictionaries({}, optional={"requests": AMOUNTS, "limits": AMOUNTS}),
        "env": st.dictionaries(st.sampled_from("ABC"), st.sampled_from("xyz")),
    },
).map(Serving.model_validate)


def layer(serving: Serving) -> Layer:
    document = repository().environments["production"].deployments["wines"].document
    return Layer(name="any", serving=serving, document=document, path=())


@given(SERVINGS)
def test_one_layer_is_its_own_merge(serving: Serving) -> None:
    assert merge_serving((layer(serving),)).serving == serving


@given(SERVINGS, SERVINGS, SERVINGS)
def test_merging_in_steps_is_merging_at_once(low: Serving, middle: Serving, high: Serving) -> None:
    at_once = merge_serving((layer(low), layer(middle), layer(high))).serving
    first = merge_serving((layer(low), layer(middle))).serving
    assert merge_serving((layer(first), layer(high))).serving == at_once
    last = merge_serving((layer(middle), layer(high))).serving
    assert merge_serving((layer(low), layer(last))).serving == at_once


@given(SERVINGS, SERVINGS)
def test_what_the_upper_layer_says_holds(low: Serving, high: Serving) -> None:
    merged_serving = merge_serving((layer(low), layer(high))).serving
    assert merged_serving.replicas == (low.replicas if high.replicas is None else high.replicas)
    assert dict(merged_serving.env or {}) == {**(low.env or {}), **(high.env or {})}
