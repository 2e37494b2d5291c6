"""Probes: what is asked of a container, and when the answers count."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

STARTUP, READINESS, LIVENESS = "Startup", "Readiness", "Liveness"
_FIELDS = {STARTUP: "startupProbe", READINESS: "readinessProbe", LIVENESS: "livenessProbe"}

Execute = Callable[[tuple[str, ...], float], Awaitable[tuple[int, str]]]
"""Runs a command in a container for at most so many seconds; its exit code and output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One probe. Times are in seconds; defaults are those of the API.

    `action` is the API's `httpGet`, `tcpSocket` or `exec` object under that name.
    """

    kind: str
    action: Mapping[str, Any]
    delay: float
    period: float
    timeout: float
    successes: int
    failures: int


@dataclass(slots=True, kw_only=True)
class Streak:
    """Equal results in a row, since only so many of them count."""

    passed: bool | None = None
    length: int = 0

    def add(self, passed: bool) -> None:
        """One more result."""
        self.length = self.length + 1 if passed == self.passed else 1
        self.passed = passed

    def verdict(self, probe: Probe) -> bool | None:
        """What the results until now say; None while too few of them agree."""
        needed = probe.successes if self.passed else probe.failures
        return self.passed if self.length >= needed else None


def read_probe(container: Mapping[str, Any], kind: str) -> Probe | None:
    """A container's probe of a kind, None if it has none."""
    body = container.get(_FIELDS[kind])
    if body is None:
        return None
    return Probe(
        kind=kind,
        action={key: body[key] for key in ("httpGet", "tcpSocket", "exec", "grpc") if key in body},
        delay=body.get("initialDelaySeconds", 0),
        period=body.get("periodSeconds", 10),
        timeout=body.get("timeoutSeconds", 1),
        successes=body.get("successThreshold", 1),
        failures=body.get("failureThreshold", 3),
    )


def find_port(container: Mapping[str, Any], port: int | str) -> int:
    """The number of a container's port that is given by number or name; 0 where there is no such name."""
    if isinstance(port, int):
        return port
    for entry in container.get("ports", ()):
        if entry.get("name") == port:
            return int(entry["containerPort"])
    return int(port) if port.isdigit() else 0


class Prober:
    """Asks the programs of Pods. One for the node: its connections are never kept."""

    def __init__(self) -> None:
        self._client = httpx.AsyncClient(
            verify=False,  # noqa: S501  as the kubelet does: a Pod's certificate is for its callers
            trust_env=False,
            follow_redirects=False,
            limits=httpx.Limits(max_keepalive_connections=0),
            headers={"User-Agent": "kube-probe/local-cluster", "Connection": "close"},
        )

    async def ask(
        self, probe: Probe, container: Mapping[str, Any], address: str, execute: Execute
    ) -> str | None:
        """None when the program answers as it should, else what was wrong, in the kubelet's words."""
        if "httpGet" in probe.action:
            return await self._get(probe, container, address)
        if "tcpSocket" in probe.action:
            action = probe.action["tcpSocket"]
            port = find_port(container, action["port"])
            return await _connect(action.get("host") or address, port, probe.timeout)
        if "exec" in probe.action:
            code, said = await execute(tuple(probe.action["exec"].get("command", ())), probe.timeout)
            return None if code == 0 else said.strip()
        return f"a probe by {', '.join(probe.action)} is not known to this node"

    async def _get(self, probe: Probe, container: Mapping[str, Any], address: str) -> str | None:
        action = probe.action["httpGet"]
        host = action.get("host") or address
        port = find_port(container, action["port"])
        url = f"{action.get('scheme', 'HTTP').lower()}://{host}:{port}/{action.get('path', '/').lstrip('/')}"
        headers = {header["name"]: header["value"] for header in action.get("httpHeaders", ())}
        try:
            # The whole request has this time; httpx counts each step of it alone.
            answer = await asyncio.wait_for(
                self._client.get(url, headers=headers, timeout=probe.timeout), probe.timeout
            )
        except (httpx.TimeoutException, asyncio.TimeoutError):
            return f'Get "{url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
        except httpx.ConnectError:
            return f'Get "{url}": dial tcp {host}:{port}: connect: connection refused'
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return f'Get "{url}": {str(error) or type(error).__name__}'
        if 200 <= answer.status_code < 400:
            return None
        return f"HTTP probe failed with statuscode: {answer.status_code}"


async def _connect(host: str, port: int, timeout: float) -> str | None:
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), timeout)
    except asyncio.TimeoutError:
        return f"dial tcp {host}:{port}: i/o timeout"
    except OSError:
        return f"dial tcp {host}:{port}: connect: connection refused"
    writer.close()
    return None
