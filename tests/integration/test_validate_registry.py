"""`modelsync validate --registry` against the real MLflow server."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.cli.app import run
from reconciler.state.outcomes import Outcome
from tests.integration.mlflow_fixtures import SharedMlflow
from tests.support.proxy import Proxy, Reply

Run = Callable[..., tuple[Outcome, str]]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "models" / "wines"
    folder.mkdir(parents=True)
    (folder / "model.yaml").write_text(
        'registeredModel: wine-quality\nowners: ["@wine-team"]\n', encoding="utf-8"
    )
    return tmp_path


@pytest.fixture
def modelsync(
    repository: Path,
    mlflow_server: SharedMlflow,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    def call(*arguments: str, uri: str = mlflow_server.uri) -> tuple[Outcome, str]:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        outcome = run([*arguments, "-C", str(repository)])
        out, err = capsys.readouterr()
        return outcome, out + err

    return call


def git(repository: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    subprocess.run(["git", *identity, *arguments], cwd=repository, check=True, capture_output=True)


def test_records_that_hold_pass_with_one_request(modelsync: Run, mlflow_server: SharedMlflow) -> None:
    assert modelsync("pin", "wines", "1", "2")[0] is Outcome.DONE
    with Proxy(mlflow_server.uri) as proxy:
        outcome, said = modelsync("validate", "--registry", uri=proxy.uri)
    assert outcome is Outcome.DONE, said
    assert len(proxy.requests) == 1


def test_a_record_of_a_version_that_does_not_exist_is_found(repository: Path, modelsync: Run) -> None:
    modelsync("pin", "wines", "2")
    record = repository / "models/wines/versions/2.yaml"
    text = record.read_text(encoding="utf-8").replace("  version: 2\n", "  version: 9\n")
    record.unlink()
    (repository / "models/wines/versions/9.yaml").write_text(text, encoding="utf-8")
    outcome, said = modelsync("validate", "--registry")
    assert outcome is Outcome.FINDINGS
    assert "models/wines/versions/9.yaml:6:12: error registry-version-exists" in said
    assert "newest there is v2" in said


def test_a_record_that_was_copied_from_another_version_is_found(repository: Path, modelsync: Run) -> None:
    modelsync("pin", "wines", "1")
    record = repository / "models/wines/versions/1.yaml"
    text = record.read_text(encoding="utf-8").replace("  version: 1\n", "  version: 2\n")
    record.unlink()
    (repository / "models/wines/versions/2.yaml").write_text(text, encoding="utf-8")
    outcome, said = modelsync("validate", "--registry")
    assert outcome is Outcome.FINDINGS
    assert said.count("registry-facts-unmoved") == 3


@pytest.mark.covers("B36")
@pytest.mark.parametrize("status", [None, 503])
def test_a_registry_that_does_not_answer_is_undecided_and_never_a_pass(
    modelsync: Run, mlflow_server: SharedMlflow, status: int | None
) -> None:
    modelsync("pin", "wines", "1")
    if status is None:
        outcome, said = modelsync("validate", "--registry", uri="http://127.0.0.1:9")
    else:
        with Proxy(mlflow_server.uri, lambda _request: Reply(status=503)) as proxy:
            outcome, said = modelsync("validate", "--registry", uri=proxy.uri)
    assert outcome is Outcome.UNDECIDED
    assert "the registry at http://127.0.0.1:" in said


def test_only_what_a_change_adds_or_edits_is_asked_for(repository: Path, modelsync: Run) -> None:
    modelsync("pin", "wines", "1")
    git(repository, "init", "--quiet", "--initial-branch=main")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "pin v1")
    # Nothing changed, so nothing needs the registry, and that it is down does not matter.
    outcome, said = modelsync("validate", "--registry", "--base", "main", uri="http://127.0.0.1:9")
    assert outcome is Outcome.DONE, said
    modelsync("pin", "wines", "2")
    outcome, said = modelsync("validate", "--registry", "--base", "main", uri="http://127.0.0.1:9")
    assert outcome is Outcome.UNDECIDED, said
