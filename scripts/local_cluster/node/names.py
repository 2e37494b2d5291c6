"""What a cluster's DNS is for: from a Service's name to the addresses of its ready Pods.

Pods' addresses are of loopback here, which Endpoints may not hold, and programs share the machine's resolver.
So this server is asked for a Service: `GET /NAMESPACE/NAME` gives a JSON list, 404 where there is no such
Service. Programs find it by the variable MODELSYNC_NAMES.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from aiohttp import web

from scripts.local_cluster.node.client import Client, Refused, Unreachable
from scripts.local_cluster.node.status import is_ready

VARIABLE = "MODELSYNC_NAMES"


class NameServer:
    """Serves names on a free port of 127.0.0.1."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._runner = web.ServerRunner(web.Server(self._answer, access_log=None))

    async def start(self) -> str:
        """Listen; the server's URL."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    async def close(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        namespace, _, name = request.path.strip("/").partition("/")
        if not namespace or not name:
            return web.Response(status=404)
        try:
            addresses = await self._find(quote(namespace, safe=""), quote(name, safe=""))
        except (Refused, Unreachable) as error:
            return web.Response(status=502, text=str(error))
        if addresses is None:
            return web.Response(status=404)
        return web.json_response(addresses)

    async def _find(self, namespace: str, name: str) -> list[str] | None:
        folder = f"/api/v1/namespaces/{namespace}"
        service = await self._client.find(f"{folder}/services/{name}")
        if service is None:
            return None
        selector = service["spec"].get("selector")
        if not selector:
            return []
        labels = ",".join(f"{key}={value}" for key, value in selector.items())
        pods = await self._client.request("GET", f"{folder}/pods", query={"labelSelector": labels})
        return ready_addresses(pods["items"])


def ready_addresses(pods: Iterable[Mapping[str, Any]]) -> list[str]:
    """The addresses of those Pods that are ready and not about to go, in order."""
    return sorted(
        pod["status"]["podIP"]
        for pod in pods
        if is_ready(pod.get("status", {}))
        and "podIP" in pod["status"]
        and "deletionTimestamp" not in pod["metadata"]
    )
