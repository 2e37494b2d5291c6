"""Addresses of the loopback network for Pods: each Pod has one, as in a real cluster."""

from __future__ import annotations

import secrets
import socket

# Held with UDP, which no Pod here uses, on the port where a kubelet would be.
_RESERVED_PORT = 10250
_ATTEMPTS = 100


class NoAddress(Exception):
    """No address of loopback could be taken; where 127.0.0.0/8 is not all loopback (macOS), none can."""


class Addresses:
    """The addresses that this node gives away, held against the other nodes of this machine."""

    def __init__(self) -> None:
        self._held: dict[str, socket.socket] = {}

    def take(self) -> str:
        """A free address of 127.0.0.0/8, never one of 127.0.0.0/12, where machines have their own.

        Raises NoAddress.
        """
        for _ in range(_ATTEMPTS):
            address = (
                f"127.{16 + secrets.randbelow(239)}.{secrets.randbelow(256)}.{1 + secrets.randbelow(254)}"
            )
            holder = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                holder.bind((address, _RESERVED_PORT))
            except OSError:
                holder.close()
                continue
            self._held[address] = holder
            return address
        raise NoAddress(f"none of {_ATTEMPTS} addresses of 127.0.0.0/8 can be bound on this machine")

    def release(self, address: str) -> None:
        """Give an address back. Does nothing for one that is not held."""
        holder = self._held.pop(address, None)
        if holder is not None:
            holder.close()
