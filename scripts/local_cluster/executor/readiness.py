"""Whether all nodes of a graph can be called."""

from __future__ import annotations

import asyncio

import aiohttp
from yarl import URL

from scripts.local_cluster.executor.graph import Node
from scripts.local_cluster.executor.names import Resolver, place
from scripts.local_cluster.executor.protocols import Protocol

_PATIENCE = 5.0  # seconds for each node


async def accepts_connections(graph: Node, address: str, resolver: Resolver) -> bool:
    """Whether something listens at each node's port."""
    outcomes = await asyncio.gather(*(_accepts(node, address, resolver) for node in graph.walk()))
    return all(outcomes)


async def answers_health(
    graph: Node, address: str, protocol: Protocol, session: aiohttp.ClientSession
) -> bool:
    """Whether each node says itself that it is ready."""
    path = "/v2/health/ready" if protocol.is_v2 else "/api/v1.0/health/status"
    outcomes = await asyncio.gather(*(_answers(node, address, path, session) for node in graph.walk()))
    return all(outcomes)


async def _accepts(node: Node, address: str, resolver: Resolver) -> bool:
    if not node.service_port:
        return True  # a node without a container
    try:
        found = await resolver.resolve(place(node.host, address), node.service_port)
        _, writer = await asyncio.wait_for(
            asyncio.open_connection(found[0]["host"], node.service_port), _PATIENCE
        )
    except (OSError, aiohttp.ClientError, asyncio.TimeoutError):
        return False
    writer.close()
    return True


async def _answers(node: Node, address: str, path: str, session: aiohttp.ClientSession) -> bool:
    if not node.service_port:
        return True
    url = URL(f"http://{place(node.host, address)}:{node.service_port}{path}")
    try:
        async with session.get(url, timeout=aiohttp.ClientTimeout(total=_PATIENCE)) as response:
            return response.status == 200
    except (aiohttp.ClientError, OSError, asyncio.TimeoutError):
        return False
