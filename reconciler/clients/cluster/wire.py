"""Connections to one server: urllib3's, kept alive, bounded in time and size whatever the server does.

One thing is added to what the library gives: an answer is read through a deadline. A timeout alone bounds
each wait, so that a server that sends a byte now and then would hold its caller for ever.
"""

from __future__ import annotations

import http.client
import io
import ssl
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from urllib3 import BaseHTTPResponse, HTTPResponse, PoolManager, ProxyManager, Timeout, make_headers
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    SSLError,
)
from urllib3.exceptions import TimeoutError as WaitedTooLong

from reconciler.clients.cluster.access import Access
from reconciler.clients.cluster.interface import ClusterMisconfigured

if TYPE_CHECKING:
    import socket

    from typing_extensions import Buffer

_READ_AHEAD = 65_536


class Broken(Exception):
    """No whole answer. `sent`: the server may have received the request, and may have acted on it."""

    def __init__(self, why: str, *, sent: bool) -> None:
        self.sent = sent
        super().__init__(why)


class Oversized(Broken):
    """The answer is larger than the bound; asking again would not make it smaller."""


class Distrusted(Exception):
    """TLS could not be agreed on: wrong authority, wrong name, or a certificate that is not accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer as it came. Header names are compared without case by `headers.get`."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Wire:
    """Sends requests to one server, over connections that are used again. Safe to use from many threads."""

    def __init__(self, access: Access, *, keep: int, wait: float) -> None:
        """`keep` is how many idle connections are kept; `wait` bounds connecting and each silence (seconds).

        Raises ClusterMisconfigured.
        """
        parts = urlsplit(access.server)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ClusterMisconfigured(
                f'the API server\'s address is "{access.server}"; write https://HOST or https://HOST:PORT.'
            )
        secure = parts.scheme == "https"
        terms: dict[str, Any] = {"maxsize": keep}
        if secure:
            terms["ssl_context"] = _make_context(access)
            if access.server_name:
                terms |= {"server_hostname": access.server_name, "assert_hostname": access.server_name}
        manager = _make_proxy(access.proxy, terms) if access.proxy else PoolManager(**terms)
        self._pool = manager.connection_from_host(
            parts.hostname, port=parts.port or (443 if secure else 80), scheme=parts.scheme
        )
        self._pool.ConnectionCls = _SecureConnection if secure else _PlainConnection
        self._pool.conn_kw["wait"] = wait
        self._wait = wait
        # A proxy that does not tunnel is told the whole address.
        prefix = parts.path.rstrip("/")
        self._prefix = f"http://{parts.netloc}{prefix}" if access.proxy and not secure else prefix

    def exchange(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        left: float,
        size: int,
    ) -> Reply:
        """One request and its answer, whatever its status; redirects are not followed.

        `left` bounds it in seconds, `size` the answer's body in bytes. Raises Broken, Distrusted.
        """
        try:
            response = self._pool.urlopen(
                method,
                f"{self._prefix}{path}",
                body=body,
                headers=headers,
                # Together, or an answer to what was late to connect would be waited for twice as long.
                timeout=Timeout(connect=min(self._wait, left), read=left, total=left),
                retries=False,
                redirect=False,
                assert_same_host=False,
                preload_content=False,
            )
            try:
                content = _read(response, size)
            except BaseException:
                # Whatever is half read must not be taken for the next answer.
                response.close()
                raise
            response.release_conn()
        except HTTPError as error:
            raise self._explain(error, left) from error
        return Reply(status=response.status, headers=response.headers, content=content)

    def _explain(self, error: HTTPError, left: float) -> Exception:
        seconds = min(self._wait, left)
        if isinstance(error, ProxyError):
            return Broken(
                f"could not be connected to by the proxy ({_name(error.original_error)})", sent=False
            )
        if isinstance(error, NameResolutionError):
            return Broken("has a name that could not be resolved", sent=False)
        if isinstance(error, ConnectTimeoutError) and not isinstance(error, NewConnectionError):
            return Broken(f"could not be connected to within {seconds:.0f} s", sent=False)
        if isinstance(error, NewConnectionError):
            why = "nothing listens there, or a firewall is between"
            return Broken(f"could not be connected to ({why})", sent=False)
        if isinstance(error, WaitedTooLong):
            return Broken(f"did not answer within {seconds:.0f} s", sent=True)
        if isinstance(error, SSLError) and not _is_cut(error):
            return Distrusted(str(error))
        return Broken(f"broke the connection ({_name(error)})", sent=True)


def _make_proxy(url: str, terms: Mapping[str, Any]) -> ProxyManager:
    parts = urlsplit(url if "://" in url else f"http://{url}")
    told = f"{parts.scheme}://{parts.hostname or ''}"
    user = (
        f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username is not None else None
    )
    headers = make_headers(proxy_basic_auth=user) if user else None
    try:
        if parts.scheme != "http" or not parts.hostname:
            raise LocationParseError(told)
        return ProxyManager(f"http://{parts.netloc.rpartition('@')[2]}", proxy_headers=headers, **terms)
    except LocationParseError as error:
        raise ClusterMisconfigured(
            f"the proxy {told} for the API server cannot be used; "
            "write an HTTP proxy that connects through: http://HOST:PORT."
        ) from error


class _PlainConnection(HTTPConnection):
    """A connection whose answers end in time: the read timeout that it is given is that of a whole answer."""

    def __init__(self, *args: Any, wait: float, **options: Any) -> None:
        super().__init__(*args, **options)
        self._wait = wait

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as in the library itself
        self.response_class = _bound(self.timeout, self._wait)
        return super().getresponse()


class _SecureConnection(_PlainConnection, HTTPSConnection):
    """The same in TLS."""


def _bound(left: float | None, wait: float) -> Any:
    """What makes the standard library's answer, with the deadline that it is to be read through."""
    return partial(_Answer, deadline=time.monotonic() + (wait if left is None else left), wait=wait)


