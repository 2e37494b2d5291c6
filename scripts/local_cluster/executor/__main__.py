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


async def run(settings: Settings) -> bool:
    """Serve until SIGTERM or SIGINT; whether all requests under way were answered in time."""
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
        await asyncio.sleep(settings.delay)
        ending = asyncio.gather(runner.cleanup(), calls.stop(settings.grace))
        try:
            await asyncio.wait_for(ending, settings.grace)
        except asyncio.TimeoutError:
            _log.error("requests are still under way after %s seconds", settings.grace)
            return False
        return True
    finally:
        await executor.close()


def main() -> None:
    """Read the settings and serve; ends with 1 when they are wrong, a port is taken or a request hangs."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    try:
        if not asyncio.run(run(read_settings(sys.argv[1:], os.environ))):
            raise SystemExit(1)
    except (SettingsInvalid, OSError) as error:
        print(f"executor: {error}", file=sys.stderr)
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
