"""Connections to one server: kept alive, and bounded in time and size whatever the other side does.

The standard library's client is used as it is but for one thing: what it reads is read through a deadline.
A timeout alone bounds only each wait, so that a server that sends a byte now and then holds its caller for
ever; urllib3 has no more than that either.
"""

from __future__ import annotations

import base64
import http.client
import io
import re
import select
import socket
import ssl
import tempfile
import threading
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from reconciler.clients.cluster.access import Access
from reconciler.clients.cluster.interface import ClusterMisconfigured

if TYPE_CHECKING:
    from typing_extensions import Buffer

_READ_AHEAD = 65_536
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\U0010ffff]")


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
    headers: http.client.HTTPMessage
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one exchange may take: seconds for each wait and for all of it, bytes of the answer's body."""

    wait: float
    total: float
    size: int


class Wire:
    """Sends requests to one server, over connections that are used again. Safe to use from many threads."""

    def __init__(self, access: Access, *, keep: int) -> None:
        """`keep` is how many idle connections are kept. Raises ClusterMisconfigured."""
        parts = urlsplit(access.server)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ClusterMisconfigured(
                f'the API server\'s address is "{access.server}"; write https://HOST or https://HOST:PORT.'
            )
        self._host = parts.hostname
        self._address = parts.netloc.rpartition("@")[2]
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._prefix = parts.path.rstrip("/")
        self._name = access.server_name or parts.hostname
        self._proxy = _Proxy.parse(access.proxy) if access.proxy else None
        self._context = _make_context(access) if parts.scheme == "https" else None
        self._keep = keep
        self._idle: list[_Connection] = []
        self._lock = threading.Lock()
        weakref.finalize(self, _close, self._idle)

    def exchange(
        self, method: str, path: str, *, headers: Mapping[str, str], body: bytes | None, bounds: Bounds
    ) -> Reply:
        """One request and its answer, whatever its status; redirects are not followed.

        Raises Broken, Distrusted.
        """
        deadline = time.monotonic() + bounds.total
        connection = self._take() or self._open(min(bounds.wait, bounds.total))
        try:
            connection.sock.settimeout(min(bounds.wait, bounds.total))
            connection.send(self._write_head(method, path, headers, body) + (body or b""))
            limited: Any = _Limited(connection.sock, deadline, bounds.wait)
            response = http.client.HTTPResponse(limited, method=method)
            response.begin()
            content = _read(response, bounds.size)
        except TimeoutError as error:
            connection.close()
            took = min(bounds.wait, bounds.total)
            raise Broken(f"did not answer within {took:.0f} s", sent=True) from error
        except ssl.SSLError as error:
            connection.close()
            if _is_cut(error):
                raise Broken(f"broke the connection ({error})", sent=True) from error
            raise Distrusted(str(error)) from error
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise Broken(f"broke the connection ({_name(error)})", sent=True) from error
        except BaseException:
            # Whatever is half read must not be taken for the next answer.
            connection.close()
            raise
        if response.will_close:
            connection.close()
        else:
            self._give_back(connection)
        return Reply(status=response.status, headers=response.headers, content=content)

    def _write_head(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
        fields = {"Host": self._address, "Accept-Encoding": "identity", **headers}
        if body is not None:
            fields["Content-Length"] = str(len(body))
        lines = [f"{method} {self._prefix}{path} HTTP/1.1", *(f"{name}: {fields[name]}" for name in fields)]
        # Whoever named an object must not be able to add a header, or a request.
        if any(_CONTROL.search(line) for line in lines) or lines[0].count(" ") != 2:
            raise ValueError(
                f"{method} {path!r} cannot be sent: it holds characters that end a line or a word"
            )
        return "\r\n".join([*lines, "", ""]).encode("ascii")

    def _take(self) -> _Connection | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if connection.is_quiet():
                return connection
            connection.close()

    def _give_back(self, connection: _Connection) -> None:
        with self._lock:
            if len(self._idle) < self._keep:
                self._idle.append(connection)
                return
        connection.close()

    def _open(self, timeout: float) -> _Connection:
        connection = _Connection(self._host, self._port, self._proxy, self._context, self._name, timeout)
        try:
            connection.connect()
        except TimeoutError as error:
            connection.close()
            raise Broken(f"could not be connected to within {timeout:.0f} s", sent=False) from error
        except socket.gaierror as error:
            raise Broken("has a name that could not be resolved", sent=False) from error
        except ssl.SSLError as error:
            connection.close()
            if _is_cut(error):
                raise Broken(f"broke the connection ({error})", sent=False) from error
            raise Distrusted(str(error)) from error
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            why = "nothing listens there, or a firewall is between"
            if self._proxy is not None:
                why = f"by the proxy {self._proxy.host}:{self._proxy.port}: {_name(error)}"
            raise Broken(f"could not be connected to ({why})", sent=False) from error
        return connection


def _close(connections: list[_Connection]) -> None:
    for connection in connections:
        connection.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proxy:
    host: str
    port: int
    headers: Mapping[str, str]

    @classmethod
    def parse(cls, url: str) -> _Proxy:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme != "http" or not parts.hostname:
            raise ClusterMisconfigured(
                f"the proxy {parts.scheme}://{parts.hostname or ''} for the API server cannot be used; "
                "write an HTTP proxy that connects through: http://HOST:PORT."
            )
        headers = {}
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers["Proxy-Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return cls(host=parts.hostname, port=parts.port or 80, headers=headers)


class _Connection(http.client.HTTPConnection):
    """One connection, through a proxy's tunnel and in TLS where there are such."""

    def __init__(
        self,
        host: str,
        port: int,
        proxy: _Proxy | None,
        context: ssl.SSLContext | None,
        name: str,
        timeout: float,
    ) -> None:
        to = (host, port) if proxy is None else (proxy.host, proxy.port)
        super().__init__(*to, timeout=timeout)
        if proxy is not None:
            self.set_tunnel(host, port, headers=dict(proxy.headers))
        self._context = context
        self._name = name

    def connect(self) -> None:
        super().connect()
        if self._context is not None:
            self.sock = self._context.wrap_socket(self.sock, server_hostname=self._name)

    def is_quiet(self) -> bool:
        """Whether it can be used again: one on which something is to be read was closed meanwhile."""
        readable, _, _ = select.select([self.sock], [], [], 0)
        return not readable


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
        self._deadline = deadline
        self._wait = wait

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer did not end in time")
        self._sock.settimeout(min(self._wait, left))
        return self._sock.recv_into(buffer)


def _read(response: http.client.HTTPResponse, most: int) -> bytes:
    """The whole body, or an error: never a part of it."""
    length = response.length
    if length is None and not response.chunked:
        # A connection that broke would look the same as one that ended.
        raise Broken("does not say where its answer ends", sent=True)
    content = response.read(most + 1) if length is None or length <= most else b""
    if (length or 0) > most or len(content) > most:
        raise Oversized(f"answered with more than {most} bytes", sent=True)
    if response.length:
        raise http.client.IncompleteRead(content, response.length)
    return content


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


def _is_cut(error: ssl.SSLError) -> bool:
    return isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError)


def _name(error: Exception) -> str:
    return str(error) or type(error).__name__
