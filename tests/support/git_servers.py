"""Real git servers on loopback: smart HTTP through git http-backend, the same under TLS, and SSH.

The servers are ordinary ones around git's own programs; nothing of git is imitated. What clients sent is
kept for tests to look at.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Protocol

import asyncssh
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
}
_CLEAN = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}


class Repository:
    """A work tree of a test, driven by plain git. `clock` makes commit times differ and repeatable."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._clock = 1_790_000_000
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str, data: bytes | None = None) -> str:
        """Run git here; its output without the last line break."""
        stamp = {"GIT_AUTHOR_DATE": f"{self._clock} +0000", "GIT_COMMITTER_DATE": f"{self._clock} +0000"}
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            env={"PATH": os.environ["PATH"], "HOME": str(self.path.parent), **_IDENTITY, **_CLEAN, **stamp},
            input=data,
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")

    def write(self, path: str, content: bytes | str) -> None:
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(self, subject: str = "a change", **files: str) -> str:
        """Commit everything, after writing `files`; gives the commit's full name."""
        for path, content in files.items():
            self.write(path, content)
        self._clock += 60
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", subject)
        return self.git("rev-parse", "HEAD")

    def publish(self, bare: Path) -> Path:
        """Push everything to a bare repository (made at need), as a forge would hold it."""
        if not bare.exists():
            self.git("init", "--quiet", "--bare", "--initial-branch=main", str(bare))
        self.git("push", "--quiet", "--force", "--mirror", str(bare))
        return bare


class _Handler(BaseHTTPRequestHandler):
    """Hands a request to git http-backend over CGI (RFC 3875). `server` is a GitHttpServer."""

    protocol_version = "HTTP/1.1"
    server: GitHttpServer

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what matters is in `server.requests`."""

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding", "") == "chunked":
            self._serve(b"".join(iter(self._read_chunk, b"")))
        else:
            self._serve(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def _read_chunk(self) -> bytes:
        size = int(self.rfile.readline(), 16)
        content = self.rfile.read(size)
        self.rfile.readline()
        return content

    def _serve(self, body: bytes) -> None:
        self.server.requests.append((self.path, self.headers.get("Authorization")))
        path, _, query = self.path.partition("?")
        refusal = self.server.judge(path, self.headers.get("Authorization"))
        if refusal is not None:
            status, headers = refusal
            self._answer(status, headers, b"")
            return
        done = subprocess.run(
            ["git", "http-backend"],
            env={
                "PATH": os.environ["PATH"],
                **_CLEAN,
                "HOME": str(self.server.root),
                "GIT_PROJECT_ROOT": str(self.server.root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", "") if self.server.is_modern else "",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "REMOTE_ADDR": "127.0.0.1",
            },
            input=body,
            stdout=subprocess.PIPE,
            check=False,
            timeout=60,
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self._answer(int(headers.pop("Status", "200").split()[0]), headers, content)

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


Verdict = Callable[[str, "str | None"], "tuple[int, dict[str, str]] | None"]


class GitHttpServer(ThreadingHTTPServer):
    """Serves all repositories under `root`; `judge` may refuse a path and Authorization header.

    One that is not `is_modern` knows the first protocol alone, and gives only what branches and tags lead to.
    """

    daemon_threads = True

    def __init__(self, root: Path, *, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.root = root
        self.requests: list[tuple[str, str | None]] = []
        self.judge: Verdict = lambda path, authorization: None
        self.is_modern = True
        self._scheme = "https" if tls else "http"
        if tls:
            # Shaken hands in the request's own thread: a client that stays silent must not stop the others.
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: a client that refuses our certificate hangs up, as tests want it to."""

    def url(self, name: str) -> str:
        return f"{self._scheme}://127.0.0.1:{self.server_address[1]}/{name}"


