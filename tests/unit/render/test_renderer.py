"""Rendering is pure: the same desired state gives the same manifests, whatever the order it came in."""

from __future__ import annotations

import random as randomness

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.render.building import COMMIT, container_of, deployment, predictors_of, render_all, variant

# What a YAML file can say in a string: every character but those that cannot be written as UTF-8.
texts = st.text(st.characters(exclude_categories=["Cs"]))
names = st.from_regex(r"[A-Z][A-Z0-9_]{0,20}", fullmatch=True)


def test_manifests_are_sorted_by_name() -> None:
    manifests = render_all(deployment(variant(3), name="wines"), deployment(variant(3), name="prices"))
    assert [str(manifest.key) for manifest in manifests] == [
        "SeldonDeployment/prices",
        "SeldonDeployment/wines",
    ]
    assert [manifest.deployment for manifest in manifests] == ["prices", "wines"]


def test_node_and_container_are_named_after_the_model_in_every_deployment() -> None:
    (manifest,) = render_all(deployment(variant(3), name="wines-eu", model="wines"))
    (predictor,) = manifest.body["spec"]["predictors"]
    assert manifest.body["metadata"]["name"] == "wines-eu"
    assert predictor["graph"]["name"] == container_of(predictor)["name"] == "wines"


def test_another_commit_changes_the_annotation_and_not_the_digest() -> None:
    (before,) = render_all(deployment(variant(3)))
    (after,) = render_all(deployment(variant(3)), commit="f" * 40)
    assert before.digest == after.digest
    assert before.body["metadata"]["annotations"]["modelsync.dev/commit"] == COMMIT
    assert after.body["metadata"]["annotations"]["modelsync.dev/commit"] == "f" * 40


def test_the_body_carries_its_own_digest() -> None:
    (manifest,) = render_all(deployment(variant(3)))
    assert manifest.body["metadata"]["annotations"]["modelsync.dev/digest"] == manifest.digest


def test_another_share_is_another_digest() -> None:
    (before,) = render_all(deployment(variant(3, 90), variant(5, 10)))
    (after,) = render_all(deployment(variant(3, 70), variant(5, 30)))
    assert before.digest != after.digest


@pytest.mark.covers("B6", "S2")
@given(st.dictionaries(names, texts, max_size=8), st.randoms())
def test_the_order_of_mappings_changes_nothing(env: dict[str, str], random: randomness.Random) -> None:
    items = list(env.items())
    random.shuffle(items)
    requests = {"memory": "1Gi", "cpu": "1"}
    shuffled = dict(reversed(requests.items()))
    assert render_all(deployment(variant(3, env=env, requests=requests))) == render_all(
        deployment(variant(3, env=dict(items), requests=shuffled))
    )


@given(st.dictionaries(names, texts, max_size=4))
def test_every_text_arrives_as_it_was_declared(env: dict[str, str]) -> None:
    rendered = container_of(predictors_of(variant(3, protocol="seldon", env=env))[0]).get("env", [])
    assert rendered == [{"name": name, "value": value} for name, value in sorted(env.items())]


def test_the_same_variant_with_another_share_differs_in_nothing_else() -> None:
    (whole,) = predictors_of(variant(3, 100))
    half, other = predictors_of(variant(3, 50), variant(5, 50))
    assert {**half, "traffic": 100} == whole
    assert (half["traffic"], other["traffic"]) == (50, 50)


@pytest.mark.parametrize("value", [1, 1.0, True])
def test_values_that_python_takes_for_equal_are_written_as_what_they_are(value: float) -> None:
    written = {}
    for one in (1, value):
        (predictor,) = predictors_of(variant(3, parameters={"limit": one}))
        written[one.__class__] = predictor["graph"]["parameters"]
    assert len({str(parameters) for parameters in written.values()}) == len(written)
