"""Ports that are given to one process are given to no other while it lives."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

from scripts.local_cluster.ports import free_ports

_HOLDER = "from scripts.local_cluster.ports import free_ports; print(*free_ports(3), flush=True); input()"


def _is_claimed(port: int) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.bind(f"\0modelsync/port/{port}")
        except OSError:
            return True
        return False


def test_ports_are_different_and_nobody_listens_there() -> None:
    ports = free_ports(20)

    assert len(set(ports)) == 20
    for port in ports:
        with socket.create_server(("127.0.0.1", port)):
            pass


def test_a_port_belongs_to_its_process_until_that_ends() -> None:
    folder = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        ports = [int(port) for port in holder.stdout.readline().split()]
        assert [_is_claimed(port) for port in ports] == [True, True, True]
        holder.communicate("\n", timeout=60)

    assert [_is_claimed(port) for port in ports] == [False, False, False]
