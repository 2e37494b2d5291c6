"""Ports of the loopback interface."""

from __future__ import annotations

import atexit
import random
import socket
from contextlib import ExitStack
from pathlib import Path

LOOPBACK = "127.0.0.1"

_LOWEST = 15_000
# Where the kernel says nothing: the lowest port that Linux gives to outgoing connections.
_OUTGOING = 32_768
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")

# Names in the kernel, held until this process ends: a server that is stopped finds its port free when it is
# started again, though other processes of ours were looking for ports meanwhile.
_CLAIMS = ExitStack()
atexit.register(_CLAIMS.close)


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of loopback."""
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) != 0


def free_ports(count: int) -> tuple[int, ...]:
    """Ports of loopback that were free a moment ago, all different, and given to no other process of ours.

    They lie below those that the kernel gives to outgoing connections: else anybody's connection could sit
    on the port of a server that is stopped and started again. Raises OSError when there are not so many.
    """
    choices = list(range(_LOWEST, max(_find_outgoing(), _LOWEST + 10_000)))
    random.SystemRandom().shuffle(choices)
    found: list[int] = []
    with ExitStack() as held:
        while len(found) < count:
            if not choices:
                raise OSError(f"there are no {count} free ports on {LOOPBACK}")
            probe = held.enter_context(socket.socket())
            port = choices.pop()
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            if _claim(port):
                found.append(port)
    return tuple(found)


def _claim(port: int) -> bool:
    """Whether the port is this process's now, and not that of another one which uses this module."""
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0modelsync/port/{port}")
    except OSError:
        claim.close()
        return False
    _CLAIMS.enter_context(claim)
    return True


def _find_outgoing() -> int:
    try:
        return int(_RANGE.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return _OUTGOING
