"""Containers' logs, where the API server asks for them: `kubectl logs` works as in any cluster.

Only on loopback, and to whoever asks: unlike a kubelet's, this port knows no rights.
"""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

_STEP = 0.2


class LogServer(uvicorn.Server):
    """Serves the logs of the Pods in a folder over HTTPS on a port of 127.0.0.1."""

    def __init__(self, pods: Path, port: int, certificates: Path) -> None:
        key, certificate = _make_certificate(certificates)
        route = Route("/containerLogs/{namespace}/{pod}/{container}", _Logs(pods).answer)
        super().__init__(
            uvicorn.Config(
                Starlette(routes=[route]),
                host="127.0.0.1",
                port=port,
                ssl_keyfile=str(key),
                ssl_certfile=str(certificate),
                log_level="warning",
                lifespan="off",
                timeout_graceful_shutdown=1,
            )
        )

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the node, which ends this server with all else."""
        yield


class _Logs:
    def __init__(self, pods: Path) -> None:
        self._pods = pods

    async def answer(self, request: Request) -> Response:
        """A log: the present one or the one before (`previous`), all or its end, and then what comes."""
        namespace, pod, container = (request.path_params[key] for key in ("namespace", "pod", "container"))
        logs = find_logs(self._pods, namespace, pod, container)
        previous = request.query_params.get("previous") == "true"
        if len(logs) <= previous:
            kind = "previous terminated container" if previous else "container"
            return PlainTextResponse(f'{kind} "{container}" in pod "{pod}" not found', status_code=400)
        log = logs[-2 if previous else -1]
        content = take_end(log.read_bytes(), request.query_params.get("tailLines"))
        limit = request.query_params.get("limitBytes")
        if limit is not None:
            content = content[: int(limit)]
        if request.query_params.get("follow") == "true" and not previous:
            return StreamingResponse(_follow(log, content), media_type="text/plain")
        return Response(content, media_type="text/plain")


def find_logs(pods: Path, namespace: str, pod: str, container: str) -> tuple[Path, ...]:
    """The logs of one container, one for each time that it ran, oldest first."""
    folders = sorted(pods.glob(f"{namespace}_{pod}_*"), key=lambda folder: folder.stat().st_mtime)
    if not folders or container in (".", ".."):
        return ()
    logs = (folders[-1] / "containers" / container).glob("*.log")
    return tuple(sorted(logs, key=lambda log: int(log.stem)))


def take_end(content: bytes, lines: str | None) -> bytes:
    """The last lines of a log, all of it when no number is given."""
    if lines is None:
        return content
    return b"".join(content.splitlines(keepends=True)[-int(lines) :] if int(lines) else ())


async def _follow(log: Path, beginning: bytes) -> AsyncIterator[bytes]:
    yield beginning
    position = log.stat().st_size
    # A Pod's folder goes with the Pod.
    while log.exists():
        with log.open("rb") as file:
            file.seek(position)
            more = file.read()
        position += len(more)
        if more:
            yield more
        await asyncio.sleep(_STEP)


def _make_certificate(folder: Path) -> tuple[Path, Path]:
    """A key and its certificate for 127.0.0.1, signed by nobody: API servers do not check a kubelet's."""
    folder.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "local node")])
    now = datetime.datetime.now(datetime.timezone.utc)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    key_file, certificate_file = folder / "node.key", folder / "node.crt"
    key_file.touch(mode=0o600)
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return key_file, certificate_file
