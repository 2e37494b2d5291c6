"""Two environments side by side: who has what, at which shares, with which settings."""

from __future__ import annotations

from reconciler.policy.comparing import compare_environments
from reconciler.state.comparisons import DeploymentComparison, EnvironmentComparison
from reconciler.state.repository import Repository
from tests.unit.policy.building import DEPLOYMENT, ENVIRONMENT, MODEL, SOUND, repository

STAGING = "environments/staging/environment.yaml"
STAGED = "environments/staging/deployments/wines.yaml"
PRICES = "environments/staging/deployments/prices.yaml"
ALONE = "model: wines\nvariants: [{version: 5, traffic: 100}]\n"


def compare(*only: str, **changes: str) -> EnvironmentComparison:
    return compare_environments(make(**changes), "staging", "production", only=only)


def make(staging: str = SOUND[ENVIRONMENT], staged: str = SOUND[DEPLOYMENT], **files: str) -> Repository:
    """Staging and production, both as production is where nothing else is said."""
    named = {"production": ENVIRONMENT, "deployed": DEPLOYMENT, "prices": PRICES, "model": MODEL}
    return repository({STAGING: staging, STAGED: staged, **{named[key]: text for key, text in files.items()}})


def wines(**changes: str) -> DeploymentComparison:
    (found,) = compare("wines", **changes).deployments
    return found


def shares(found: DeploymentComparison) -> list[tuple[str, int | None, int | None]]:
    return [(variant.predictor, variant.old, variant.new) for variant in found.variants]


def settings(found: DeploymentComparison) -> list[tuple[str, list[str], list[str]]]:
    """Field, and what is said on each side for whom."""
    return [
        (
            difference.field,
            [f"{' '.join(item.subjects)} {item.winner.value}" for item in difference.left],
            [f"{' '.join(item.subjects)} {item.winner.value}" for item in difference.right],
        )
        for difference in found.settings
    ]


def test_equal_ones_do_not_differ() -> None:
    assert not compare().differs
    assert shares(wines()) == [("v3", 90, 90), ("v5", 10, 10)]


def test_versions_and_shares_those_of_the_left_first() -> None:
    found = wines(staged="model: wines\nvariants: [{version: 5, traffic: 100}, {version: 3, shadow: 20}]\n")
    assert shares(found) == [("v5", 100, 10), ("v3-shadow", 20, None), ("v3", None, 90)]
    assert found.differs
    assert settings(found) == []


def test_a_deployment_of_one_side_alone() -> None:
    found = compare(prices=ALONE)
    (prices, same) = found.deployments
    assert (prices.name, same.name) == ("prices", "wines")
    assert prices.right is None
    assert prices.differs
    assert not same.differs
    assert found.differs


def test_what_is_to_end_is_not_there() -> None:
    assert wines(staged=f"retire: true\n{SOUND[DEPLOYMENT]}").left is None
    assert wines(staging=f"retire: true\n{SOUND[ENVIRONMENT]}").left is None


def test_settings_that_differ_with_the_lines_that_say_them() -> None:
    found = wines(
        staging=f"{SOUND[ENVIRONMENT]}serving: {{replicas: 1, startup: 5m}}\n",
        production=f"{SOUND[ENVIRONMENT]}serving: {{replicas: 2}}\n",
    )
    assert settings(found) == [
        ("serving.replicas", ["v3 v5 1"], ["v3 v5 2"]),
        ("serving.startup", ["v3 v5 5m"], []),
    ]
    places = [str(item.winner.location) for item in (*found.settings[0].left, *found.settings[0].right)]
    assert [place.partition(":")[0] for place in places] == [STAGING, ENVIRONMENT]


def test_the_same_said_elsewhere_is_no_difference() -> None:
    found = wines(
        staging=f"{SOUND[ENVIRONMENT]}serving: {{replicas: 2}}\n",
        deployed=f"{SOUND[DEPLOYMENT]}serving: {{replicas: 2}}\n",
    )
    assert settings(found) == []


def test_other_versions_with_the_same_settings_are_no_difference_of_settings() -> None:
    assert settings(wines(staged=ALONE)) == []


