"""`modelsync add` writes new files and never changes what is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reconciler.cli.app import app
from reconciler.cli.files import write_new
from reconciler.load.documents import load
from reconciler.load.worktree import read_worktree
from reconciler.settings import SettingsError
from reconciler.state.outcomes import Outcome
from reconciler.validate.checks import check
from reconciler.validate.schema import schema_files
from tests.support.git_servers import Repository
from tests.support.shop import Shop

MODEL = ["model", "wines", "--registered-model", "wine-quality", "--owner", "@wine-team"]


def run(directory: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["add", *arguments, "-C", str(directory)])


def test_a_model_is_written_once(tmp_path: Path) -> None:
    first = run(tmp_path, *MODEL)
    assert first.stdout == "wrote models/wines/model.yaml\n"
    assert first.stderr == "next: modelsync pin wines VERSION\n"
    written = (tmp_path / "models/wines/model.yaml").read_bytes()
    assert b"registeredModel: wine-quality\n" in written

    second = run(tmp_path, *MODEL)
    assert second.stdout == ""
    assert "there already" in second.stderr
    assert (tmp_path / "models/wines/model.yaml").read_bytes() == written


def test_a_model_is_registered_under_its_own_name_unless_told_otherwise(tmp_path: Path) -> None:
    run(tmp_path, "model", "wines", "--owner", "a@example.com")
    assert b"registeredModel: wines\n" in (tmp_path / "models/wines/model.yaml").read_bytes()


def test_a_model_that_is_there_differently_is_left_alone(tmp_path: Path) -> None:
    run(tmp_path, *MODEL)
    result = run(tmp_path, "model", "wines", "--owner", "@others")
    assert isinstance(result.exception, SettingsError)
    assert str(result.exception).startswith("models/wines/model.yaml exists already and differs; nothing was")
    assert b"@wine-team" in (tmp_path / "models/wines/model.yaml").read_bytes()


def test_an_environment_with_artifacts(tmp_path: Path) -> None:
    run(tmp_path, "environment", "staging", "--namespace", "wines-staging")
    result = run(
        tmp_path,
        *(
            "environment",
            "production",
            "--namespace",
            "wines-production",
            "--upstream",
            "staging",
            "--protected",
        ),
        *("--artifacts", "mlflow-artifacts:/=s3://mlflow/artifacts", "--secret", "artifacts-s3"),
    )
    assert result.stdout == "wrote environments/production/environment.yaml\n"
    text = (tmp_path / "environments/production/environment.yaml").read_text()
    assert '{from: "mlflow-artifacts:/", to: "s3://mlflow/artifacts", secret: artifacts-s3}' in text


def test_a_model_with_the_usual_values(tmp_path: Path) -> None:
    amounts = ("--requests", "cpu=200m,memory=512Mi", "--limits", "memory=1Gi", "--replicas", "2")
    result = run(tmp_path, *MODEL, "--description", "Quality: 3 to 9", *amounts)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "models/wines/model.yaml").read_text().splitlines()[1:] == [
        "registeredModel: wine-quality",
        'owners: ["@wine-team"]',
        'description: "Quality: 3 to 9"',
        "serving:",
        "  server: mlflow",
        "  protocol: v2",
        "  replicas: 2",
        "  resources:",
        '    requests: {cpu: "200m", memory: "512Mi"}',
        '    limits: {memory: "1Gi"}',
    ]


def test_a_custom_server_without_an_image_is_told(tmp_path: Path) -> None:
    result = run(tmp_path, *MODEL, "--server", "custom")
    assert result.stderr.startswith("note: a custom server has no stock image; ")
    image = ("--image", f"registry.example.com/reds@sha256:{'0' * 64}")
    result = run(tmp_path, "model", "reds", "--owner", "@shop", "--server", "custom", *image)
    assert result.stderr == "next: modelsync pin reds VERSION\n"


def test_an_environment_with_the_usual_values(tmp_path: Path) -> None:
    result = run(
        tmp_path,
        *("environment", "production", "--namespace", "wines-production", "--owner", "@platform"),
        *("--cluster", "eu1", "--cluster", "us1", "--drift", "report", "--ingress", "ambassador-v2"),
        *("--prometheus", "http://prometheus.monitoring:9090", "--replicas", "2"),
    )
    assert result.exit_code == 0, result.output
    tree = read_worktree(tmp_path)
    (entry,) = check(load(tree.files)).repository.environments.values()
    assert entry.environment is not None
    said = entry.environment.declaration
    assert said.clusters is not None
    assert said.metrics is not None
    assert said.serving is not None
    assert (list(said.clusters), said.owners, said.drift) == (["eu1", "us1"], ("@platform",), "report")
    assert (said.platform.ingress, said.metrics.prometheus, said.serving.replicas) == (
        "ambassador-v2",
        "http://prometheus.monitoring:9090",
        2,
    )


def test_what_breaks_a_rule_is_not_written(tmp_path: Path) -> None:
    result = run(tmp_path, "environment", "production", "--namespace", "a", "--upstream", "staging")
    assert result.stdout == ""
    assert "error references-exist" in result.stderr
    assert result.stderr.endswith("nothing was written: no waiver lifts such a rule.\n")
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_shows_the_file_alone(tmp_path: Path) -> None:
    result = run(tmp_path, *MODEL, "--dry-run")
    assert result.stdout.startswith("--- /dev/null\n+++ b/models/wines/model.yaml\n")
    assert "+registeredModel: wine-quality\n" in result.stdout
    assert result.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_a_commit_leaves_the_work_tree_as_it_is(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.add_environment("staging", "wines-staging")
    shop.commit("First")
    for key, value in (("user.name", "Ann"), ("user.email", "ann@example.com")):
        shop.git("config", key, value)
    result = run(tmp_path, "model", "prices", "--owner", "@shop", "--commit")
    assert result.stdout.endswith(" on modelsync/add-model-prices: models/prices/model.yaml\n"), result.output
    assert result.stderr == (
        "next: git push --set-upstream origin modelsync/add-model-prices, and open a pull request; then "
        "modelsync pin prices VERSION\n"
    )
    assert shop.git("status", "--porcelain") == ""
    assert shop.git("log", "-1", "--format=%s", "modelsync/add-model-prices") == "Add model prices\n"
    assert "registeredModel: prices" in shop.git(
        "show", "modelsync/add-model-prices:models/prices/model.yaml"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("model", "a", "--owner", "b", "--commit"), "--commit needs a git work tree"),
        (("model", "a", "--owner", "b", "--branch", "c"), "add --commit"),
        (
            ("model", "a", "--owner", "b", "--requests", "gpu=1"),
            '"gpu=1" is none; write cpu=200m,memory=512Mi',
        ),
        (("model", "a", "--owner", "b", "--limits", "cpu"), '"cpu" is none'),
        (("environment", "a", "--namespace", "b", "--secret", "c"), "--artifacts names; give both"),
    ],
)
def test_options_that_do_not_go_together(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    result = run(tmp_path, *arguments)
    assert result.exit_code == int(Outcome.CONFIGURATION)
    assert said in " ".join(result.stderr.split())
    assert list(tmp_path.iterdir()) == []


def test_an_amount_that_is_none_is_found_before_anything_is_written(tmp_path: Path) -> None:
    result = run(tmp_path, *MODEL, "--requests", "cpu=lots")
    assert "models/wines/model.yaml:8:21: error value-form\n" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("model", "Wines", "--owner", "a"), 'model "Wines" cannot become'),
        (("environment", "eu_1", "--namespace", "a"), 'environment "eu_1" cannot become'),
        (("environment", "eu", "--namespace", "a", "--artifacts", "s3:/x"), "write FROM=TO"),
    ],
)
def test_what_cannot_be_served_is_refused_before_anything_is_written(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    result = run(tmp_path, *arguments)
    assert isinstance(result.exception, SettingsError)
    assert message in str(result.exception)
    assert list(tmp_path.iterdir()) == []


class TestWriteNew:
    def test_nothing_is_written_where_anything_differs(self, tmp_path: Path) -> None:
        (tmp_path / "b").write_bytes(b"mine")
        with pytest.raises(SettingsError, match=r"^b in .* exists already and differs"):
            write_new(tmp_path, {"a": b"1", "b": b"2"})
        assert not (tmp_path / "a").exists()

    def test_only_what_is_missing_is_written(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"1")
        assert write_new(tmp_path, {"a": b"1", "c/d": b"2"}) == ("c/d",)

    def test_a_link_is_never_written_through(self, tmp_path: Path) -> None:
        (tmp_path / "a").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(SettingsError, match=r"^a in"):
            write_new(tmp_path, {"a": b"1"})
        assert not (tmp_path / "elsewhere").exists()


class TestInit:
    def test_a_fresh_repository_and_its_first_files_pass_validation(self, tmp_path: Path) -> None:
        shop = tmp_path / "shop"
        assert CliRunner().invoke(app, ["init", str(shop)]).exit_code == 0
        artifacts = ("--artifacts", "mlflow-artifacts:/=s3://mlflow/artifacts", "--secret", "artifacts-s3")
        assert run(shop, *MODEL).exit_code == 0
        assert run(shop, "environment", "staging", "--namespace", "wines-staging", *artifacts).exit_code == 0
        assert (
            run(
                shop,
                "environment",
                "production",
                "--namespace",
                "wines-production",
                "--upstream",
                "staging",
                "--protected",
            ).exit_code
            == 0
        )

        tree = read_worktree(shop)
        assert sorted(tree.files) == [
            "environments/production/environment.yaml",
            "environments/staging/environment.yaml",
            "models/defaults.yaml",
            "models/wines/model.yaml",
        ]
        found = check(load(tree.files, links=tree.links, unreadable=tree.unreadable))
        assert found.findings == ()
        assert set(found.repository.environments) == {"production", "staging"}

    def test_schemas_come_with_it(self, tmp_path: Path) -> None:
        CliRunner().invoke(app, ["init", str(tmp_path)])
        written = {path.name: path.read_bytes() for path in (tmp_path / "schemas").iterdir()}
        assert written == schema_files()

    def test_running_it_again_changes_nothing(self, tmp_path: Path) -> None:
        CliRunner().invoke(app, ["init", str(tmp_path)])
        again = CliRunner().invoke(app, ["init", str(tmp_path)])
        assert (again.exit_code, again.stdout) == (0, "")
        assert "everything is there already" in again.stderr

    def test_a_folder_in_use_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "README.md").write_text("mine")
        result = CliRunner().invoke(app, ["init", str(tmp_path)])
        assert isinstance(result.exception, SettingsError)
        assert [path.name for path in tmp_path.iterdir()] == ["README.md"]

    def test_workflows_follow_the_branch_that_is_named(self, tmp_path: Path) -> None:
        assert CliRunner().invoke(app, ["init", str(tmp_path), "--branch", "trunk"]).exit_code == 0
        workflow = (tmp_path / ".github/workflows/validate.yaml").read_text(encoding="utf-8")
        assert "    branches: [trunk]\n" in workflow
        assert os.access(tmp_path / ".modelsync/bootstrap", os.X_OK)

    @pytest.mark.parametrize("published", [True, False], ids=["published", "not-pushed"])
    def test_workflows_install_the_commit_of_the_checkout_where_its_origin_has_it(
        self, tmp_path: Path, published: bool
    ) -> None:
        checkout = Repository(tmp_path / "checkout")
        checkout.git("remote", "add", "origin", "git@git.example.com:ml/modelsync.git")
        commit = checkout.commit("First", run="x")
        if published:
            checkout.git("update-ref", "refs/remotes/origin/main", commit)
        # What an installer leaves behind: found before the installation that runs these tests.
        told = tmp_path / "packages/modelsync-1.dist-info"
        told.mkdir(parents=True)
        (told / "METADATA").write_text("Metadata-Version: 2.1\nName: modelsync\nVersion: 1\n", "utf-8")
        installed = {"url": checkout.path.as_uri(), "dir_info": {"editable": True}}
        (told / "direct_url.json").write_text(json.dumps(installed), "utf-8")
        subprocess.run(
            [sys.executable, "-m", "reconciler", "init", str(tmp_path / "shop")],
            env={**os.environ, "PYTHONPATH": str(told.parent)},
            cwd=tmp_path,
            check=True,
            capture_output=True,
            timeout=60,
        )
        lines = (tmp_path / "shop/.modelsync/bootstrap").read_text(encoding="utf-8").splitlines()
        assert (f"commit={commit}" in lines) is published
        assert ("repository=https://git.example.com/ml/modelsync.git" in lines) is published
        assert ("commit=''" in lines) is not published

    def test_a_branch_that_no_workflow_could_name_is_wrong_usage(self, tmp_path: Path) -> None:
        result = CliRunner().invoke(app, ["init", str(tmp_path / "shop"), "--branch", "re*"])
        assert result.exit_code == 2
        assert 'branch "re*" cannot be named in a workflow' in result.stderr
        assert not (tmp_path / "shop").exists()
