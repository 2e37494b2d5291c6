"""Templates in extras/ become manifests of their deployment, or a fault of exactly those they fail for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.render.extras import Extras, render_extras
from reconciler.state.extras import CONTENT, KINDS_ALLOWED, METADATA, NAMED, RENDERED, UNIQUE, ExtraTemplate
from reconciler.state.objects import DEPLOYMENT_LABEL, DIGEST_ANNOTATION, EXTRA_KINDS
from reconciler.state.targets import Desired, DesiredDeployment, Target
from tests.unit.render.building import COMMIT, PART_OF, deployment, variant

WINES = deployment(variant(3, 90), variant(5, 10))
PRICES = deployment(variant(12, 100), name="prices", model="prices")
NOTES = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ (deployment ~ "-notes") | tojson }}
data:
  model: {{ model | tojson }}
"""
ALL = tuple(kind.name for kind in EXTRA_KINDS)


def template(text: str, name: str = "notes") -> ExtraTemplate:
    return ExtraTemplate(name=name, file=f"environments/production/extras/{name}.yaml.j2", text=text)


def render(
    *texts: str,
    deployments: tuple[DesiredDeployment, ...] = (WINES,),
    kinds: tuple[str, ...] = ALL,
    commit: str = COMMIT,
) -> Extras:
    names = ("notes", "more", "others")
    desired = Desired(
        target=Target(environment="production", namespace="wines-production"),
        deployments=deployments,
        extras=tuple(template(text, name) for text, name in zip(texts, names, strict=False)),
        extra_kinds=kinds,
    )
    return render_extras(desired, part_of=PART_OF, commit=commit)


def render_one(text: str) -> Any:
    extras = render(text)
    assert extras.faults == ()
    (manifest,) = extras.manifests
    return manifest.body


def refuse(text: str, **rest: Any) -> list[str]:
    """The rules that the template breaks."""
    extras = render(text, **rest)
    assert extras.manifests == ()
    return [finding.rule for fault in extras.faults for finding in fault.findings]


def test_without_templates_there_is_nothing() -> None:
    assert render() == Extras(manifests=(), faults=())


def test_each_deployment_gets_its_own() -> None:
    extras = render(NOTES, deployments=(WINES, PRICES))
    assert [str(manifest.key) for manifest in extras.manifests] == [
        "ConfigMap/prices-notes",
        "ConfigMap/wines-notes",
    ]
    assert [manifest.deployment for manifest in extras.manifests] == ["prices", "wines"]
    assert [manifest.body["data"]["model"] for manifest in extras.manifests] == ["prices", "wines"]


def test_a_template_may_give_several_objects_or_none() -> None:
    text = (
        '{% if deployment == "wines" %}\n'
        "{% for variant in variants %}\n---\n"
        "apiVersion: v1\nkind: ConfigMap\n"
        'metadata: {name: {{ (deployment ~ "-" ~ variant.predictor) | tojson }}}\n'
        "{% endfor %}\n{% endif %}\n"
    )
    extras = render(text, deployments=(WINES, PRICES))
    assert [manifest.key.name for manifest in extras.manifests] == ["wines-v3", "wines-v5"]


def test_modelsync_adds_what_all_its_objects_have() -> None:
    body = render_one(NOTES.replace("\ndata:", "\n  labels: {team: wines}\n  annotations: {a/b: c}\ndata:"))
    assert body["metadata"]["namespace"] == "wines-production"
    assert body["metadata"]["labels"] == {
        "app.kubernetes.io/managed-by": "modelsync",
        "applyset.kubernetes.io/part-of": PART_OF,
        "modelsync.dev/deployment": "wines",
        "modelsync.dev/environment": "production",
        "modelsync.dev/model": "wines",
        "team": "wines",
    }
    assert body["metadata"]["annotations"].items() >= {"a/b": "c", "modelsync.dev/commit": COMMIT}.items()
    assert list(body) == ["apiVersion", "kind", "metadata", "data"]


def test_the_labels_that_a_template_is_given_are_those_that_it_gets() -> None:
    body = render_one(NOTES.replace("\ndata:", "\n  labels: {{ labels | tojson }}\ndata:"))
    assert body["metadata"]["labels"][DEPLOYMENT_LABEL] == "wines"


def test_the_commit_does_not_count_for_the_digest() -> None:
    (first,) = render(NOTES).manifests
    (second,) = render(NOTES, commit="0" * 40).manifests
    (third,) = render(NOTES.replace("model:", "name:")).manifests
    assert first.digest == second.digest == first.body["metadata"]["annotations"][DIGEST_ANNOTATION]
    assert first.digest != third.digest


def test_shares_reach_the_template() -> None:
    extras = render(NOTES + "  shares: {{ variants | tojson | tojson }}\n")
    (manifest,) = extras.manifests
    assert manifest.body["data"]["shares"] == (
        '[{"predictor": "v3", "shadow": false, "traffic": 90, "version": 3}, '
        '{"predictor": "v5", "shadow": false, "traffic": 10, "version": 5}]'
    )


def test_what_is_adopted_is_adopted_with_its_extras() -> None:
    (manifest,) = render(NOTES, deployments=(replace(WINES, adopt=True),)).manifests
    assert manifest.adopt


