"""A file's path says what it declares."""

from __future__ import annotations

import pytest

from reconciler.load.layout import (
    FileKind,
    Place,
    describe_stray,
    find_place,
    find_template,
    is_ignored,
    show_path,
)
from reconciler.state.findings import Grade


@pytest.mark.parametrize(
    ("path", "kind", "folder", "name"),
    [
        ("models/defaults.yaml", FileKind.DEFAULTS, "", ""),
        ("models/wines/model.yaml", FileKind.MODEL, "wines", ""),
        ("models/wines/versions/12.yaml", FileKind.RECORD, "wines", "12"),
        ("environments/eu/environment.yaml", FileKind.ENVIRONMENT, "eu", ""),
        ("environments/eu/exceptions.yaml", FileKind.EXCEPTIONS, "eu", ""),
        ("environments/eu/deployments/wines.yaml", FileKind.DEPLOYMENT, "eu", "wines"),
        ("environments/eu/deployments/environment.yaml", FileKind.DEPLOYMENT, "eu", "environment"),
    ],
)
def test_each_declaration_has_its_place(path: str, kind: FileKind, folder: str, name: str) -> None:
    assert find_place(path) == Place(kind=kind, folder=folder, name=name)


@pytest.mark.parametrize(
    ("path", "proposal"),
    [
        ("environments/eu/deployments/wines.yml", "environments/eu/deployments/wines.yaml"),
        ("environments/eu/environment.YAML", "environments/eu/environment.yaml"),
        ("models/wines/model.json", "models/wines/model.yaml"),
        ("models/wines/versions/v5.yaml", "models/wines/versions/5.yaml"),
        ("models/wines/versions/005.yaml", "models/wines/versions/5.yaml"),
        ("models/wines/versions/V05.yaml", "models/wines/versions/5.yaml"),
        ("models/wines/5.yaml", "models/wines/versions/5.yaml"),
        ("models/wines/version/5.yaml", "models/wines/versions/5.yaml"),
        ("models/wines/models.yaml", "models/wines/model.yaml"),
        ("models/default.yaml", "models/defaults.yaml"),
        ("models/wines.yaml", "models/wines/model.yaml"),
        ("environments/eu/enviroment.yaml", "environments/eu/environment.yaml"),
        ("environments/eu/exception.yaml", "environments/eu/exceptions.yaml"),
        ("environments/eu/deployment/wines.yaml", "environments/eu/deployments/wines.yaml"),
        ("environments/eu/wines.yaml", "environments/eu/deployments/wines.yaml"),
        ("environments/eu.yaml", "environments/eu/environment.yaml"),
    ],
)
def test_a_file_in_the_wrong_place_is_an_error_that_says_the_right_one(path: str, proposal: str) -> None:
    assert find_place(path) is None
    assert find_place(proposal) is not None
    finding = describe_stray(path)
    assert (finding.grade, finding.rule, finding.location.file) == (Grade.HARD, "unknown-file", path)
    assert finding.advice == f"Rename it to {proposal}."


@pytest.mark.parametrize(
    "path",
    [
        "models",
        "environments/eu/deployments/.yaml",
        "environments/eu/deployments/team/wines.yaml",
        "models/wines/versions/latest.yaml",
        "models/wines/versions/0.yaml",
        "models/wines/versions/team/5.yaml",
        "models/wines/data.csv",
        "models/notes",
        "environments/notes",
        "environments/eu/notes",
        "environments/eu/notes/a/b/c",
    ],
)
def test_a_file_that_can_only_be_moved_says_so(path: str) -> None:
    assert find_place(path) is None
    assert describe_stray(path).advice.startswith("Move it out of models/ and environments/")


def test_what_does_not_look_like_a_declaration_is_only_advice() -> None:
    assert describe_stray("models/wines/data.csv").grade is Grade.ADVISORY
    assert describe_stray("environments/eu/deployments/wines.yaml.orig").grade is Grade.ADVISORY


def test_hidden_files_and_readmes_are_ignored() -> None:
    ignored = ("models/README.md", "models/wines/readme.md", "models/.gitkeep", "environments/.idea/x.yaml")
    assert all(is_ignored(path) for path in ignored)
    assert not is_ignored("models/wines/model.yaml")


def test_a_name_that_cannot_be_printed_is_escaped_and_refused() -> None:
    path = "environments/eu/deployments/a\nb\udcff.yaml"
    finding = describe_stray(path)
    assert finding.grade is Grade.HARD
    assert finding.location.file == show_path(path) == "environments/eu/deployments/a\\nb\\udcff.yaml"
    assert finding.advice.startswith("Rename it")
    assert show_path("models/größe.yaml") == "models/größe.yaml"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("environments/eu/extras/metrics.yaml.j2", ("eu", "metrics")),
        ("environments/eu/extras/a.b.yaml.j2", ("eu", "a.b")),
        ("environments/eu/extras/.yaml.j2", None),
        ("environments/eu/extras/metrics.yaml", None),
        ("environments/eu/extras/more/metrics.yaml.j2", None),
        ("environments/eu/metrics.yaml.j2", None),
        ("models/wines/extras/metrics.yaml.j2", None),
    ],
)
def test_templates_lie_in_extras(path: str, found: tuple[str, str] | None) -> None:
    assert find_template(path) == found
    assert find_place(path) is None


@pytest.mark.parametrize(
    ("path", "proposal"),
    [
        ("environments/eu/extras/metrics.yaml", "environments/eu/extras/metrics.yaml.j2"),
        ("environments/eu/extras/metrics.yml.j2", "environments/eu/extras/metrics.yaml.j2"),
        ("environments/eu/extras/metrics.j2", "environments/eu/extras/metrics.yaml.j2"),
        ("environments/eu/extra/metrics.yaml.j2", "environments/eu/extras/metrics.yaml.j2"),
        ("environments/eu/metrics.yaml.j2", "environments/eu/extras/metrics.yaml.j2"),
    ],
)
def test_a_template_in_the_wrong_place_is_an_error_that_says_the_right_one(path: str, proposal: str) -> None:
    assert find_template(path) is None
    assert find_template(proposal) is not None
    finding = describe_stray(path)
    assert (finding.grade, finding.advice) == (Grade.HARD, f"Rename it to {proposal}.")
