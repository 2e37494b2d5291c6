"""What a registry reader promises, asked of the real MLflow server."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from pathlib import Path

import pytest

from reconciler.clients.registry.interface import (
    Alias,
    NotFound,
    RegistryRefused,
    RegistryUnreachable,
    RemoteFile,
    RunFacts,
    RunMissing,
)
from reconciler.clients.registry.mlflow import MlflowRegistry
from scripts.local_mlflow import MlflowServer
from tests.integration.mlflow_fixtures import MODEL, SharedMlflow
from tests.support.proxy import CutAfter, Proxy, Reply, Request

BIG = 6 * 1024 * 1024 + 17


@pytest.fixture
def registry(mlflow_server: SharedMlflow) -> MlflowRegistry:
    return MlflowRegistry(mlflow_server.uri)


@pytest.fixture(scope="module")
def big_model(mlflow_server: SharedMlflow) -> str:
    """A registered version whose files include one of more than six chunks, and one in a folder."""
    # Each worker of a run makes its own.
    name = f"big-{uuid.uuid4().hex[:8]}"
    mlflow_server.run(
        f"""
import mlflow, pathlib, tempfile
folder = pathlib.Path(tempfile.mkdtemp())
(folder / "MLmodel").write_text("flavors: {{}}\\n")
(folder / "data").mkdir()
(folder / "data" / "a wéird name.txt").write_text("small")
(folder / "weights.bin").write_bytes(bytes(range(256)) * ({BIG} // 256) + b"x" * ({BIG} % 256))
client = mlflow.MlflowClient()
with mlflow.start_run() as run:
    mlflow.log_artifacts(str(folder), "model")
client.create_registered_model({name!r})
client.create_model_version({name!r}, run.info.artifact_uri + "/model", run.info.run_id)
"""
    )
    return name


def quiet(path: str, done: int, total: int) -> None:
    """Progress that nobody looks at."""


class TestFacts:
    def test_all_versions_of_the_named_models_come_sorted(self, registry: MlflowRegistry) -> None:
        found = registry.find_versions((MODEL, "no-such-model"))
        assert [(facts.name, facts.version, facts.status) for facts in found] == [
            (MODEL, 1, "READY"),
            (MODEL, 2, "READY"),
        ]
        assert all(facts.logged_model and facts.source == f"models:/{facts.logged_model}" for facts in found)
        assert found[0].created < found[1].created

    def test_nothing_is_asked_for_no_names(self, mlflow_server: SharedMlflow) -> None:
        with Proxy(mlflow_server.uri) as proxy:
            assert MlflowRegistry(proxy.uri).find_versions(()) == ()
        assert proxy.requests == []

    def test_a_name_with_a_quote_does_not_break_the_question(self, registry: MlflowRegistry) -> None:
        assert registry.find_versions(("it's", 'a "name"')) == ()

    def test_a_version_is_described_with_location_logged_model_and_run(
        self, registry: MlflowRegistry
    ) -> None:
        details = registry.describe(MODEL, 1)
        assert details.logged_model is not None
        assert details.location == details.logged_model.location
        assert details.location.startswith("mlflow-artifacts:/")
        assert details.logged_model.status == "READY"
        assert isinstance(details.run, RunFacts)
        assert details.run.parameters["alpha"] == "0.1"
        assert set(details.logged_model.metrics) == {"rmse", "mae", "r2"}
        assert details.logged_model.metrics == details.run.metrics
        assert [(data.name, data.context) for data in details.run.datasets] == [
            ("wine-quality-sample", "training")
        ]

    def test_a_run_that_is_gone_is_said_to_be_missing(
        self, registry: MlflowRegistry, mlflow_server: SharedMlflow
    ) -> None:
        gone = "0" * 32
        mlflow_server.run(
            "import mlflow\nclient = mlflow.MlflowClient()\nclient.create_registered_model('orphan')\n"
            f"client.create_model_version('orphan', 's3://models/orphan', '{gone}')\n"
        )
        details = registry.describe("orphan", 1)
        assert details.run == RunMissing(id=gone)
        assert details.location == "s3://models/orphan"
        assert details.logged_model is None

    def test_aliases_say_which_version_they_mean_now(
        self, registry: MlflowRegistry, mlflow_server: SharedMlflow, big_model: str
    ) -> None:
        mlflow_server.run(
            f"import mlflow; mlflow.MlflowClient().set_registered_model_alias({big_model!r}, 'champion', 1)"
        )
        assert registry.aliases((big_model, "no-such-model")) == (
            Alias(name=big_model, alias="champion", version=1),
        )

    @pytest.mark.parametrize(("name", "version"), [(MODEL, 99), ("no-such-model", 1)])
    def test_an_unknown_version_is_not_found(self, registry: MlflowRegistry, name: str, version: int) -> None:
        with pytest.raises(NotFound, match=f"does not know {name} v{version}"):
            registry.describe(name, version)

    def test_an_unknown_logged_model_is_not_found(self, registry: MlflowRegistry) -> None:
        with pytest.raises(NotFound):
            registry.logged_model("m-" + "0" * 32)


class TestRequests:
    NAMES = (MODEL, *(f"model-{number}" for number in range(400)))

    def test_one_request_finds_any_number_of_versions(self, mlflow_server: SharedMlflow) -> None:
        with Proxy(mlflow_server.uri) as proxy:
            assert len(MlflowRegistry(proxy.uri).find_versions(self.NAMES)) == 2
        assert [request.path for request in proxy.requests] == ["/api/2.0/mlflow/model-versions/search"]

    def test_a_server_that_knows_no_list_of_names_takes_one_request_more(
        self, mlflow_server: SharedMlflow
    ) -> None:
        def before_3_17(request: Request) -> Reply | None:
            if " IN " not in "".join(request.query.get("filter", [])):
                return None
            body = {"error_code": "INVALID_PARAMETER_VALUE", "message": "Invalid comparator"}
            return Reply(status=400, body=json.dumps(body).encode(), content_type="application/json")

        with Proxy(mlflow_server.uri, before_3_17) as proxy:
            assert len(MlflowRegistry(proxy.uri).find_versions(self.NAMES)) == 2
        assert len(proxy.requests) == 2

    def test_a_proxy_that_refuses_long_addresses_is_asked_a_shorter_question(
        self, mlflow_server: SharedMlflow
    ) -> None:
        def short_only(request: Request) -> Reply | None:
            return Reply(status=414) if len("".join(request.query.get("filter", []))) > 4000 else None

        with Proxy(mlflow_server.uri, short_only) as proxy:
            assert len(MlflowRegistry(proxy.uri).find_versions(self.NAMES)) == 2
        assert len(proxy.requests) == 2


class TestFiles:
    def test_files_are_listed_with_sizes_folders_included(
        self, registry: MlflowRegistry, big_model: str
    ) -> None:
        location = registry.describe(big_model, 1).location
        assert [(file.path, file.bytes) for file in registry.list_files(location)] == [
            ("MLmodel", 12),
            ("data/a wéird name.txt", 5),
            ("weights.bin", BIG),
        ]

    def test_a_place_without_files_lists_none(self, registry: MlflowRegistry) -> None:
        assert registry.list_files("mlflow-artifacts:/nowhere") == ()

    def test_a_file_arrives_whole_and_progress_is_told(
        self, registry: MlflowRegistry, big_model: str, tmp_path: Path
    ) -> None:
        location = registry.describe(big_model, 1).location
        told: list[tuple[str, int, int]] = []
        for file in registry.list_files(location):
            registry.download(location, file, tmp_path / "got" / file.path, lambda *seen: told.append(seen))
        assert (tmp_path / "got" / "data" / "a wéird name.txt").read_text(encoding="utf-8") == "small"
        assert (tmp_path / "got" / "weights.bin").stat().st_size == BIG
        steps = [done for path, done, total in told if path == "weights.bin" and total == BIG]
        assert len(steps) > 2
        assert steps == sorted(steps)
        assert steps[-1] == BIG

    def test_a_broken_transfer_goes_on_where_it_ended(
        self, mlflow_server: SharedMlflow, big_model: str, tmp_path: Path
    ) -> None:
        cuts = iter([CutAfter(bytes=2_500_000)])
        with Proxy(mlflow_server.uri, lambda request: self._cut(request, cuts)) as proxy:
            registry = MlflowRegistry(proxy.uri)
            location = registry.describe(big_model, 1).location
            file = RemoteFile(path="weights.bin", bytes=BIG)
            registry.download(location, file, tmp_path / "weights.bin", quiet)
        transfers = [request for request in proxy.requests if request.path.endswith("weights.bin")]
        assert "range" not in transfers[0].headers
        assert len(transfers) == 2
        assert int(transfers[1].headers["range"].removeprefix("bytes=").rstrip("-")) > 0
        expected = bytes(range(256)) * (BIG // 256) + b"x" * (BIG % 256)
        assert (tmp_path / "weights.bin").read_bytes() == expected

    def test_a_transfer_given_up_is_taken_up_by_the_next_try(
        self, mlflow_server: SharedMlflow, big_model: str, tmp_path: Path
    ) -> None:
        cuts = iter([CutAfter(bytes=1_200_000)] * 3)
        file = RemoteFile(path="weights.bin", bytes=BIG)
        with Proxy(mlflow_server.uri, lambda request: self._cut(request, cuts)) as proxy:
            registry = MlflowRegistry(proxy.uri)
            location = registry.describe(big_model, 1).location
            with pytest.raises(RegistryUnreachable, match="run the same command again"):
                registry.download(location, file, tmp_path / "weights.bin", quiet)
            assert not (tmp_path / "weights.bin").exists()
            registry.download(location, file, tmp_path / "weights.bin", quiet)
        assert "range" in proxy.requests[-1].headers
        assert (tmp_path / "weights.bin").stat().st_size == BIG

    def test_a_file_that_changed_between_two_tries_is_read_anew(
        self, mlflow_server: SharedMlflow, tmp_path: Path
    ) -> None:
        stored = Path(mlflow_server.artifacts) / "changing" / "file.bin"
        stored.parent.mkdir()
        stored.write_bytes(b"a" * BIG)
        file = RemoteFile(path="file.bin", bytes=BIG)
        cuts = iter([CutAfter(bytes=1_200_000)] * 3)
        with Proxy(mlflow_server.uri, lambda request: self._cut(request, cuts)) as proxy:
            registry = MlflowRegistry(proxy.uri)
            with pytest.raises(RegistryUnreachable):
                registry.download("mlflow-artifacts:/changing", file, tmp_path / "file.bin", quiet)
            stored.unlink()
            stored.write_bytes(b"b" * BIG)
            registry.download("mlflow-artifacts:/changing", file, tmp_path / "file.bin", quiet)
        assert (tmp_path / "file.bin").read_bytes() == b"b" * BIG

    def test_what_is_here_already_is_not_sent_again(
        self, mlflow_server: SharedMlflow, big_model: str, tmp_path: Path
    ) -> None:
        file = RemoteFile(path="weights.bin", bytes=BIG)
        registry = MlflowRegistry(mlflow_server.uri)
        location = registry.describe(big_model, 1).location
        registry.download(location, file, tmp_path / "weights.bin", quiet)
        before = hashlib.sha256((tmp_path / "weights.bin").read_bytes()).hexdigest()

        def refuse_bodies(request: Request) -> Reply | None:
            return None if "if-none-match" in request.headers else Reply(status=500)

        with Proxy(mlflow_server.uri, refuse_bodies) as proxy:
            MlflowRegistry(proxy.uri).download(location, file, tmp_path / "weights.bin", quiet)
        assert hashlib.sha256((tmp_path / "weights.bin").read_bytes()).hexdigest() == before

    def test_a_missing_file_is_not_found(self, registry: MlflowRegistry, tmp_path: Path) -> None:
        with pytest.raises(NotFound, match=r"does not have nothing\.bin"):
            registry.download(
                "mlflow-artifacts:/", RemoteFile(path="nothing.bin", bytes=1), tmp_path / "x", quiet
            )

    @staticmethod
    def _cut(request: Request, cuts: object) -> CutAfter | None:
        if not request.path.endswith(".bin"):
            return None
        return next(cuts, None)  # type: ignore[call-overload, no-any-return]  # an iterator of cuts


class TestFailures:
    def test_a_server_that_is_down_is_unreachable_until_it_is_back(self, tmp_path: Path) -> None:
        with MlflowServer(tmp_path) as server:
            registry = MlflowRegistry(server.uri)
            assert registry.find_versions((MODEL,)) == ()
            server.stop()
            with pytest.raises(RegistryUnreachable, match="could not be reached: no connection"):
                registry.find_versions((MODEL,))
            server.start()
            assert registry.find_versions((MODEL,)) == ()

    def test_a_server_that_keeps_failing_is_unreachable(self, mlflow_server: SharedMlflow) -> None:
        with (
            Proxy(mlflow_server.uri, lambda _request: Reply(status=503)) as proxy,
            pytest.raises(RegistryUnreachable, match="kept answering with errors of its own"),
        ):
            MlflowRegistry(proxy.uri).find_versions((MODEL,))
        assert len(proxy.requests) == 3

    def test_one_failure_is_tried_again(self, mlflow_server: SharedMlflow) -> None:
        failures = iter([Reply(status=502)])
        with Proxy(mlflow_server.uri, lambda _request: next(failures, None)) as proxy:
            assert len(MlflowRegistry(proxy.uri).find_versions((MODEL,))) == 2

    def test_another_program_s_page_is_refused_and_not_read_as_empty(
        self, mlflow_server: SharedMlflow
    ) -> None:
        page = Reply(status=200, body=b"<html>Please log in</html>", content_type="text/html")
        with (
            Proxy(mlflow_server.uri, lambda _request: page) as proxy,
            pytest.raises(RegistryRefused, match="does not answer like an MLflow server"),
        ):
            MlflowRegistry(proxy.uri).find_versions((MODEL,))

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_caller_without_rights_is_told_which_variables_to_set(
        self, mlflow_server: SharedMlflow, status: int
    ) -> None:
        with (
            Proxy(mlflow_server.uri, lambda _request: Reply(status=status)) as proxy,
            pytest.raises(RegistryRefused, match="MLFLOW_TRACKING_TOKEN"),
        ):
            MlflowRegistry(proxy.uri).find_versions((MODEL,))

    def test_basic_credentials_are_sent_with_every_request(
        self, mlflow_server: SharedMlflow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        expected = "Basic " + base64.b64encode(b"ann:s3cret").decode()

        def guard(request: Request) -> Reply | None:
            return None if request.headers.get("authorization") == expected else Reply(status=401)

        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ann")
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "s3cret")
        with Proxy(mlflow_server.uri, guard) as proxy:
            registry = MlflowRegistry(proxy.uri)
            location = registry.describe(MODEL, 1).location
            file = registry.list_files(location)[0]
            registry.download(location, file, tmp_path / "MLmodel", quiet)
        assert (tmp_path / "MLmodel").stat().st_size == file.bytes

    def test_an_untrusted_certificate_or_plain_text_is_refused(self, mlflow_server: SharedMlflow) -> None:
        with pytest.raises(RegistryRefused, match="certificate"):
            MlflowRegistry(mlflow_server.uri.replace("http:", "https:")).find_versions((MODEL,))

    @pytest.mark.parametrize("uri", ["sqlite:///mlflow.db", "file:///tmp/mlruns", "mlruns", "databricks"])
    def test_what_is_no_server_is_refused(self, uri: str) -> None:
        with pytest.raises(RegistryRefused, match="MLFLOW_TRACKING_URI must be"):
            MlflowRegistry(uri)

    def test_messages_do_not_show_credentials_of_the_address(self) -> None:
        registry = MlflowRegistry("http://ann:s3cret@127.0.0.1:9/mlflow?key=abc")
        assert registry.server == "http://127.0.0.1:9/mlflow"
        with pytest.raises(RegistryUnreachable) as caught:
            registry.find_versions((MODEL,))
        assert "s3cret" not in str(caught.value)
