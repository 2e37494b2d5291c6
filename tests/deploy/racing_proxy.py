"""A proxy before the real API server in which somebody else is quicker, just before a request arrives."""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

import yaml

from scripts.local_cluster import LocalCluster

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})


class RacingProxy:
    """Forwards plain HTTP on loopback to the API server, with the client's own token.

    `before` is called with method and path of each request before the server gets to see it.
    """

    def __init__(self, cluster: LocalCluster, before: Callable[[str, str], None]) -> None:
        self._before = before
        self._address = urlsplit(cluster.server)
        self._context = ssl.create_default_context(cafile=str(cluster.ca_file))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> RacingProxy:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def redirect(self, kubeconfig: Path, to: Path) -> Path:
        """Write a copy of a token's kubeconfig that leads through this proxy."""
        content = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        content["clusters"][0]["cluster"] = {"server": f"http://127.0.0.1:{self._server.server_port}"}
        to.write_text(yaml.safe_dump(content), encoding="utf-8")
        return to

    def _forward(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        headers = {key: value for key, value in handler.headers.items() if key.lower() not in _HOP_BY_HOP}
        self._before(handler.command, handler.path)
        connection = http.client.HTTPSConnection(
            self._address.hostname or "", self._address.port, context=self._context, timeout=30
        )
        try:
            connection.request(handler.command, handler.path, body=body or None, headers=headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        handler.send_response(answer.status)
        for key, value in answer.getheaders():
            if key.lower() not in _HOP_BY_HOP:
                handler.send_header(key, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        forward = self._forward

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                forward(self)

            do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

            def log_message(self, format: str, *args: object) -> None:
                """The API server's audit log keeps them."""

        return Handler
