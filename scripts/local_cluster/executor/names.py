"""Where hosts are dialled: this Pod, a Service of the cluster, or what the machine's resolver knows."""

from __future__ import annotations

import re
import socket

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

_OWN_ADDRESS = frozenset({"localhost", "127.0.0.1", "0.0.0.0"})  # noqa: S104 -- a name to recognise
_SERVICE = re.compile(r"(?P<name>[a-z0-9-]+)\.(?P<namespace>[a-z0-9-]+)(\.svc(\.cluster\.local)?)?\.?")
_PATIENCE = aiohttp.ClientTimeout(total=10)


def place(host: str, address: str) -> str:
    """The host to dial: what means "this Pod" is the Pod's own loopback address here."""
    return address if host in _OWN_ADDRESS else host


class Resolver(AbstractResolver):
    """Asks the node's name server for Services, and the machine's resolver for all else.

    `names` is the name server's URL; empty where there is none, outside of a local cluster.
    """

    def __init__(self, names: str) -> None:
        self._names = names
        self._machine = ThreadedResolver()
        self._session: aiohttp.ClientSession | None = None

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """All addresses of a host. Raises OSError when there is none."""
        service = _SERVICE.fullmatch(host)
        if not self._names or service is None:
            return await self._machine.resolve(host, port, family)
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_PATIENCE)
        url = f"{self._names}/{service['namespace']}/{service['name']}"
        async with self._session.get(url) as answer:
            addresses: list[str] = await answer.json() if answer.status == 200 else []
        if not addresses:
            # Kubernetes would know the name and refuse the connection; either way nobody is there.
            raise OSError(f"lookup {host}: no such host")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Close the connection to the name server."""
        if self._session is not None:
            await self._session.close()
        await self._machine.close()
