"""The registry of an MLflow tracking server. The only importer of MLflow; its errors do not escape."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from reconciler.clients.registry.convert import to_aliases, to_logged_model, to_run, to_version
from reconciler.clients.registry.failures import QuestionRefused, translate, translate_http
from reconciler.clients.registry.interface import (
    Alias,
    LoggedModelFacts,
    NotFound,
    Progress,
    RegistryRefused,
    RegistryUnreachable,
    RemoteFile,
    RunFacts,
    RunMissing,
    VersionDetails,
    VersionFacts,
)
from reconciler.clients.registry.search import narrow, widen
from reconciler.clients.registry.transfer import Answer, IncompleteError, fetch

# The client's own defaults would wait for minutes (seven tries of 120 s each). What the user set stays.
_PATIENCE = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_JITTER": "0",
    "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",
    # Neither calls to MLflow's makers nor its own progress bars.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}

# The largest page that every server since 2.9 grants; one page is one request.
_VERSIONS_PAGE = 200_000
_MODELS_PAGE = 1_000

_TRANSFER_TRIES = 3

Entity = TypeVar("Entity")


class MlflowRegistry:
    """Reads one MLflow server: `uri` is its tracking URI; MLFLOW_REGISTRY_URI, where set, names its registry.

    Credentials come from MLflow's usual variables and files. Raises RegistryRefused for a URI that is not
    http or https: the other kinds are databases and folders, which only a server should open.
    """

    def __init__(self, uri: str, *, registry_uri: str | None = None) -> None:
        self._uri = uri
        self._registry_uri = registry_uri or os.environ.get("MLFLOW_REGISTRY_URI") or uri
        for address in (self._uri, self._registry_uri):
            if urlsplit(address).scheme not in ("http", "https"):
                raise RegistryRefused(
                    f"the registry at {_without_credentials(address)} is not an MLflow server; "
                    "MLFLOW_TRACKING_URI must be its http or https address."
                )
        for name, value in _PATIENCE.items():
            os.environ.setdefault(name, value)
        from mlflow.tracking import MlflowClient

        self._client = MlflowClient(tracking_uri=self._uri, registry_uri=self._registry_uri)

    @property
    def server(self) -> str:
        return _without_credentials(self._registry_uri)

    def find_versions(self, names: tuple[str, ...]) -> tuple[VersionFacts, ...]:
        entities = self._search(
            names,
            lambda question, token: self._client.search_model_versions(
                question,
                max_results=_VERSIONS_PAGE,
                order_by=["name ASC", "version_number ASC"],
                page_token=token,
            ),
            "model versions",
        )
        wanted = frozenset(names)
        found = (to_version(entity) for entity in entities if entity.name in wanted)
        return tuple(sorted(found, key=lambda facts: (facts.name, facts.version)))

    def aliases(self, names: tuple[str, ...]) -> tuple[Alias, ...]:
        entities = self._search(
            names,
            lambda question, token: self._client.search_registered_models(
                question, max_results=_MODELS_PAGE, order_by=["name ASC"], page_token=token
            ),
            "registered models",
        )
        wanted = frozenset(names)
        return tuple(
            sorted(alias for entity in entities if entity.name in wanted for alias in to_aliases(entity))
        )

    def logged_model(self, model_id: str) -> LoggedModelFacts:
        with self._translated(f"logged model {model_id}"):
            return to_logged_model(self._client.get_logged_model(model_id))

    def describe(self, name: str, version: int) -> VersionDetails:
        what = f"{name} v{version}"
        with self._translated(what):
            facts = to_version(self._client.get_model_version(name, str(version)))
            location = self._client.get_model_version_download_uri(name, str(version))
        return VersionDetails(
            facts=facts,
            location=location,
            logged_model=self.logged_model(facts.logged_model) if facts.logged_model else None,
            run=self._find_run(facts.run) if facts.run else None,
        )

    def list_files(self, location: str) -> tuple[RemoteFile, ...]:
        with self._translated(f"the files at {location}"):
            store = self._open_store(location)
            found: list[RemoteFile] = []
            folders = [""]
            while folders:
                for entry in store.list_artifacts(folders.pop() or None):
                    if entry.is_dir:
                        folders.append(entry.path)
                    else:
                        found.append(RemoteFile(path=entry.path, bytes=int(entry.file_size or 0)))
        return tuple(sorted(found))

    def download(self, location: str, file: RemoteFile, target: Path, progress: Progress) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._translated(f"{file.path} at {location}"):
            store = self._open_store(location)
        address = str(getattr(store, "artifact_uri", ""))
        if urlsplit(address).scheme in ("http", "https"):
            self._stream(address, location, file, target, progress)
        else:
            self._copy(store, location, file, target)
            progress(file.path, file.bytes, file.bytes)

    def _search(
        self, names: tuple[str, ...], ask: Callable[[str | None, str | None], Any], what: str
    ) -> list[Any]:
        """All entities that one search finds, page by page.

        Servers before 3.17 refuse a list of names; they are asked by common prefix, or for everything.
        """
        if not names:
            return []
        narrowest = narrow(names)
        if narrowest is not None:
            try:
                return self._read_pages(narrowest, ask, what)
            except QuestionRefused:
                # The wider question below decides: it fails for every other reason too.
                pass
        return self._read_pages(widen(names), ask, what)

    def _read_pages(
        self, question: str | None, ask: Callable[[str | None, str | None], Any], what: str
    ) -> list[Any]:
        entities: list[Any] = []
        token: str | None = None
        with self._translated(what):
            while True:
                page = ask(question, token)
                entities.extend(page)
                token = page.token or None
                if token is None:
                    return entities

    def _find_run(self, run_id: str) -> RunFacts | RunMissing:
        try:
            with self._translated(f"run {run_id}"):
                return to_run(self._client.get_run(run_id))
        except NotFound:
            return RunMissing(id=run_id)

    def _open_store(self, location: str) -> Any:
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        try:
            return get_artifact_repository(location, tracking_uri=self._uri, registry_uri=self._registry_uri)
        except ImportError as error:
            raise RegistryRefused(
                f"the files at {location} cannot be read: the store's own library is missing "
                f"({error.name}); install it beside modelsync, for S3 this is boto3."
            ) from error

    def _stream(
        self, address: str, location: str, file: RemoteFile, target: Path, progress: Progress
    ) -> None:
        from mlflow.utils.credentials import get_default_host_creds
        from mlflow.utils.rest_utils import http_request
        from requests import RequestException

        what = f"{file.path} at {location}"

        def ask(headers: Mapping[str, str]) -> Answer:
            with self._translated(what):
                # MLflow's helpers carry no types.
                creds = get_default_host_creds(address)  # type: ignore[no-untyped-call]
                answer: Answer = http_request(  # type: ignore[no-untyped-call]
                    creds, f"/{quote(file.path)}", "GET", stream=True, extra_headers=headers
                )
            if answer.status_code >= 400:
                answer.close()
                raise translate_http(answer.status_code, self.server, what)
            return answer

        for attempt in range(1, _TRANSFER_TRIES + 1):
            try:
                fetch(ask, file, target, progress)
                return
            except (RequestException, IncompleteError) as error:
                if attempt == _TRANSFER_TRIES:
                    raise RegistryUnreachable(
                        self.server,
                        f"broke off the transfer of {what} {attempt} times. "
                        "What came is kept; run the same command again to go on from there.",
                    ) from error

    def _copy(self, store: Any, location: str, file: RemoteFile, target: Path) -> None:
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            with self._translated(f"{file.path} at {location}"):
                copied = store.download_artifacts(file.path, folder)
            shutil.move(copied, target)

    @contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        from mlflow.exceptions import MlflowException, RestException
        from requests import HTTPError, RequestException

        try:
            yield
        except MlflowException as error:
            by_mlflow = isinstance(error, RestException)
            raise translate(error, self.server, what, by_mlflow=by_mlflow) from error
        except HTTPError as error:
            status = error.response.status_code if error.response is not None else 0
            raise translate_http(status, self.server, what) from error
        except RequestException as error:
            raise translate(error, self.server, what) from error


def _without_credentials(uri: str) -> str:
    parts = urlsplit(uri)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
