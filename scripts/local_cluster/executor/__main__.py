"""`python -m scripts.local_cluster.executor`: the node starts it in the place of Seldon's image."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys

from scripts.local_cluster.executor.errors import SettingsInvalid
from scripts.local_cluster.executor.grpc_server import serve_grpc
from scripts.local_cluster.executor.server import Executor, serve_http
from scripts.local_cluster.executor.settings import Settings, read_settings

_log = logging.getLogger("executor")

GRACE = 20.0
"""Seconds for requests under way when it is told to end."""


async def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    executor = Executor(settings)
    try:
        runner = await serve_http(executor, settings)
        calls = await serve_grpc(settings, executor.metrics)
        _log.warning(
            "%s/%s, predictor %s: http://%s:%s, gRPC at %s",
            settings.namespace,
            settings.deployment,
            settings.predictor.name,
            settings.address,
            settings.http_port,
            settings.grpc_port,
        )
        await ended.wait()
        await asyncio.gather(runner.cleanup(), calls.stop(GRACE))
    finally:
        await executor.close()


def main() -> None:
    """Read the settings and serve; ends with 1 when they are wrong or a port is taken."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    try:
        asyncio.run(run(read_settings(sys.argv[1:], os.environ)))
    except (SettingsInvalid, OSError) as error:
        print(f"executor: {error}", file=sys.stderr)
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
