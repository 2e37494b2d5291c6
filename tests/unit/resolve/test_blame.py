"""A deployment is left alone for a fault in what it depends on, and for no other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.resolve.blame import blame
from reconciler.state.extras import ExtraTemplate
from reconciler.state.findings import Finding, Grade
from reconciler.state.repository import Repository
from tests.unit.resolve.building import DEFAULTS, DEPLOYMENT, ENVIRONMENT, MODEL, error, repository

PRICES = "environments/production/deployments/prices.yaml"
TWO = {
    PRICES: "{model: prices, variants: [{version: 1, traffic: 100}]}",
    "models/prices/model.yaml": "{registeredModel: prices, owners: [a], "
    "serving: {server: mlflow, protocol: v2}}",
}


def blamed(repo: Repository, *findings: Finding) -> set[str]:
    return set(blame(repo.environments["production"], findings))


@pytest.mark.parametrize("file", [DEPLOYMENT, MODEL, "models/wines/versions/3.yaml"])
def test_a_fault_in_its_own_files_blames_one_deployment(file: str) -> None:
    assert blamed(repository(TWO), error(file)) == {"wines"}


@pytest.mark.parametrize("file", [ENVIRONMENT, DEFAULTS])
def test_a_fault_in_what_all_share_blames_all(file: str) -> None:
    assert blamed(repository(TWO), error(file)) == {"wines", "prices"}


@pytest.mark.parametrize(
    "file",
    [
        "models/wines/versions/5.yaml",
        "models/unused/model.yaml",
        "environments/staging/environment.yaml",
        "environments/production/exceptions.yaml",
        "environments/production-eu/deployments/wines.yaml",
    ],
)
def test_a_fault_elsewhere_blames_nobody(file: str) -> None:
    assert blamed(repository(TWO), error(file)) == set()


def test_advice_blames_nobody() -> None:
    assert blamed(repository(), error(DEPLOYMENT, grade=Grade.ADVISORY)) == set()


@pytest.mark.parametrize("file", [DEPLOYMENT, ENVIRONMENT])
def test_what_may_be_waived_is_judged_before_the_merge_and_blames_nobody_after_it(file: str) -> None:
    assert blamed(repository(), error(file, grade=Grade.SOFT)) == set()


def test_every_version_that_a_deployment_uses_counts() -> None:
    repo = repository(
        {DEPLOYMENT: "{model: wines, variants: [{version: 3, traffic: 100}, {version: 6, shadow: 1}]}"}
    )
    assert blamed(repo, error("models/wines/versions/6.yaml")) == {"wines"}


def test_all_errors_of_a_deployment_are_kept_in_order() -> None:
    first, second = error(DEPLOYMENT), error(MODEL)
    assert blame(repository().environments["production"], (first, second)) == {"wines": (first, second)}


def test_an_unreadable_file_is_a_fault_of_its_deployment() -> None:
    found = error(PRICES)
    entry = repository(faulty=(PRICES,)).environments["production"]
    assert blame(entry, (found,)) == {"prices": (found,)}
    assert blame(entry, ()) == {"prices": ()}


def test_an_unreadable_file_shares_the_faults_that_all_share() -> None:
    assert blamed(repository(faulty=(PRICES,)), error(DEFAULTS)) == {"prices", "wines"}


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("environments/production/deployments/prices.yml", "prices"),
        ("environments/production/prices.yaml", "prices"),
        ("environments/production/deployments", "deployments"),
        ("environments/production", "production"),
    ],
)
def test_what_could_not_be_read_counts_as_a_deployment_that_may_be_meant(file: str, name: str) -> None:
    assert blamed(repository(), error(file)) == {name}


def test_a_stray_file_does_not_blame_the_deployment_whose_name_it_has() -> None:
    assert blamed(repository(), error("environments/production/deployments/wines.yml")) == set()


def test_two_strays_of_one_name_are_one_fault() -> None:
    first, second = (error(f"environments/production/deployments/prices.{end}") for end in ("yml", "json"))
    assert blame(repository().environments["production"], (first, second, first)) == {
        "prices": (second, first)
    }


@pytest.mark.parametrize("file", [MODEL, "models/wines/versions/3.yaml", DEFAULTS])
def test_ending_a_deployment_needs_neither_model_nor_records(file: str) -> None:
    ending = repository({DEPLOYMENT: "{model: wines, retire: true, variants: [{version: 3, traffic: 100}]}"})
    assert blamed(ending, error(file)) == set()
    assert (
        blamed(repository({ENVIRONMENT: "{namespace: wines-production, retire: true}"}), error(file)) == set()
    )


@pytest.mark.parametrize("file", [DEPLOYMENT, ENVIRONMENT])
def test_ending_a_deployment_needs_the_file_that_says_so(file: str) -> None:
    ending = repository({DEPLOYMENT: "{model: wines, retire: true, variants: [{version: 3, traffic: 100}]}"})
    assert blamed(ending, error(file)) == {"wines"}


TEMPLATE = "environments/production/extras/notes.yaml.j2"


def test_a_template_that_cannot_be_read_is_the_fault_of_all_that_stay() -> None:
    ending = {PRICES: "{model: prices, retire: true, variants: [{version: 1, traffic: 100}]}"}
    entry = repository({**TWO, **ending}).environments["production"]
    entry = replace(entry, faulty_extras=frozenset({"notes"}))
    assert set(blame(entry, (error(TEMPLATE),))) == {"wines"}


def test_what_rendering_finds_in_a_template_blames_nobody_before_it() -> None:
    entry = repository().environments["production"]
    entry = replace(entry, extras=(ExtraTemplate(name="notes", file=TEMPLATE, text=""),))
    assert blame(entry, (error(TEMPLATE),)) == {}
