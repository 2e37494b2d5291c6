"""How fast the API server answers the bare requests, whoever sends them."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import yaml

from scripts.bench.measure import BenchError
from scripts.bench.sync.declared import name_namespace
from scripts.bench.sync.stage import Client, Stage

CONNECTIONS = 16
_ROOT = "/apis/machinelearning.seldon.io/v1"
_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
# What is written is answered with its metadata alone, as modelsync asks for it.
_WRITTEN = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
_CREATE = {"Accept": _WRITTEN, "Content-Type": "application/json"}
_APPLY = {"Accept": _WRITTEN, "Content-Type": "application/apply-patch+yaml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    method: str
    path: str
    body: bytes | None
    headers: Mapping[str, str]


class Limits:
    """The same requests as the others send, laid ready before the clock starts."""

    def __init__(self, stage: Stage, documents: Mapping[str, tuple[str, ...]]) -> None:
        self._stage = stage
        self._objects = [
            (name_namespace(environment), body["metadata"]["name"], json.dumps(body).encode())
            for environment, texts in documents.items()
            for body in map(_read, texts)
        ]

    def rehearse_and_apply(self, connections: int = CONNECTIONS) -> Client:
        """Every object as the dry-run of its creation, then every object, over so many kept connections."""
        return self._send((*self._rehearse(), *self._patch()), connections)

    def apply(self, connections: int = CONNECTIONS) -> Client:
        """Every object, over so many kept connections."""
        return self._send(self._patch(), connections)

    def list_by_namespace(self, query: str = "", *, metadata: bool = False) -> Client:
        """All objects, a list for each namespace on one connection."""
        return self._send(
            [self._list(f"/namespaces/{namespace}", query, metadata) for namespace in self._stage.namespaces],
            1,
        )

    def list_whole(self, query: str = "", *, metadata: bool = False) -> Client:
        """All objects of the cluster in one list."""
        return self._send([self._list("", query, metadata)], 1)

    def _rehearse(self) -> list[_Request]:
        return [
            _write("POST", namespace, "", "&dryRun=All&fieldValidation=Strict", body, _CREATE)
            for namespace, _, body in self._objects
        ]

    def _patch(self) -> list[_Request]:
        return [
            _write("PATCH", namespace, f"/{name}", "&force=false&fieldValidation=Ignore", body, _APPLY)
            for namespace, name, body in self._objects
        ]

    def _list(self, scope: str, query: str, metadata: bool) -> _Request:
        return _Request(
            method="GET",
            path=f"{_ROOT}{scope}/seldondeployments?{query}",
            body=None,
            headers={"Accept": _METADATA if metadata else "application/json"},
        )

    def _send(self, requests: Sequence[_Request], connections: int) -> Client:
        """Connections are made before the clock starts; each takes every n-th request."""
        sender = _Sender(self._stage)
        open_connections = [sender.connect() for _ in range(connections)]
        shares = [requests[number::connections] for number in range(connections)]
        before, begin = time.process_time(), time.perf_counter()
        with ThreadPoolExecutor(max_workers=connections) as pool:
            list(pool.map(sender.send_all, open_connections, shares))
        client = Client(seconds=time.perf_counter() - begin, cpu=time.process_time() - before, mib=0.0)
        for connection in open_connections:
            connection.close()
        return client


class _Sender:
    def __init__(self, stage: Stage) -> None:
        certificates = stage.cluster.certificates
        self._context = ssl.create_default_context(cafile=str(stage.cluster.ca_file))
        self._context.load_cert_chain(str(certificates.admin.certificate), str(certificates.admin.key))
        self._address = urlsplit(stage.cluster.server)

    def connect(self) -> http.client.HTTPSConnection:
        connection = http.client.HTTPSConnection(
            str(self._address.hostname), self._address.port, context=self._context, timeout=60
        )
        connection.connect()
        return connection

    def send_all(self, connection: http.client.HTTPSConnection, requests: Sequence[_Request]) -> None:
        for request in requests:
            headers = {"User-Agent": "bench", **request.headers}
            connection.request(request.method, request.path, request.body, headers)
            answer = connection.getresponse()
            said = answer.read()
            if answer.status >= 300:
                raise BenchError(f"{request.method} {request.path}: {answer.status} {said[:300]!r}")


def _write(
    method: str, namespace: str, name: str, query: str, body: bytes, headers: Mapping[str, str]
) -> _Request:
    where = f"{_ROOT}/namespaces/{namespace}/seldondeployments{name}"
    path = f"{where}?fieldManager=bench{query}"
    return _Request(method=method, path=path, body=body, headers=headers)


def _read(text: str) -> Any:
    return yaml.load(text, Loader=yaml.CSafeLoader)