@pytest.mark.parametrize("kind", EXTRA_KINDS, ids=lambda kind: kind.name)
def test_every_kind_can_be_made_where_it_is_allowed_and_only_there(kind: Any) -> None:
    text = f"apiVersion: {kind.api_version}\nkind: {kind.name}\nmetadata: {{name: wines}}\n"
    (manifest,) = render(text, kinds=(kind.name,)).manifests
    assert manifest.key.kind == kind
    assert refuse(text, kinds=tuple(name for name in ALL if name != kind.name)) == [KINDS_ALLOWED]
    assert refuse(text, kinds=()) == [KINDS_ALLOWED]


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("v1", "Secret"),
        ("v1", "Pod"),
        ("v1", "Namespace"),
        ("v1", "ServiceAccount"),
        ("apps/v1", "Deployment"),
        ("batch/v1", "Job"),
        ("rbac.authorization.k8s.io/v1", "Role"),
        ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
        ("machinelearning.seldon.io/v1", "SeldonDeployment"),
        ("networking.istio.io/v1", "VirtualService"),
        ("v1", "[ConfigMap]"),
        ("v1", "{a: b}"),
        ("v1", "null"),
        ("v2", "ConfigMap"),
        ("1", "ConfigMap"),
    ],
)
def test_no_other_kind_is_ever_made(version: str, kind: str) -> None:
    assert refuse(f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: wines}}\n") == [KINDS_ALLOWED]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("notes", "expected wines, or wines-"),
        ("winesnotes", "expected wines, or wines-"),
        ("5", "expected wines"),
        ("null", "expected wines"),
        ("wines-Notes", "at most 63 small letters"),
        ("wines-", "at most 63 small letters"),
        ("wines-" + "a" * 58, "at most 63 small letters"),
    ],
)
def test_names_follow_the_deployment(name: str, words: str) -> None:
    extras = render(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n")
    ((finding,),) = [fault.findings for fault in extras.faults]
    assert finding.rule == NAMED
    assert words in finding.message


def test_the_record_of_a_target_cannot_be_made() -> None:
    named = deployment(variant(3, 100), name="modelsync")
    text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ (deployment ~ "-production") | tojson }}}\n'
    assert refuse(text, deployments=(named,)) == [NAMED]


@pytest.mark.parametrize("name", ["wines-v3", "wines-v5-explainer"])
def test_the_operators_own_destination_rules_cannot_be_made(name: str) -> None:
    text = f"apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: {name}}}\n"
    assert refuse(text) == [NAMED]
    assert len(render(text.replace(name, f"{name}-early")).manifests) == 1


@pytest.mark.parametrize(
    "metadata",
    [
        "namespace: other",
        "generateName: wines-",
        "finalizers: [a/b]",
        "ownerReferences: []",
        "labels: {a: 1}",
        "labels: [a]",
        "annotations: {a: true}",
        "labels: {modelsync.dev/environment: staging}",
        "labels: {modelsync.dev/other: x}",
        "labels: {app.kubernetes.io/managed-by: Helm}",
        "labels: {applyset.kubernetes.io/part-of: mine}",
        "annotations: {modelsync.dev/digest: x}",
        "annotations: {app.kubernetes.io/managed-by: modelsync, modelsync.dev/model: wines}",
    ],
)
def test_metadata_is_modelsyncs_where_it_decides(metadata: str) -> None:
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: wines, {metadata}}}\n"
    assert refuse(text) == [METADATA]


@pytest.mark.parametrize(
    "metadata",
    [
        "namespace: wines-production",
        "labels: {modelsync.dev/environment: production, app.kubernetes.io/managed-by: modelsync}",
        "annotations: {app.kubernetes.io/managed-by: Helm}",
        "labels: null",
    ],
)
def test_what_says_the_same_may_be_said(metadata: str) -> None:
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: wines, {metadata}}}\n"
    assert len(render(text).manifests) == 1


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("just words", RENDERED),
        ("- a", RENDERED),
        ("a: yes", RENDERED),
        ("a: {{ nothing | tojson }}", RENDERED),
        ("apiVersion: v1\nkind: ConfigMap\n", METADATA),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: wines\n", METADATA),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: wines}\nstatus: {}\n", CONTENT),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: wines}\ndata: {a: 1}\n", CONTENT),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: wines}\nspec: {}\n", CONTENT),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: wines}\nbinaryData: words\n", CONTENT),
    ],
)
def test_what_is_no_object_is_refused(text: str, rule: str) -> None:
    assert refuse(text) == [rule]


def test_all_faults_of_an_object_are_told() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: notes, namespace: other, labels: {a: 1}}\n"
    assert sorted(refuse(text)) == [METADATA, METADATA, NAMED]


def test_a_fault_is_that_of_the_deployment_alone_that_it_fails_for() -> None:
    text = '{% if deployment == "prices" %}\nkind: Secret\n{% else %}\n' + NOTES + "{% endif %}\n"
    extras = render(text, NOTES.replace("-notes", "-more"), deployments=(WINES, PRICES))
    assert [fault.deployment for fault in extras.faults] == ["prices"]
    # Nothing of a faulty deployment is made, also what other templates gave for it.
    assert [manifest.key.name for manifest in extras.manifests] == ["wines-more", "wines-notes"]


def test_two_templates_cannot_make_the_same_object() -> None:
    extras = render(NOTES, NOTES)
    assert extras.manifests == ()
    ((first, second),) = [fault.findings for fault in extras.faults]
    assert {first.rule, second.rule} == {UNIQUE}
    assert "is also made by environments/production/extras/notes.yaml.j2" in first.message
    assert "is also made by environments/production/extras/more.yaml.j2" in second.message


def test_two_deployments_cannot_make_the_same_object() -> None:
    """Deployment wines with -eu-notes, and deployment wines-eu with -notes."""
    other = deployment(variant(3, 100), name="wines-eu")
    text = NOTES.replace('"-notes"', '("-eu-notes" if deployment == "wines" else "-notes")')
    extras = render(text, deployments=(WINES, other, PRICES))
    assert [fault.deployment for fault in extras.faults] == ["wines", "wines-eu"]
    assert [manifest.key.name for manifest in extras.manifests] == ["prices-notes"]