def test_a_variant_of_its_own_kind_differs() -> None:
    own = SOUND[DEPLOYMENT].replace("traffic: 10", "traffic: 10\n    serving: {replicas: 4}")
    assert settings(wines(staged=ALONE, deployed=own)) == [("serving.replicas", [], ["v5 4"])]
    # Of v3, which staging does not have, nothing can differ.
    assert settings(wines(staged=f"{ALONE}serving: {{replicas: 4}}\n", deployed=own)) == []


def test_another_model_is_told_first() -> None:
    other = repository(
        {
            STAGING: SOUND[ENVIRONMENT],
            STAGED: "model: spirits\nvariants: [{version: 3, traffic: 100}]\n",
            "models/spirits/model.yaml": SOUND[MODEL],
        }
    )
    (found,) = compare_environments(other, "staging", "production").deployments
    assert settings(found)[0] == ("model", [" spirits"], [" wines"])


def themselves(staging: str, production: str = "") -> list[tuple[str, list[str], list[str]]]:
    """What differs of the environments themselves, with these lines added to them: field, and each side."""
    found = compare(staging=SOUND[ENVIRONMENT] + staging, production=SOUND[ENVIRONMENT] + production)
    assert found.differs == bool(found.settings)
    return [
        (
            one.field,
            [f"{item.winner.value}" for item in one.left],
            [f"{item.winner.value}" for item in one.right],
        )
        for one in found.settings
    ]


def test_platform_rules_and_artifacts_of_the_environments() -> None:
    staging = (
        "platform: {ingress: [istio, ambassador-v2], servers: {mlflow: {v2: {image: a}}}}\n"
        "rules: {soak: 1h}\n"
    )
    production = "platform: {keda: true, servers: {mlflow: {v2: {image: b}}}}\nrules: {soak: {grade: hard}}\n"
    assert themselves(staging, production) == [
        ("platform.ingress", ["('istio', 'ambassador-v2')"], []),
        ("platform.keda", [], ["True"]),
        ("platform.servers.mlflow.v2.image", ["a"], ["b"]),
        ("rules.soak", ["1h"], ["{'grade': 'hard'}"]),
    ]
    found = compare(staging=f"{SOUND[ENVIRONMENT]}rules: {{soak: 1h}}\n").settings
    assert [str(item.winner.location).partition(":")[0] for item in found[0].left] == [STAGING]


def test_what_single_clusters_have_otherwise_and_how_an_environment_is_kept() -> None:
    staging = "clusters: {eu: {platform: {ingress: istio}}, us: {}}\nprotected: false\n"
    production = (
        "clusters: {eu: {platform: {ingress: ambassador-v2}}}\nprotected: true\nauto: rollback\ndrift: heal\n"
    )
    assert themselves(staging, production) == [
        ("auto", [], ["rollback"]),
        ("clusters.eu.platform.ingress", ["istio"], ["ambassador-v2"]),
        ("protected", ["False"], ["True"]),
    ]


def test_artifacts_are_told_apart_by_where_they_come_from() -> None:
    def of(to: str) -> str:
        return f"namespace: wines-x\nartifacts:\n  - {{from: 'mlflow-artifacts:/', to: '{to}'}}\n"

    found = compare(staging=of("s3://a"), production=of("s3://b")).settings
    assert [(one.field, one.left[0].winner.value, one.right[0].winner.value) for one in found] == [
        ("artifacts[from=mlflow-artifacts:/].to", "s3://a", "s3://b")
    ]


def test_what_is_meant_anyway_and_what_stands_in_another_form_are_alike() -> None:
    assert themselves("platform: {ingress: istio, keda: false, target: seldon-v1}\n") == []
    assert (
        themselves("platform: {ingress: [istio]}\nrules: {soak: 1h}\n", "rules: {soak: {value: 1h}}\n") == []
    )


def test_of_one_deployment_or_an_end_nothing_else_is_compared() -> None:
    rules = f"{SOUND[ENVIRONMENT]}rules: {{soak: 1h}}\n"
    assert compare("wines", staging=rules).settings == ()
    assert compare(staging=f"{rules}retire: true\n").settings == ()


def test_an_environment_that_cannot_be_read_is_told() -> None:
    found = compare_environments(repository({STAGED: SOUND[DEPLOYMENT]}), "staging", "production")
    assert (found.unreadable, found.settings) == (("staging",), ())
