"""How a request can end without the last node's answer."""

from __future__ import annotations


class SettingsInvalid(Exception):
    """The arguments or the environment are not what the operator renders; the text says which and why."""


class GraphError(Exception):
    """A request that ends with status 500; the text becomes `status.info` of the answer."""


class ModelRefused(Exception):
    """A node answered with anything but 200: its status and body are passed on."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"a node answered {status}")
        self.status = status
        self.body = body


class Crash(Exception):
    """What makes the real executor panic: the connection is closed without an answer.

    `fatal` when it happens outside of the request's own goroutine, which takes the whole process with it.
    """

    def __init__(self, reason: str, *, fatal: bool = False) -> None:
        super().__init__(reason)
        self.fatal = fatal
