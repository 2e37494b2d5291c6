"""What init and add lay out can be read back as declarations."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.scaffold.layout import (
    Files,
    InvalidName,
    lay_out_environment,
    lay_out_model,
    lay_out_repository,
)
from reconciler.scaffold.origin import Origin
from reconciler.state.declarations import Defaults, Environment, Model

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def value_of(files: Files, path: str) -> Any:
    return yaml.safe_load(files[path])


def model_of(name: str = "wines", **options: Any) -> Model:
    files = lay_out_model(name, **{"registered_model": "wine-quality", "owners": ("@wine-team",), **options})
    assert list(files) == [f"models/{name}/model.yaml"]
    return Model.model_validate_json(json.dumps(value_of(files, f"models/{name}/model.yaml")))


def environment_of(name: str = "production", **options: Any) -> Environment:
    files = lay_out_environment(name, **{"namespace": "wines-production", **options})
    assert list(files) == [f"environments/{name}/environment.yaml"]
    return Environment.model_validate_json(
        json.dumps(value_of(files, f"environments/{name}/environment.yaml"))
    )


class TestRepository:
    FILES = lay_out_repository({"model.schema.json": b"{}"})

    def test_folders_schemas_workflows_and_readme(self) -> None:
        assert sorted(self.FILES) == [
            ".github/workflows/bot.yaml",
            ".github/workflows/comment.yaml",
            ".github/workflows/pin.yaml",
            ".github/workflows/records.yaml",
            ".github/workflows/validate.yaml",
            ".gitignore",
            ".modelsync/bootstrap",
            "README.md",
            "environments/README.md",
            "models/README.md",
            "models/defaults.yaml",
            "schemas/model.schema.json",
        ]

    def test_defaults_hold_for_any_model(self) -> None:
        serving = Defaults.model_validate_json(
            json.dumps(value_of(self.FILES, "models/defaults.yaml"))
        ).serving
        assert serving.resources is not None
        assert (serving.replicas, serving.startup, serving.server) == (1, "10m", None)

    def test_another_branch_is_named_wherever_main_is(self) -> None:
        other = lay_out_repository({}, branch="2024")
        assert value_of(other, ".github/workflows/validate.yaml")[True]["push"] == {"branches": ["2024"]}
        changed = {path for path, content in other.items() if content != self.FILES[path]}
        assert changed == {".github/workflows/validate.yaml", "README.md"}
        assert not re.search(r"\bmain\b", other["README.md"].decode())

    @pytest.mark.parametrize("branch", ["", "-x", "a b", "re*", "!main", "main]", "/x", "ä"])
    def test_a_branch_that_a_workflow_would_read_as_a_pattern_is_refused(self, branch: str) -> None:
        with pytest.raises(InvalidName, match=r'branch ".*" cannot be named in a workflow'):
            lay_out_repository({}, branch=branch)

    def test_what_is_installed_is_where_this_program_came_from(self) -> None:
        origin = Origin(repository="https://git.example.com/ml/modelsync.git", commit="4be2" * 10)
        lines = lay_out_repository({}, origin=origin)[".modelsync/bootstrap"].decode().splitlines()
        assert "repository=https://git.example.com/ml/modelsync.git" in lines
        assert f"commit={'4be2' * 10}" in lines


class TestModel:
    def test_says_what_it_was_told_and_no_more(self) -> None:
        assert model_of() == Model.model_validate_json(
            '{"registeredModel": "wine-quality", "owners": ["@wine-team"],'
            ' "serving": {"server": "mlflow", "protocol": "v2"}}'
        )

    def test_another_registry_and_server(self) -> None:
        model = model_of(registry="eu", server="custom", protocol="seldon")
        assert model.registry == "eu"
        assert model.serving is not None
        assert (model.serving.server, model.serving.protocol) == ("custom", "seldon")

    @given(texts, st.lists(texts, min_size=1, max_size=3))
    def test_any_name_and_owner_arrives_as_it_was_given(self, name: str, owners: list[str]) -> None:
        model = model_of(registered_model=name, owners=owners)
        assert (model.registered_model, model.owners) == (name, tuple(owners))

    @pytest.mark.parametrize(
        "word", ["yes", "no", "on", "true", "null", "010", "1e3", "12:30", "@a", "a: b", "# a"]
    )
    def test_words_that_yaml_would_misread_are_quoted(self, word: str) -> None:
        assert model_of(registered_model=word).registered_model == word

    @pytest.mark.parametrize("name", ["Wines", "1wines", "wines-", "wines_red", "../wines", "", "w" * 49])
    def test_a_name_that_no_object_could_have_is_refused(self, name: str) -> None:
        with pytest.raises(InvalidName, match=f'model "{name}" cannot become'):
            model_of(name)


class TestEnvironment:
    def test_smallest(self) -> None:
        environment = environment_of()
        assert (environment.namespace, environment.protected, environment.drift) == (
            "wines-production",
            False,
            "heal",
        )
        assert (environment.artifacts, environment.allow.secrets, environment.upstream) == ((), (), ())

    def test_artifacts_allow_the_secret_that_they_need(self) -> None:
        environment = environment_of(
            upstream=("staging", "canary"),
            protected=True,
            artifacts=(("mlflow-artifacts:/", "s3://mlflow/artifacts"), ("s3://models", "s3://copy")),
            secret="artifacts-s3",
        )
        assert (environment.upstream, environment.protected) == (("staging", "canary"), True)
        assert [(a.from_, a.to, a.secret) for a in environment.artifacts] == [
            ("mlflow-artifacts:/", "s3://mlflow/artifacts", "artifacts-s3"),
            ("s3://models", "s3://copy", "artifacts-s3"),
        ]
        assert environment.allow.secrets == ("artifacts-s3",)

    def test_artifacts_without_a_secret(self) -> None:
        environment = environment_of(artifacts=(("mlflow-artifacts:/", "pvc://models"),))
        assert (environment.artifacts[0].secret, environment.allow.secrets) == (None, ())

    def test_names_that_no_object_could_have_are_refused(self) -> None:
        with pytest.raises(InvalidName, match='environment "Production"'):
            environment_of("Production")
        with pytest.raises(InvalidName, match=r'namespace "\{team\}-production"'):
            environment_of(namespace="{team}-production")
