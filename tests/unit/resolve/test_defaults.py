"""What holds where nothing is said: of ours, saying it changes nothing; of others, as they document it."""

from __future__ import annotations

import pytest

from reconciler.load.documents import load
from reconciler.pipeline.desired import render_environment
from reconciler.policy.placing import place_environment
from reconciler.policy.settings import list_fields, list_settings, select_settings
from reconciler.resolve.defaults import find_defaults
from reconciler.state.declarations import Platform
from reconciler.state.explanations import Default
from reconciler.state.objects import Body
from reconciler.validate.checks import Check, check
from tests.unit.policy.building import DEPLOYMENT, SOUND

IMAGES = {"servers": {"mlflow": {"v2": {"image": "registry.example.com/mlserver:2"}}}}
GRAPH = """\
model: wines
variants:
  - name: blend
    traffic: 100
    graph:
      name: scale
      type: transformer
      image: registry.example.com/ml/scale@sha256:{digest}
      children:
        - {{name: red, model: wines, version: 3, startup: 5m}}
"""


def check_wines(serving: str = "", text: str = "") -> Check:
    """SOUND, where v3 serves nine of ten requests, and v5, with this `serving`, one."""
    own = f"{SOUND[DEPLOYMENT].rstrip()}\n    serving: {{{serving}}}\n"
    texts = {**SOUND, DEPLOYMENT: text or own}
    return check(load({path: said.encode() for path, said in texts.items()}))


def ask(field: str, serving: str = "", text: str = "", platform: Platform | None = None) -> list[Default]:
    repository = check_wines(serving, text).repository
    (placed,) = place_environment(repository, repository.environments["production"])
    return list(find_defaults(placed, field, platform or Platform()))


def render(serving: str) -> list[Body]:
    rendered = render_environment(check_wines(serving), "production", cluster="", commit="")
    assert rendered.desired.faults == ()
    assert rendered.manifests
    return [manifest.body for manifest in rendered.manifests]


SCALED = "scaling: {max: 4, cpu: 70%s}"
AMOUNTS = "resources: {requests: {cpu: 100m, memory: 1Gi}, limits: {memory: 1Gi}}"
EXPLAINED = f"explainer: {{type: anchor-tabular, model: wines, version: 3, {AMOUNTS}%s}}"


@pytest.mark.parametrize(
    ("field", "without", "said"),
    [
        ("serving.replicas", "", "replicas: %s"),
        ("serving.startup", "", "startup: %s"),
        ("serving.port", "", "port: %s"),
        ("serving.image", "", "image: '%s'"),
        ("serving.scaling.min", SCALED % "", SCALED % ", min: %s"),
        ("serving.explainer.replicas", EXPLAINED % "", EXPLAINED % ", replicas: %s"),
        ("serving.explainer.image", EXPLAINED % "", EXPLAINED % ", image: '%s'"),
    ],
)
def test_saying_a_default_of_ours_changes_no_manifest(field: str, without: str, said: str) -> None:
    (given,) = [default for default in ask(field, without) if "v5" in default.subjects and default.origin]
    assert given.origin == "modelsync"
    assert render(said % given.value) == render(without)
    assert not [default for default in ask(field, said % given.value) if "v5" in default.subjects]


def test_a_name_is_made_of_the_version() -> None:
    assert [(default.subjects, default.value) for default in ask("name")] == [
        (("v3",), "v3"),
        (("v5",), "v5"),
    ]
    assert [default.origin for default in ask("shadow")] == [""]


def test_an_image_is_the_platforms_own_where_it_names_one() -> None:
    (given,) = ask("serving.image", platform=Platform.model_validate(IMAGES))
    assert (given.value, given.origin) == ("registry.example.com/mlserver:2", "platform.servers")


def test_what_others_give_is_told_as_theirs() -> None:
    assert ask("serving.terminationGrace") == [
        Default(
            field="serving.terminationGrace", subjects=("v3", "v5"), value="20s", origin="Seldon's operator"
        )
    ]
    (image,) = ask("serving.storage.image")
    assert (image.value, image.origin.startswith("Seldon's operator")) == (None, True)


def test_the_orchestrators_resources_are_the_operators_or_ones_own_as_a_whole() -> None:
    requests = "serving.orchestrator.resources.requests"
    own = "orchestrator: {resources: {requests: {cpu: 100m}}}"
    assert [(each.subjects, each.value) for each in ask(f"{requests}.memory", own)] == [
        (("v3",), "512Mi"),
        (("v5",), None),
    ]
    assert [each.field for each in ask(requests)] == [f"{requests}.cpu", f"{requests}.memory"]


@pytest.mark.parametrize(
    "field",
    ["serving.requestLogger.url", "serving.scaling.min", "serving.scaling.poll", "serving.explainer.image"],
)
def test_what_belongs_to_a_block_that_is_not_there_has_none(field: str) -> None:
    assert ask(field) == [Default(field=field, subjects=("v3", "v5"))]


def test_what_scales_itself_has_no_number_of_pods() -> None:
    assert [(each.subjects, each.value) for each in ask("serving.replicas", SCALED % "")] == [
        (("v3",), 1),
        (("v5",), None),
    ]


def test_of_a_graph_containers_have_their_own() -> None:
    text = GRAPH.format(digest="0" * 64)
    assert [(each.subjects, each.value) for each in ask("serving.startup", text=text)] == [
        (("blend/scale",), "10m")
    ]
    assert [(each.subjects, each.value) for each in ask("serving.port", text=text)] == [
        (("blend/scale",), 9000),
        (("blend/red",), 9001),
    ]
    assert [each.subjects for each in ask("serving.replicas", text=text)] == [("blend",)]


def test_every_field_is_said_or_has_an_answer() -> None:
    repository = check_wines().repository
    (placed,) = place_environment(repository, repository.environments["production"])
    settings = list_settings(placed)
    silent = [field for field in list_fields() if not (select_settings(settings, field) or ask(field))]
    assert silent == []
    assert ask("version") == ask("serving.server") == ask("serving") == []
