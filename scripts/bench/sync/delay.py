"""A distance between client and server: `python -m scripts.bench.sync.delay PORT HOST FAR MILLISECONDS`.

Listens on loopback and passes on whatever arrives, each way half of the milliseconds later, so that every
round trip takes that much longer. What is sent in one go arrives in one go: bandwidth stays what it is.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

_CHUNK = 65_536


async def delay(port: int, host: str, far: int, milliseconds: float) -> None:
    """Serve until the process is told to end."""

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(host, far)
        except OSError:
            writer.close()
            return
        half = milliseconds / 2000
        await asyncio.gather(carry(reader, far_writer, half), carry(far_reader, writer, half))

    server = await asyncio.start_server(connect, "127.0.0.1", port)
    await server.serve_forever()


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    """Pass on all that comes, in its order and `seconds` later, then close."""
    loop = asyncio.get_running_loop()
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def read() -> None:
        data = b"?"
        while data:
            try:
                data = await reader.read(_CHUNK)
            except OSError:
                data = b""
            under_way.put_nowait((loop.time() + seconds, data))

    reading = asyncio.create_task(read())
    with suppress(OSError):
        while True:
            due, data = await under_way.get()
            if (left := due - loop.time()) > 0:
                await asyncio.sleep(left)
            if not data:
                break
            writer.write(data)
            await writer.drain()
    reading.cancel()
    writer.close()


if __name__ == "__main__":
    asyncio.run(delay(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
