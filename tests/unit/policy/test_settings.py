"""What is set of a deployment: by which layers, where, for whom; and the names of fields."""

from __future__ import annotations

import pytest

from reconciler.policy.settings import is_known, list_settings, select_settings, suggest_fields
from reconciler.state.explanations import Setting
from tests.unit.policy.building import DEFAULTS, DEPLOYMENT, ENVIRONMENT, SOUND, context

LAYERED = {
    DEFAULTS: "serving: {replicas: 1, env: {A.B: x}}\n",
    ENVIRONMENT: f"{SOUND[ENVIRONMENT]}serving: {{replicas: 2}}\n",
    DEPLOYMENT: """\
model: wines
variants:
  - version: 3
    traffic: 90
  - version: 5
    traffic: 10
    serving: {replicas: 5, tolerations: [{key: gpu, operator: Exists}]}
""",
}
GRAPH = {
    DEPLOYMENT: """\
model: wines
variants:
  - name: blend
    traffic: 100
    serving: {replicas: 2, startup: 5m}
    graph:
      name: scale
      type: transformer
      image: registry.example.com/ml/scale@sha256:00
      startup: 1m
      children:
        - {name: red, model: wines, version: 3}
"""
}


def settings(changes: dict[str, str]) -> tuple[Setting, ...]:
    (placed,) = context(changes).deployments
    return list_settings(placed)


def told(found: tuple[Setting, ...]) -> list[tuple[str, str, list[str]]]:
    """Field, for whom, and what each layer says."""
    return [
        (item.field, " ".join(item.subjects), [f"{said.layer} {said.value}" for said in item.said])
        for item in found
    ]


def test_variants_stand_together_where_the_same_lines_speak_for_them() -> None:
    found = settings(LAYERED)
    assert told(select_settings(found, "serving.replicas")) == [
        ("serving.replicas", "v3", ["defaults 1", "environment 2"]),
        ("serving.replicas", "v5", ["defaults 1", "environment 2", "variant 5"]),
    ]
    assert told(select_settings(found, "serving.server")) == [
        ("serving.server", "v3 v5", ["model mlflow"]),
    ]
    assert [item.field for item in found][:4] == ["version", "version", "traffic", "traffic"]


def test_the_last_layer_wins_and_its_place_is_known() -> None:
    won = select_settings(settings(LAYERED), "serving.replicas")[1].winner
    assert str(won.location) == f"{DEPLOYMENT}:7:25"
    assert won.path == ("variants", 1, "serving", "replicas")


def test_blocks_are_told_by_their_parts_and_lists_whole() -> None:
    found = settings(LAYERED)
    assert [item.field for item in select_settings(found, "serving.resources")] == [
        "serving.resources.limits.memory",
        "serving.resources.requests.cpu",
        "serving.resources.requests.memory",
    ]
    assert told(select_settings(found, "serving.env")) == [("serving.env.A.B", "v3 v5", ["defaults x"])]
    (tolerations,) = select_settings(found, "serving.tolerations")
    assert (tolerations.subjects, len(tolerations.winner.value)) == (("v5",), 1)


def test_a_field_whose_name_merely_begins_alike_is_another() -> None:
    assert select_settings(settings(LAYERED), "serving.re") == ()


def test_nodes_of_a_graph_have_layers_of_their_own_and_pods_are_the_variants() -> None:
    found = settings(GRAPH)
    assert told(select_settings(found, "serving.startup")) == [
        ("serving.startup", "blend/scale", ["variant 5m", "node 1m"]),
        ("serving.startup", "blend/red", ["variant 5m"]),
    ]
    assert told(select_settings(found, "serving.replicas")) == [("serving.replicas", "blend", ["variant 2"])]
    assert told(select_settings(found, "name")) == [("name", "blend", ["variant blend"])]


@pytest.mark.parametrize(
    "field",
    [
        "traffic",
        "serving",
        "serving.replicas",
        "serving.resources.limits.memory",
        "serving.env",
        "serving.env.ANY.THING",
        "serving.orchestrator.env.X",
        "serving.tolerations",
    ],
)
def test_fields_that_could_be_set(field: str) -> None:
    assert is_known(field)


@pytest.mark.parametrize("field", ["replicas", "serving.replics", "serving.replicas.deeper", "trafic", ""])
def test_fields_that_could_not(field: str) -> None:
    assert not is_known(field)


@pytest.mark.parametrize(
    ("field", "near"),
    [
        ("replicas", "serving.replicas"),
        ("serving.replics", "serving.replicas"),
        ("trafic", "traffic"),
        ("serving.env.A.C", "serving.env.A.B"),
        ("memry", "serving.resources.limits.memory"),
    ],
)
def test_the_nearest_names(field: str, near: str) -> None:
    suggested = suggest_fields(field, settings(LAYERED))
    assert near in suggested
    assert len(suggested) <= 3


def test_no_name_is_near_to_nonsense() -> None:
    assert suggest_fields("qqqq", ()) == ()