class _Answer(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, deadline: float, wait: float, **options: Any) -> None:
        limited: Any = _Limited(sock, deadline, wait)
        super().__init__(limited, *args, **options)


class _Limited:
    """What the standard library reads an answer from, in place of the socket; it asks for nothing else."""

    def __init__(self, sock: socket.socket, deadline: float, wait: float) -> None:
        self._reader = _Reader(sock, deadline, wait)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._reader, _READ_AHEAD)


class _Reader(io.RawIOBase):
    """Reads a socket until a deadline."""

    def __init__(self, sock: socket.socket, deadline: float, wait: float) -> None:
        self._sock = sock
        # It keeps the socket open while it is read, though its connection be done with it.
        self._raw = sock.makefile("rb", buffering=0)
        self._deadline = deadline
        self._wait = wait

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int | None:
        left = self._deadline - time.monotonic()
        # What the standard library raises for a wait that was too long.
        if left <= 0:
            raise TimeoutError("the answer did not end in time")
        self._sock.settimeout(min(self._wait, left))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _read(response: BaseHTTPResponse, most: int) -> bytes:
    """The whole body, or an error: never a part of it."""
    length = getattr(response, "length_remaining", None)
    if length is None and not getattr(response, "chunked", False):
        # A connection that broke would look the same as one that ended.
        raise Broken("does not say where its answer ends", sent=True)
    pieces: list[bytes] = []
    left = most - (length or 0)
    while left >= 0 and (piece := response.read(most + 1, decode_content=False)):
        pieces.append(piece)
        left -= len(piece) if length is None else 0
    if left < 0:
        raise Oversized(f"answered with more than {most} bytes", sent=True)
    return b"".join(pieces)


def _make_context(access: Access) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if not access.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        elif access.authority:
            context.load_verify_locations(cadata=access.authority.decode("ascii"))
        else:
            context.load_default_certs()
        if access.certificate:
            # The library of TLS reads certificates of clients from files alone; this one is the owner's only.
            with tempfile.NamedTemporaryFile(suffix=".pem") as file:
                file.write(access.certificate + b"\n" + access.key)
                file.flush()
                context.load_cert_chain(file.name)
    except (ssl.SSLError, ValueError) as error:
        raise ClusterMisconfigured(
            f"the certificates for the API server at {access.server} cannot be used: {error}. "
            "Check certificate-authority, client-certificate and client-key of the kubeconfig."
        ) from error
    return context


def _is_cut(error: SSLError) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError)


def _name(error: Exception) -> str:
    return str(error) or type(error).__name__
