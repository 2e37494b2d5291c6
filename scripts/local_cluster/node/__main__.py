"""The node program: `python -m scripts.local_cluster.node --kubeconfig FILE --folder FOLDER --rclone FILE`.

It runs until it is told to end; then it, and all it started, end at once, as with a machine's power.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path

from scripts.local_cluster.node import guard
from scripts.local_cluster.node.addresses import Addresses
from scripts.local_cluster.node.client import Client, Unreachable
from scripts.local_cluster.node.events import Recorder
from scripts.local_cluster.node.images import Programs
from scripts.local_cluster.node.logs import LogServer
from scripts.local_cluster.node.moments import now, seconds
from scripts.local_cluster.node.names import NameServer
from scripts.local_cluster.node.pods import Pods
from scripts.local_cluster.node.probes import Prober
from scripts.local_cluster.node.registration import Capacity, Registration, keep_alive, register
from scripts.local_cluster.node.services import Services
from scripts.local_cluster.node.workload_entries import remove_all_entries
from scripts.local_cluster.ports import free_ports


def read_arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.local_cluster.node",
        description="A Node of a local cluster that runs Pods as plain processes. For local clusters only.",
    )
    parser.add_argument("--kubeconfig", type=Path, required=True, help="with a client certificate")
    parser.add_argument("--name", default="serving", help="of the Node (%(default)s)")
    parser.add_argument("--folder", type=Path, required=True, help="where Pods live")
    parser.add_argument("--rclone", type=Path, required=True, help="the storage initializer's program")
    parser.add_argument("--back-off", type=float, default=10.0, help="seconds (%(default)s)")
    for resource in ("cpu", "memory", "pods"):
        default = getattr(Capacity(), resource)
        parser.add_argument(f"--{resource}", default=default, help="capacity (%(default)s)")
    return parser.parse_args()


async def serve(arguments: argparse.Namespace, mark: str) -> None:
    """Be a Node until SIGTERM or SIGINT."""
    client = Client(arguments.kubeconfig)
    recorder = Recorder(client, arguments.name)
    names = NameServer(client)
    services = Services(
        node=arguments.name,
        folder=arguments.folder,
        mark=mark,
        back_off=arguments.back_off,
        client=client,
        recorder=recorder,
        prober=Prober(),
        addresses=Addresses(),
        programs=Programs(rclone=arguments.rclone, names=await names.start()),
    )
    capacity = Capacity(cpu=arguments.cpu, memory=arguments.memory, pods=arguments.pods)
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    (log_port,) = free_ports(1)
    node = Registration(name=arguments.name, capacity=capacity, log_port=log_port, since=seconds(now()))
    await _arrive(client, node)
    logs = LogServer(arguments.folder, log_port, arguments.folder.parent / "node")
    tasks = {
        asyncio.create_task(logs.serve()),
        asyncio.create_task(keep_alive(client, node)),
        asyncio.create_task(recorder.run()),
        asyncio.create_task(Pods(services).run()),
    }
    end = asyncio.create_task(told.wait())
    done, _ = await asyncio.wait({*tasks, end}, return_when=asyncio.FIRST_COMPLETED)
    for task in (*tasks, end):
        task.cancel()
    await asyncio.gather(*tasks, end, return_exceptions=True)
    await names.close()
    for task in done:
        task.result()


async def _arrive(client: Client, node: Registration) -> None:
    while True:
        try:
            await remove_all_entries(client, node.name)
            await register(client, node)
        except Unreachable as error:
            print(f"node {node.name}: {error}", flush=True)
            await asyncio.sleep(1)
        else:
            print(f"node {node.name} is registered", flush=True)
            return


def main() -> None:
    """Run the node, and beside it the guard that ends what it started should it be killed."""
    arguments = read_arguments()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    mark = f"{os.getpid()}-{secrets.token_hex(8)}"
    with subprocess.Popen(
        # As a file, without the rest of this package: it waits all the time and should take little memory.
        [sys.executable, "-I", guard.__file__, mark],
        stdin=subprocess.PIPE,
        start_new_session=True,
    ):
        asyncio.run(serve(arguments, mark))


if __name__ == "__main__":
    main()