@contextmanager
def serve_http(root: Path, *, tls: ssl.SSLContext | None = None) -> Iterator[GitHttpServer]:
    """A running server, until the block ends."""
    server = GitHttpServer(root, tls=tls)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def make_authority(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A private CA's certificate file, and TLS settings of a server that it certified as 127.0.0.1."""
    folder.mkdir(parents=True, exist_ok=True)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"test authority {folder.name}")])
    start = dt.datetime.now(dt.timezone.utc) - dt.timedelta(hours=1)

    def begin(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + dt.timedelta(days=1))
        )

    ca = (
        begin(name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    host = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "git server")])
    certificate = (
        begin(host, key.public_key())
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    ca_file, server_file = folder / "ca.pem", folder / "server.pem"
    ca_file.write_bytes(ca.public_bytes(pem))
    server_file.write_bytes(
        certificate.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server_file)
    return ca_file, context


class GitSshServer:
    """An SSH server that runs git-upload-pack for whoever holds the deploy key, and nothing else."""

    def __init__(self, root: Path, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.root = root
        self.key_file = make_key(folder / "deploy key")
        self._host_key = asyncssh.generate_private_key("ssh-ed25519")
        self._authorized = folder / "authorized"
        self._authorized.write_bytes(self.key_file.with_suffix(".pub").read_bytes())
        self.known_hosts_file = folder / "known hosts"
        self.port = 0
        self.commands: list[str] = []

    def url(self, name: str) -> str:
        return f"ssh://git@127.0.0.1:{self.port}/{name}"

    async def listen(self) -> asyncssh.SSHAcceptor:
        acceptor = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[self._host_key],
            authorized_client_keys=str(self._authorized),
            process_factory=self._run,
            encoding=None,
        )
        self.port = acceptor.get_port()
        public = self._host_key.export_public_key().decode()
        self.known_hosts_file.write_text(f"[127.0.0.1]:{self.port} {public}", encoding="utf-8")
        return acceptor

    async def _run(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        command = process.command or ""
        self.commands.append(command)
        program, _, path = command.partition(" ")
        if program != "git-upload-pack":
            process.exit(1)
            return
        child = await asyncio.create_subprocess_exec(
            "git",
            "upload-pack",
            str(self.root / path.strip("'").lstrip("/")),
            env={"PATH": os.environ["PATH"], **_CLEAN, "HOME": str(self.root)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert child.stdin
        assert child.stdout
        assert child.stderr
        asking = asyncio.create_task(_pump(process.stdin, child.stdin))
        answering = asyncio.create_task(_pump(child.stdout, process.stdout))
        said = await child.stderr.read()
        await answering
        process.stderr.write(said)
        process.exit(await child.wait())
        asking.cancel()
        child.stdin.close()


class _Readable(Protocol):
    async def read(self, n: int = -1) -> bytes: ...


class _Writable(Protocol):
    def write(self, data: bytes) -> object: ...

    async def drain(self) -> None: ...


async def _pump(source: _Readable, target: _Writable) -> None:
    # Either side may hang up at any time, as clients do that have heard enough.
    with suppress(ConnectionError, asyncssh.Error):
        while content := await source.read(65536):
            target.write(content)
            await target.drain()
    if isinstance(target, asyncio.StreamWriter):
        target.close()


@contextmanager
def serve_ssh(root: Path, folder: Path) -> Iterator[GitSshServer]:
    """A running server, until the block ends. Its keys are files in `folder`, with blanks in their names."""
    server = GitSshServer(root, folder)
    ready: Future[asyncio.Event] = Future()

    async def run() -> None:
        stop = asyncio.Event()
        async with await server.listen():
            ready.set_result(stop)
            await stop.wait()

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    try:
        stop = ready.result(timeout=20)
        try:
            yield server
        finally:
            loop.call_soon_threadsafe(stop.set)
    finally:
        thread.join(timeout=20)
        loop.close()


def make_key(path: Path) -> Path:
    """A fresh private key as ssh wants it; its public half is beside it, ending in .pub."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(str(path))
    path.chmod(0o600)
    key.write_public_key(str(path.with_suffix(".pub")))
    return path


@contextmanager
def serve_silence() -> Iterator[int]:
    """A port that accepts connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        yield server.getsockname()[1]


def find_free_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port
