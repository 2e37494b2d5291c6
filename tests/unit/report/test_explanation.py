"""What people and programs read of a setting's origin."""

from __future__ import annotations

from datetime import datetime, timezone

from reconciler.report.explanation import show_json, show_text
from reconciler.state.documents import Location
from reconciler.state.explanations import (
    Default,
    ExplainedSetting,
    Explanation,
    LiveField,
    RenderedField,
    Said,
    Setting,
    Written,
)
from reconciler.state.objects import SELDON_DEPLOYMENT, ObjectKey
from reconciler.state.outcomes import Outcome
from reconciler.state.plans import ForeignEdit
from tests.unit.report.golden import check_golden

KEY = ObjectKey(kind=SELDON_DEPLOYMENT, namespace="wines-production", name="wines")
MODEL = "models/wines/model.yaml"
DEPLOYMENT = "environments/production/deployments/wines.yaml"


def said(field: str, layer: str, file: str, line: int, value: object) -> Said:
    location = Location(file=file, line=line, column=13)
    return Said(field=field, layer=layer, location=location, path=tuple(field.split(".")), value=value)


def rendered(name: str, path: str, value: object) -> RenderedField:
    return RenderedField(key=KEY, path=f"spec.predictors[{name}].{path}", value=value)


def held(field: RenderedField, value: object, *managers: str) -> LiveField:
    holders = tuple(
        ForeignEdit(manager=name, time="2026-11-23T14:02:00Z", fields=("spec.predictors",))
        for name in managers
    )
    return LiveField(rendered=field, found=True, value=value, holders=holders)


V3, V5 = rendered("v3", "replicas", 2), rendered("v5", "replicas", 1)
TOKEN = rendered("v5", "componentSpecs[0].spec.containers[wines].env[API_TOKEN].value", "hush\x1b[31m")
SHARED = said("serving.replicas", "model", MODEL, 7, 2)
EXPLANATION = Explanation(
    name="production/wines",
    field="serving",
    looked=True,
    settings=(
        ExplainedSetting(
            setting=Setting(field="serving.replicas", subjects=("v3", "v4"), said=(SHARED,)),
            rendered=(V3,),
            live=(held(V3, 4, "kubectl-scale", "modelsync-production"),),
        ),
        ExplainedSetting(
            setting=Setting(
                field="serving.replicas",
                subjects=("v5",),
                said=(SHARED, said("serving.replicas", "variant", DEPLOYMENT, 8, 1)),
            ),
            rendered=(V5,),
            live=(LiveField(rendered=V5, found=False),),
        ),
        ExplainedSetting(
            setting=Setting(
                field="serving.env.API_TOKEN",
                subjects=("v5",),
                said=(said("serving.env.API_TOKEN", "variant", DEPLOYMENT, 9, "hush"),),
            ),
            rendered=(TOKEN,),
            live=(held(TOKEN, "hush"),),
        ),
        ExplainedSetting(
            setting=Setting(
                field="serving.tolerations",
                subjects=("v5",),
                said=(said("serving.tolerations", "variant", DEPLOYMENT, 10, ({"key": "gpu"},)),),
            ),
        ),
    ),
    defaults=(
        Default(field="serving.image", subjects=("v3",), value="wines:1", origin="platform.servers"),
        Default(field="serving.storage.image", subjects=("v3", "v5"), origin="Seldon's operator"),
        Default(field="serving.affinity", subjects=("v3", "v4", "v5")),
    ),
    writers={
        SHARED.location: Written(
            commit="4be2a91" * 5,
            author="Ada\x1b[31m",
            email="ada@example.com",
            moment=datetime(2026, 11, 23, 14, 2, tzinfo=timezone.utc),
            cut=True,
        ),
        Location(file=DEPLOYMENT, line=8, column=13): Written(),
    },
    notes=("SeldonDeployment/prices is not in the cluster (namespace wines-production).",),
)


def test_a_field_with_its_layers_and_the_clusters_side() -> None:
    check_golden("explanation.txt", show_text(EXPLANATION))
    check_golden("explanation.json", show_json(EXPLANATION))


def test_all_that_is_set() -> None:
    settings = tuple(ExplainedSetting(setting=item.setting) for item in EXPLANATION.settings)
    everything = Explanation(
        name="production/wines", field="", settings=settings, writers=EXPLANATION.writers
    )
    check_golden("explanation-all.txt", show_text(everything))


def test_nothing_is_set() -> None:
    assert "nothing is set" in show_text(Explanation(name="production/wines", field="", settings=()))


def test_a_cluster_that_was_not_seen_is_told_below_what_is_known() -> None:
    unseen = Explanation(
        name="production/wines",
        field="serving.replicas",
        settings=(ExplainedSetting(setting=EXPLANATION.settings[0].setting, rendered=(V3,)),),
        unseen="the API server did not answer",
        outcome=Outcome.UNDECIDED,
    )
    lines = show_text(unseen).splitlines()
    assert lines[-1] == "live is not known: the API server did not answer"
    assert "live:" not in show_text(unseen)


def test_no_secret_is_printed() -> None:
    assert "hush" not in show_text(EXPLANATION) + show_json(EXPLANATION)
