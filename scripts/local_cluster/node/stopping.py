"""Ending a container's program in the order that the API promises."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from scripts.local_cluster.node.probes import Execute, find_port
from scripts.local_cluster.node.programs import Running

_LEAST = 2.0  # seconds for the program after a preStop that took all the time


async def stop_gracefully(
    running: Running, declaration: Mapping[str, Any], address: str, grace: float, execute: Execute
) -> str:
    """Run preStop, send SIGTERM, and after `grace` seconds from the beginning SIGKILL; with 0 at once.

    Returns when the program is gone: what was wrong with preStop, or empty text.
    """
    if grace <= 0:
        running.kill()
        await running.wait()
        return ""
    begin = asyncio.get_running_loop().time()
    hook = declaration.get("lifecycle", {}).get("preStop", {})
    fault = await _run_hook(hook, declaration, address, grace, execute)
    running.ask_to_end()
    rest = max(begin + grace - asyncio.get_running_loop().time(), _LEAST)
    try:
        await asyncio.wait_for(running.wait(), rest)
    except asyncio.TimeoutError:
        running.kill()
        await running.wait()
    return fault


async def _run_hook(
    hook: Mapping[str, Any], declaration: Mapping[str, Any], address: str, grace: float, execute: Execute
) -> str:
    if "sleep" in hook:
        await asyncio.sleep(min(float(hook["sleep"]["seconds"]), grace))
    if "exec" in hook:
        code, said = await execute(tuple(hook["exec"].get("command", ())), grace)
        return "" if code == 0 else f"PreStopHook failed: exit code {code}: {said.strip()}"
    if "httpGet" in hook:
        action = hook["httpGet"]
        port = find_port(declaration, action["port"])
        url = f"http://{action.get('host') or address}:{port}/{action.get('path', '/').lstrip('/')}"
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=grace) as client:
                await client.get(url)
        except httpx.HTTPError as error:
            return f"PreStopHook failed: {url}: {str(error) or type(error).__name__}"
    return ""
