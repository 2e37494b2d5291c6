"""`modelsync pin` against the real MLflow server, as a person runs it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.cli.app import run
from reconciler.load.documents import load
from reconciler.load.worktree import read_worktree
from reconciler.state.outcomes import Outcome
from reconciler.validate.checks import check
from tests.integration.mlflow_fixtures import SharedMlflow
from tests.support.proxy import CutAfter, Proxy, Reply, Request

Run = Callable[..., tuple[Outcome, str, str]]

MODEL_YAML = 'registeredModel: {name}\nowners: ["@wine-team"]\nserving: {{server: mlflow, protocol: v2}}\n'


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one model folder, `wines`."""
    folder = tmp_path / "repository" / "models" / "wines"
    folder.mkdir(parents=True)
    (folder / "model.yaml").write_text(MODEL_YAML.format(name="wine-quality"), encoding="utf-8")
    return tmp_path / "repository"


@pytest.fixture
def modelsync(
    repository: Path,
    tmp_path: Path,
    mlflow_server: SharedMlflow,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Runs a command line in the repository; its outcome, and what it said on stdout and stderr."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server.uri)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def call(*arguments: str, uri: str = "") -> tuple[Outcome, str, str]:
        if uri:
            monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        outcome = run([*arguments, "-C", str(repository)])
        out, err = capsys.readouterr()
        return outcome, out, err

    return call


def record_of(repository: Path, version: int) -> Path:
    return repository / "models" / "wines" / "versions" / f"{version}.yaml"


def register(server: SharedMlflow, name: str, files: dict[str, str]) -> None:
    """Register files as they are as version 1 of a model: what a client may do without any flavour."""
    server.run(
        f"""
import mlflow, pathlib, tempfile
folder = pathlib.Path(tempfile.mkdtemp())
for path, content in {files!r}.items():
    (folder / path).write_text(content)
client = mlflow.MlflowClient()
with mlflow.start_run() as run:
    mlflow.log_artifacts(str(folder), "model")
client.create_registered_model({name!r})
client.create_model_version({name!r}, run.info.artifact_uri + "/model", run.info.run_id)
"""
    )


class TestPinning:
    def test_a_version_is_recorded_and_the_record_is_valid(self, repository: Path, modelsync: Run) -> None:
        outcome, out, _ = modelsync("pin", "wines", "v1", "2")
        assert outcome is Outcome.DONE
        assert "wines v1: run " in out
        assert "(v1: mae " not in out.split("wines v2")[0]
        assert "(v1: mae " in out.split("wines v2")[1]
        assert "wrote models/wines/versions/1.yaml" in out
        assert "sklearn 1" in out
        assert "(cloudpickle)" in out

        worktree = read_worktree(repository)
        found = check(load(worktree.files, links=worktree.links))
        assert found.findings == ()
        records = found.repository.models["wines"].records
        assert sorted(records) == [1, 2]
        first = records[1].declaration
        assert first.identity.source.startswith("mlflow-artifacts:/")
        assert first.identity.logged_model is not None
        assert first.loader.flavours["sklearn"]["serialization"] == "cloudpickle"
        assert first.evidence.parameters["alpha"] == 0.1
        assert set(first.evidence.metrics) == {"mae", "r2", "rmse"}
        assert first.evidence.dataset is not None
        assert first.evidence.dataset["name"] == "wine-quality-sample"
        assert first.evidence.commit is not None
        assert len(first.evidence.commit) == 40

    def test_a_model_is_added_with_its_first_versions(self, repository: Path, modelsync: Run) -> None:
        words = ("add", "model", "reds", "--registered-model", "wine-quality", "--owner", "@wine-team")
        pins = ("--pin", "v1", "--pin", "2")
        outcome, out, err = modelsync(*words, *pins, "--dry-run")
        assert (outcome, out.count("--- /dev/null\n")) == (Outcome.DONE, 3)
        assert "reds v2: run " in err
        assert not (repository / "models" / "reds").exists()

        outcome, out, err = modelsync(*words, "--pin", "v9")
        assert (outcome, out) == (Outcome.FINDINGS, "")
        assert "reds v9: not pinned: " in err
        assert err.endswith("nothing was written.\n")
        assert not (repository / "models" / "reds").exists()

        outcome, out, err = modelsync(*words, *pins)
        assert (outcome, out.splitlines()) == (
            Outcome.DONE,
            [f"wrote models/reds/{file}" for file in ("model.yaml", "versions/1.yaml", "versions/2.yaml")],
        )
        assert err.splitlines()[-1].startswith("next: name the version in environments/ENV/deployments/")
        assert check(load(read_worktree(repository).files)).findings == ()

    def test_a_second_version_is_compared_with_the_one_before(self, modelsync: Run) -> None:
        modelsync("pin", "wines", "1")
        _, out, _ = modelsync("pin", "wines", "2")
        assert "(v1: mae " in out
        assert "same training data)" in out
        assert "11 columns, same as v1" in out

    def test_pinning_again_changes_nothing(self, repository: Path, modelsync: Run) -> None:
        modelsync("pin", "wines", "1")
        before = record_of(repository, 1).read_bytes()
        stamp = record_of(repository, 1).stat().st_mtime_ns
        outcome, out, _ = modelsync("pin", "wines", "1")
        assert outcome is Outcome.DONE
        assert out == "wines v1: as recorded in models/wines/versions/1.yaml\n"
        assert record_of(repository, 1).read_bytes() == before
        assert record_of(repository, 1).stat().st_mtime_ns == stamp

    def test_the_same_version_gives_the_same_bytes_anywhere(self, repository: Path, modelsync: Run) -> None:
        modelsync("pin", "wines", "1")
        first = record_of(repository, 1).read_bytes()
        record_of(repository, 1).unlink()
        modelsync("pin", "wines", "1")
        assert record_of(repository, 1).read_bytes() == first

    def test_nothing_is_left_in_the_cache(self, tmp_path: Path, modelsync: Run) -> None:
        modelsync("pin", "wines", "1")
        left = [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.stat().st_size]
        assert left == []

    def test_a_broken_transfer_goes_on_with_the_next_run(
        self, repository: Path, modelsync: Run, mlflow_server: SharedMlflow
    ) -> None:
        body = "x" * 5_000_000
        register(mlflow_server, "heavy", {"MLmodel": "flavors: {custom: {}}\n", "weights.bin": body})
        (repository / "models/wines/model.yaml").write_text(MODEL_YAML.format(name="heavy"), encoding="utf-8")
        cuts = iter([CutAfter(bytes=1_200_000)] * 3)

        def cut(request: Request) -> CutAfter | None:
            return next(cuts, None) if request.path.endswith("weights.bin") else None

        with Proxy(mlflow_server.uri, cut) as proxy:
            outcome, _, err = modelsync("pin", "wines", "1", uri=proxy.uri)
            assert outcome is Outcome.UNDECIDED
            assert "run the same command again" in err
            assert not record_of(repository, 1).exists()
            proxy.requests.clear()
            outcome, _, _ = modelsync("pin", "wines", "1", uri=proxy.uri)
        assert outcome is Outcome.DONE
        transfers = [request for request in proxy.requests if request.path.endswith("weights.bin")]
        assert "range" in transfers[0].headers

    def test_an_unreachable_registry_is_undecided(self, repository: Path, modelsync: Run) -> None:
        outcome, _, err = modelsync("pin", "wines", "1", uri="http://127.0.0.1:9")
        assert outcome is Outcome.UNDECIDED
        assert err.startswith("undecided: the registry at http://127.0.0.1:9 could not be reached")
        assert not record_of(repository, 1).exists()


class TestRefusals:
    @pytest.mark.parametrize(
        ("word", "said"),
        [
            ("champion", '"champion" is movable; pin a number (wine-quality champion is 1 now).'),
            ("latest", '"latest" is movable; pin a number (wine-quality latest is 2 now).'),
            ("Staging", '"Staging" is a stage, and no version of wine-quality is in it; pin a number'),
            ("newest", '"newest" is no version of wine-quality; pin a number (newest is 2).'),
        ],
    )
    def test_what_moves_is_not_pinned(
        self, modelsync: Run, mlflow_server: SharedMlflow, word: str, said: str
    ) -> None:
        mlflow_server.run(
            "import mlflow; mlflow.MlflowClient().set_registered_model_alias('wine-quality', 'champion', 1)"
        )
        outcome, _, err = modelsync("pin", "wines", word)
        assert outcome is Outcome.CONFIGURATION
        assert said in err

    def test_an_unknown_version_names_the_newest(self, modelsync: Run) -> None:
        outcome, out, _ = modelsync("pin", "wines", "99")
        assert outcome is Outcome.FINDINGS
        assert "has no version 99 of wine-quality; newest is 2." in out

    def test_one_refused_version_does_not_keep_the_others(self, repository: Path, modelsync: Run) -> None:
        outcome, _, _ = modelsync("pin", "wines", "99", "1")
        assert outcome is Outcome.FINDINGS
        assert record_of(repository, 1).exists()

    @pytest.mark.parametrize("place", ["models/wines/versions", "models/wines/versions/1.yaml"])
    def test_no_record_is_written_through_a_link(
        self, repository: Path, tmp_path: Path, modelsync: Run, place: str
    ) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        target = outside / "mine.yaml" if place.endswith(".yaml") else outside
        link = repository / place
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(target)
        outcome, _, err = modelsync("pin", "wines", "1")
        assert outcome is Outcome.CONFIGURATION
        assert f"{place} is a symbolic link" in err
        assert list(outside.iterdir()) == []

    def test_an_undeclared_model_is_a_usage_error(self, modelsync: Run) -> None:
        outcome, _, err = modelsync("pin", "wine", "1")
        assert outcome is Outcome.CONFIGURATION
        assert 'models/wine/ does not exist. Did you mean "wines"?' in err

    def test_a_version_whose_logged_model_is_pending_is_refused(
        self, repository: Path, modelsync: Run, mlflow_server: SharedMlflow
    ) -> None:
        mlflow_server.run(
            "import mlflow\nclient = mlflow.MlflowClient()\n"
            "model = mlflow.initialize_logged_model(name='slow')\n"
            "client.create_registered_model('pending')\n"
            "client.create_model_version('pending', f'models:/{model.model_id}', model_id=model.model_id)\n"
        )
        (repository / "models/wines/model.yaml").write_text(
            MODEL_YAML.format(name="pending"), encoding="utf-8"
        )
        outcome, out, _ = modelsync("pin", "wines", "1")
        assert outcome is Outcome.FINDINGS
        assert "the registry says READY, but its logged model m-" in out
        assert "is PENDING" in out

    def test_a_version_without_a_manifest_is_refused(
        self, repository: Path, modelsync: Run, mlflow_server: SharedMlflow
    ) -> None:
        register(mlflow_server, "bare", {"model.pkl": "x"})
        (repository / "models/wines/model.yaml").write_text(MODEL_YAML.format(name="bare"), encoding="utf-8")
        outcome, out, _ = modelsync("pin", "wines", "1")
        assert outcome is Outcome.FINDINGS
        assert "wines v1: not pinned: there is no MLmodel at mlflow-artifacts:/" in out

    def test_a_manifest_that_cannot_be_read_is_refused(
        self, repository: Path, modelsync: Run, mlflow_server: SharedMlflow
    ) -> None:
        register(mlflow_server, "garbled", {"MLmodel": "flavors: [\n"})
        (repository / "models/wines/model.yaml").write_text(
            MODEL_YAML.format(name="garbled"), encoding="utf-8"
        )
        outcome, out, _ = modelsync("pin", "wines", "1")
        assert outcome is Outcome.FINDINGS
        assert "its MLmodel is not YAML that can be read" in out

    def test_a_run_s_source_that_no_longer_resolves_is_refused(
        self, repository: Path, modelsync: Run, mlflow_server: SharedMlflow
    ) -> None:
        (repository / "models/wines/model.yaml").write_text(
            MODEL_YAML.format(name="by-run"), encoding="utf-8"
        )
        # A REST client may register this; the newer Python client resolves it first.
        mlflow_server.run(
            "import mlflow, requests, os\nwith mlflow.start_run() as run: pass\n"
            "base = os.environ['MLFLOW_TRACKING_URI'] + '/api/2.0/mlflow/'\n"
            "requests.post(base + 'registered-models/create', json={'name': 'by-run'}).raise_for_status()\n"
            "requests.post(base + 'model-versions/create', json={'name': 'by-run', "
            "'source': f'runs:/{run.info.run_id}/model', 'run_id': run.info.run_id}).raise_for_status()\n"
        )
        outcome, out, _ = modelsync("pin", "wines", "1")
        assert outcome is Outcome.FINDINGS
        assert "its source runs:/" in out
        assert "no longer resolves" in out


class TestChecking:
    def test_records_that_still_hold_pass(self, modelsync: Run) -> None:
        modelsync("pin", "wines", "1", "2")
        outcome, out, _ = modelsync("pin", "--check")
        assert outcome is Outcome.DONE
        assert out.splitlines() == [
            "wines v1: as recorded in models/wines/versions/1.yaml",
            "wines v2: as recorded in models/wines/versions/2.yaml",
        ]

    def test_a_file_overwritten_in_the_store_is_an_error_with_both_sides(
        self, repository: Path, modelsync: Run, mlflow_server: SharedMlflow
    ) -> None:
        mlflow_server.train(["--alpha", "0.5"], model="tampered")
        (repository / "models/wines/model.yaml").write_text(
            MODEL_YAML.format(name="tampered"), encoding="utf-8"
        )
        modelsync("pin", "wines", "1")
        before = record_of(repository, 1).read_text(encoding="utf-8")
        source = before.split('source: "mlflow-artifacts:/')[1].split('"')[0]
        stored = Path(mlflow_server.artifacts) / source / "model.pkl"
        stored.write_bytes(stored.read_bytes()[::-1])

        for arguments in (("pin", "wines", "1"), ("pin", "--check"), ("pin", "wines", "1", "--refresh")):
            outcome, out, _ = modelsync(*arguments)
            assert outcome is Outcome.FINDINGS
            assert "models/wines/versions/1.yaml: error: wines v1 is not the version that was reviewed" in out
            assert "identity.files[model.pkl].sha256: recorded " in out
            assert record_of(repository, 1).read_text(encoding="utf-8") == before

    def test_moved_evidence_is_advice_and_is_taken_over_when_asked(
        self, repository: Path, modelsync: Run, mlflow_server: SharedMlflow
    ) -> None:
        mlflow_server.train(["--alpha", "0.5"], model="tagged")
        (repository / "models/wines/model.yaml").write_text(
            MODEL_YAML.format(name="tagged"), encoding="utf-8"
        )
        modelsync("pin", "wines", "1")
        before = record_of(repository, 1).read_text(encoding="utf-8")
        mlflow_server.run(
            "import mlflow; client = mlflow.MlflowClient()\n"
            "client.set_model_version_tag('tagged', '1', 'validated', 'by ann')\n"
            "client.set_model_version_tag('tagged', '1', 'internal.note', 'not for the record')\n"
        )
        outcome, out, _ = modelsync("pin", "--check")
        assert outcome is Outcome.DONE
        assert "advice: wines v1: its evidence moved" in out
        assert "evidence.tags.validated: recorded nothing, now by ann" in out
        assert "internal" not in out
        assert record_of(repository, 1).read_text(encoding="utf-8") == before

        outcome, out, _ = modelsync("pin", "wines", "1", "--refresh")
        assert outcome is Outcome.DONE
        after = record_of(repository, 1).read_text(encoding="utf-8").splitlines()
        assert set(after) - set(before.splitlines()) == {"    validated: by ann"}

    def test_a_version_that_was_made_anew_under_the_same_number_is_an_error(
        self, repository: Path, modelsync: Run, mlflow_server: SharedMlflow
    ) -> None:
        mlflow_server.train(["--alpha", "0.5"], model="reborn")
        (repository / "models/wines/model.yaml").write_text(
            MODEL_YAML.format(name="reborn"), encoding="utf-8"
        )
        modelsync("pin", "wines", "1")
        mlflow_server.run("import mlflow; mlflow.MlflowClient().delete_registered_model('reborn')")
        mlflow_server.train(["--alpha", "0.5"], model="reborn")
        outcome, out, _ = modelsync("pin", "--check")
        assert outcome is Outcome.FINDINGS
        assert "identity.created: recorded " in out
        assert "identity.loggedModel: recorded " in out

    def test_a_record_that_is_missing_is_refused(self, modelsync: Run) -> None:
        outcome, out, _ = modelsync("pin", "wines", "1", "--check")
        assert outcome is Outcome.FINDINGS
        assert "write it: modelsync pin wines 1" in out

    def test_a_registry_that_refuses_the_caller_is_configuration(
        self, modelsync: Run, mlflow_server: SharedMlflow
    ) -> None:
        modelsync("pin", "wines", "1")
        with Proxy(mlflow_server.uri, lambda _request: Reply(status=401)) as proxy:
            outcome, _, err = modelsync("pin", "--check", uri=proxy.uri)
        assert outcome is Outcome.CONFIGURATION
        assert "MLFLOW_TRACKING_TOKEN" in err
