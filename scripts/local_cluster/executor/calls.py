"""Calls on nodes over HTTP, with kept connections."""

from __future__ import annotations

import asyncio
import gzip
import io
import os
import time
import zlib
from dataclasses import dataclass

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from scripts.local_cluster.executor.errors import GraphError, ModelRefused
from scripts.local_cluster.executor.graph import Node
from scripts.local_cluster.executor.metrics import Metrics
from scripts.local_cluster.executor.names import Resolver, place
from scripts.local_cluster.executor.payload import Payload

PUID = "Seldon-Puid"

# Go's client sets these itself, or leaves them out; the content type goes with the payload.
_NOT_FORWARDED = frozenset(
    {"host", "content-length", "transfer-encoding", "trailer", "content-type", "connection", "keep-alive"}
)
# Model servers on uvicorn close after five seconds; who closes first never meets a closed connection.
_KEPT_SECONDS = 4
_NAMES_KEPT_SECONDS = 2
_LARGE = 2**20


def open_session(timeout: float | None, resolver: Resolver) -> aiohttp.ClientSession:
    """A pool without limits, retries, cookies or proxies; bodies stay as they are on the wire."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=0, keepalive_timeout=_KEPT_SECONDS, resolver=resolver, ttl_dns_cache=_NAMES_KEPT_SECONDS
        ),
        timeout=aiohttp.ClientTimeout(total=timeout, sock_connect=None),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent", "Content-Type"),
        auto_decompress=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCaller:
    """Calls the nodes for one request, with its headers."""

    session: aiohttp.ClientSession
    address: str  # the Pod's own
    headers: CIMultiDictProxy[str]
    puid: str
    metrics: Metrics

    async def call(self, node: Node, *, model: str, path: str, request: Payload | None) -> Payload:
        """The node's answer; a GET when there is no request. Raises GraphError, ModelRefused."""
        method = "GET" if request is None else "POST"
        netloc = f"{node.host}:{node.http_port}"
        url = f"http://{place(node.host, self.address)}:{node.http_port}{path}"
        headers = self._headers(netloc, request)
        unpack = headers.setdefault("Accept-Encoding", "gzip") == "gzip" and (
            "Accept-Encoding" not in self.headers
        )
        begun = time.perf_counter()
        try:
            async with self.session.request(
                method, URL(url, encoded=True), headers=headers, data=request and _content(request.body)
            ) as response:
                seconds = time.perf_counter() - begun
                self.metrics.observe_call(
                    service=path,
                    method=method.lower(),
                    code=str(response.status),
                    model=model,
                    image=node.image if model == node.name else type(node.image)(),
                    seconds=seconds,
                )
                body = await response.read()
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            named = f'{method.capitalize()} "http://{netloc}{path}"'
            raise GraphError(f"{named}: {_say(error, place(node.host, self.address))}") from error
        encoding = response.headers.get("Content-Encoding", "")
        if unpack and encoding == "gzip":
            # What was not asked for by the caller is undone before anybody sees it.
            body, encoding = _unpack(body), ""
        if response.status != 200:
            raise ModelRefused(response.status, body)
        return Payload(body=body, content_type=response.headers.get("Content-Type", ""), encoding=encoding)

    def _headers(self, netloc: str, request: Payload | None) -> CIMultiDict[str]:
        headers: CIMultiDict[str] = CIMultiDict(Host=netloc)
        if request is not None:
            headers["Content-Type"] = request.content_type
            if request.encoding:
                headers["Content-Encoding"] = request.encoding
        for name, value in self.headers.items():
            if name.lower() not in _NOT_FORWARDED:
                headers.add(name, value)
        headers[PUID] = self.puid
        return headers


def _content(body: bytes) -> bytes | io.BytesIO:
    # aiohttp wants what is large as a file, to write it piece by piece.
    return body if len(body) <= _LARGE else io.BytesIO(body)


def _unpack(body: bytes) -> bytes:
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error) as error:
        raise GraphError(f"gzip: {error}") from error


def _say(error: BaseException, address: str) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"dial tcp: lookup {error.host}: no such host"
    if isinstance(error, aiohttp.ClientConnectorError):
        reason = os.strerror(error.os_error.errno).lower() if error.os_error.errno else str(error)
        return f"dial tcp {address}:{error.port}: connect: {reason}"
    if isinstance(error, asyncio.TimeoutError):
        return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    return "EOF" if isinstance(error, aiohttp.ServerDisconnectedError) else str(error)
