"""From a line to the fields that follow from it, as the renderer has it, and to those of a live object."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent

import pytest

from reconciler.load.documents import load
from reconciler.pipeline.explain import explain, find_live
from reconciler.settings import SettingsError
from reconciler.state.explanations import Default, Explanation, RenderedField
from reconciler.validate.checks import Check, check
from tests.support.worlds import apply, make_manifest, set_traffic
from tests.unit.policy.building import DEPLOYMENT, ENVIRONMENT, MODEL, SOUND

CONTAINER = "spec.predictors[{}].componentSpecs[0].spec.containers[wines]"
OWN = """\
model: wines
variants:
  - version: 3
    traffic: 90
  - version: 5
    traffic: 10
    serving:
      replicas: 2
      startup: 7m
      server: sklearn
      env: {GREETING: hello}
      secretEnv: {TOKEN: {secret: artifacts-s3, key: token}}
      tolerations: [{key: gpu, operator: Exists}]
"""


def check_files(changes: Mapping[str, str] | None = None) -> Check:
    texts = {**SOUND, **(changes or {})}
    return check(load({path: dedent(text).encode() for path, text in texts.items()}))


def ask(field: str = "", changes: Mapping[str, str] | None = None, cluster: str = "") -> Explanation:
    return explain(check_files(changes), "production/wines", field, cluster=cluster)


def paths(explanation: Explanation) -> list[list[str]]:
    return [[field.path for field in item.rendered] for item in explanation.settings]


def test_a_share_moves_the_predictors_traffic_alone() -> None:
    assert paths(ask("traffic")) == [["spec.predictors[v3].traffic"], ["spec.predictors[v5].traffic"]]


@pytest.mark.parametrize(
    ("field", "rendered"),
    [
        ("serving.replicas", ["spec.predictors[v5].replicas"]),
        ("serving.env.GREETING", [f"{CONTAINER.format('v5')}.env[GREETING].value"]),
        ("serving.secretEnv.TOKEN", [f"{CONTAINER.format('v5')}.env[TOKEN].valueFrom.secretKeyRef.key"]),
        ("serving.tolerations", ["spec.predictors[v5].componentSpecs[0].spec.tolerations"]),
        (
            "serving.startup",
            [
                "spec.predictors[v5].progressDeadlineSeconds",
                f"{CONTAINER.format('v5')}.startupProbe.failureThreshold",
            ],
        ),
    ],
)
def test_a_variants_own_line_moves_its_own_predictor(field: str, rendered: list[str]) -> None:
    assert paths(ask(field, {DEPLOYMENT: OWN})) == [rendered]


def test_a_line_that_another_overrides_moves_the_rest() -> None:
    model, own = paths(ask("serving.server", {DEPLOYMENT: OWN}))
    assert {path.partition("]")[0] for path in model} == {"spec.predictors[v3"}
    assert {path.partition("]")[0] for path in own} == {"spec.predictors[v5"}
    assert "spec.predictors[v5].graph.implementation" in own


def test_a_shared_line_moves_all_variants() -> None:
    (found,) = paths(ask("serving.resources.limits.memory"))
    assert found == [f"{CONTAINER.format(name)}.resources.limits.memory" for name in ("v3", "v5")]


def test_a_version_is_the_predictors_name_and_the_place_of_its_files() -> None:
    first = ask("version").settings[0].rendered
    told = {field.path: field.value for field in first}
    assert told["spec.predictors[v3].name"] == "v3"
    assert str(told["spec.predictors[v3].graph.modelUri"]).startswith("s3://mlflow/artifacts/")


def test_without_a_field_all_that_is_set_is_listed_and_nothing_is_rendered() -> None:
    everything = ask()
    assert {item.setting.field for item in everything.settings} >= {"version", "traffic", "serving.server"}
    assert paths(everything) == [[] for _ in everything.settings]


def test_nothing_set_is_told() -> None:
    unset = ask("serving.startup")
    assert unset.settings == ()
    assert unset.defaults == (
        Default(field="serving.startup", subjects=("v3", "v5"), value="10m", origin="modelsync"),
    )


def test_a_deployment_with_a_fault_still_tells_its_lines() -> None:
    broken = SOUND[DEPLOYMENT].replace("traffic: 10", "traffic: 11")
    explained = ask("serving.server", {DEPLOYMENT: broken})
    assert [item.setting.winner.layer for item in explained.settings] == ["model"]
    assert paths(explained) == [[]]
    assert explained.notes == (
        "production/wines is faulty, so no manifest is rendered of it; modelsync validate says why.",
    )


@pytest.mark.parametrize("file", [DEPLOYMENT, ENVIRONMENT])
def test_what_is_to_end_has_no_manifest(file: str) -> None:
    explained = ask("traffic", {file: f"retire: true\n{SOUND[file]}"})
    assert paths(explained) == [[], []]
    assert explained.notes == (
        "production/wines is to end (retire: true), so no manifest is rendered of it.",
    )


def test_a_nodes_own_line_moves_its_own_container() -> None:
    graph = """\
        model: wines
        variants:
          - name: blend
            traffic: 100
            serving: {startup: 5m}
            graph:
              name: scale
              type: transformer
              image: registry.example.com/ml/scale@sha256:00
              env: {MODE: a}
              resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 64Mi}}
              children:
                - {name: red, model: wines, version: 3}
        """
    digest = "0" * 64
    explained = ask("serving.env", {DEPLOYMENT: graph.replace("sha256:00", f"sha256:{digest}")})
    assert [item.setting.subjects for item in explained.settings] == [("blend/scale",)]
    assert paths(explained) == [
        ["spec.predictors[blend].componentSpecs[0].spec.containers[scale].env[MODE].value"]
    ]


def test_in_each_cluster_its_own_manifests_are_meant() -> None:
    clusters = f"{SOUND[ENVIRONMENT]}clusters: {{eu1: {{}}, us1: {{}}}}\n"
    for cluster in ("", "us1"):
        assert paths(ask("traffic", {ENVIRONMENT: clusters}, cluster))[0] == ["spec.predictors[v3].traffic"]


@pytest.mark.parametrize(
    ("name", "field", "said"),
    [
        ("wines", "", '"wines" is no deployment; write ENV/DEPLOYMENT'),
        ("prodution/wines", "", 'Did you mean "production"?'),
        ("production/wine", "", 'there is no deployment production/wine. Did you mean "production/wines"?'),
        ("production/wines", "replicas", 'Did you mean "serving.replicas"'),
        ("production/wines", "qqqq", 'there is no field "qqqq". modelsync explain production/wines lists'),
    ],
)
def test_what_is_not_there_is_told_with_the_nearest(name: str, field: str, said: str) -> None:
    with pytest.raises(SettingsError) as raised:
        explain(check_files(), name, field, cluster="")
    assert said in str(raised.value)


def test_a_file_that_cannot_be_read_is_told() -> None:
    with pytest.raises(SettingsError) as raised:
        explain(check_files({DEPLOYMENT: "model: wines\nvariant: []\n"}), "production/wines", "", cluster="")
    assert "production/wines: its file cannot be read; modelsync validate says why." in str(raised.value)


def test_a_model_without_its_file_leaves_its_layer_out() -> None:
    files = {path: text.encode() for path, text in SOUND.items() if path != MODEL}
    explained = explain(check(load(files)), "production/wines", "", cluster="")
    assert {item.setting.field for item in explained.settings} == {"version", "traffic"}


class TestLive:
    WINES = make_manifest(shares={"v3": 90, "v5": 10})
    FIELD = RenderedField(key=WINES.key, path="spec.predictors[v3].traffic", value=90)

    def test_a_live_field_has_its_value_and_its_manager(self) -> None:
        live = find_live(self.FIELD, apply(self.WINES))
        assert (live.found, live.value) == (True, 90)
        assert [holder.manager for holder in live.holders] == ["modelsync-production"]

    def test_an_edit_by_hand_is_seen_with_its_author(self) -> None:
        live = find_live(self.FIELD, set_traffic(apply(self.WINES), {"v3": 50, "v5": 50}))
        assert live.value == 50
        assert [holder.manager for holder in live.holders] == ["kubectl-edit"]

    def test_an_object_or_a_field_that_is_not_there_is_not_found(self) -> None:
        assert not find_live(self.FIELD, None).found
        gone = set_traffic(apply(self.WINES), {"v5": 100})
        missing = find_live(RenderedField(key=self.WINES.key, path="spec.none", value=1), gone)
        assert (missing.found, missing.holders) == (False, ())
