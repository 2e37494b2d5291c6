"""The training project of the demo, run by MLflow itself on the real server."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from reconciler.clients.registry.interface import RunFacts
from reconciler.clients.registry.mlflow import MlflowRegistry
from tests.integration.mlflow_fixtures import TRAINING, SharedMlflow


def evaluate(server: SharedMlflow, code: str) -> object:
    """The value that a piece of code prints as JSON, run beside the training's modules."""
    return json.loads(server.run(f"import json, wine_data\n{code}"))


def test_mlflow_runs_the_project_and_registers_a_version(mlflow_server: SharedMlflow) -> None:
    folder = Path(mlflow_server.python).parent
    done = subprocess.run(
        [
            folder / "mlflow",
            "run",
            TRAINING,
            "--env-manager",
            "local",
            "-P",
            "alpha=1",
            "-P",
            "registered_model=by-project",
        ],
        env={
            **os.environ,
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
            "MLFLOW_TRACKING_URI": mlflow_server.uri,
            "MLFLOW_DISABLE_TELEMETRY": "true",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "NOT real wines: a generated sample (1,600 rows" in done.stdout
    assert "registered by-project version 1" in done.stdout
    details = MlflowRegistry(mlflow_server.uri).describe("by-project", 1)
    assert isinstance(details.run, RunFacts)
    # MLflow wrote "1" before the training could write 1.0.
    assert details.run.parameters["alpha"] == "1"
    assert details.run.parameters["l1_ratio"] == "0.1"
    assert details.run.parameters["data"] == "sample"
    assert len(details.run.tags["mlflow.source.git.commit"]) == 40


def test_a_stronger_penalty_makes_a_worse_model_on_the_sample(mlflow_server: SharedMlflow) -> None:
    registry = MlflowRegistry(mlflow_server.uri)
    weak, strong = (registry.describe("wine-quality", version).logged_model for version in (1, 2))
    assert weak is not None
    assert strong is not None
    assert weak.metrics["rmse"] < strong.metrics["rmse"]
    assert weak.metrics["r2"] > strong.metrics["r2"] > 0


def test_the_sample_is_always_the_same_and_plausible(mlflow_server: SharedMlflow) -> None:
    facts = evaluate(
        mlflow_server,
        "first, second = wine_data.read_data('sample'), wine_data.read_data('')\n"
        "quality = first.table['quality']\n"
        "columns = list(first.table.columns) == list(wine_data.COLUMNS)\n"
        "print(json.dumps([first.sha256 == second.sha256, columns,"
        " str(quality.dtype), int(quality.min()), int(quality.max())]))",
    )
    assert isinstance(facts, list)
    same, columns, kind, lowest, highest = facts
    assert same
    assert columns
    assert kind == "int64"
    assert 3 <= lowest < highest <= 9


def test_commas_and_semicolons_are_told_apart(mlflow_server: SharedMlflow) -> None:
    same = evaluate(
        mlflow_server,
        "text = wine_data.generate_sample(50)\n"
        "semicolons = wine_data.parse_csv(text, 'a')\n"
        "commas = wine_data.parse_csv(text.replace(b';', b','), 'b')\n"
        "print(json.dumps(bool(semicolons.equals(commas))))",
    )
    assert same is True


HEADER = (
    "fixed acidity;volatile acidity;citric acid;residual sugar;chlorides;free sulfur dioxide;"
    "total sulfur dioxide;density;pH;sulphates;alcohol;quality\n"
)
UNFIT = {
    "no-column.csv": ("pH;quality\n3.1;6\n", "column fixed acidity, "),
    "text.csv": (f"{HEADER}7;0.3;0.3;20;0.04;45;170;1.0;low;0.4;8.8;6\n", "column pH holds something else"),
    "hole.csv": (f"{HEADER}7;0.3;0.3;20;0.04;45;170;1.0;3;0.4;;6\n", "column alcohol holds something else"),
    "binary.csv": ("\udcff\udcfe", "not UTF-8 text"),
    "nothing.csv": (None, "Give the path or URL of the wine-quality CSV"),
}


def test_data_that_do_not_fit_are_refused_with_what_is_wrong(
    mlflow_server: SharedMlflow, tmp_path: Path
) -> None:
    for name, (content, _) in UNFIT.items():
        if content is not None:
            (tmp_path / name).write_bytes(content.encode("utf-8", "surrogateescape"))
    told = evaluate(
        mlflow_server,
        f"""
def refuse(path):
    try:
        wine_data.read_data(path)
    except wine_data.DataError as error:
        return str(error)
print(json.dumps([refuse(path) for path in {[str(tmp_path / name) for name in UNFIT]!r}]))
""",
    )
    assert isinstance(told, list)
    for text, (name, (_, said)) in zip(told, UNFIT.items(), strict=True):
        assert text.startswith(str(tmp_path / name))
        assert said in text


def test_the_known_result_is_asserted_on_the_public_data_alone(mlflow_server: SharedMlflow) -> None:
    complaints = evaluate(
        mlflow_server,
        "import dataclasses, train\n"
        "sample = wine_data.read_data('sample')\n"
        "public = dataclasses.replace(sample, sha256=wine_data.UCI_WHITE_SHA256)\n"
        "check = train.check_known_result\n"
        "print(json.dumps([check(sample, 0.1, 0.1, 0.7), check(public, 0.1, 0.1, 0.6112547988118586),"
        " check(public, 1.0, 0.1, 0.7), check(public, 0.1, 0.1, 0.6112548)]))",
    )
    assert isinstance(complaints, list)
    assert complaints[:3] == ["", "", ""]
    assert "it must be 0.6112547988" in complaints[3]
