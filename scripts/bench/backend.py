"""The smallest HTTP server that keeps connections: `python -m scripts.bench.backend ADDRESS PORT`.

It answers every request with the same prediction at once, so that what is measured is the way to it.
"""

from __future__ import annotations

import asyncio
import re
import sys

_BODY = (
    b'{"model_name":"wines","model_version":"1","id":"0","parameters":{"content_type":"np"},'
    b'"outputs":[{"name":"output-1","shape":[1,1],"datatype":"FP64","data":[5.6]}]}'
)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(_BODY),
    _BODY,
)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Conversation(asyncio.Protocol):
    """One connection; requests one after the other, each with its length or without a body."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(f"{transport!r} cannot be written to")
        self._transport = transport
        self._pending = b""

    def data_received(self, data: bytes) -> None:
        self._pending += data
        while (end := self._pending.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._pending[:end])
            whole = end + 4 + (int(length.group(1)) if length else 0)
            if len(self._pending) < whole:
                return
            self._pending = self._pending[whole:]
            self._transport.write(ANSWER)


async def serve(address: str, port: int) -> None:
    """Serve until the process is told to end."""
    server = await asyncio.get_running_loop().create_server(Conversation, address, port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
