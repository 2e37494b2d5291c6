from __future__ import annotations

import asyncio

from scripts.bench.sync.delay import carry

SECONDS = 0.05


class Sink(asyncio.Transport):
    """Where bytes arrive, and when."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived: list[tuple[float, bytes]] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.arrived.append((asyncio.get_running_loop().time(), bytes(data)))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


def test_all_that_is_sent_arrives_later_in_its_order_and_then_the_end() -> None:
    async def run() -> tuple[Sink, float]:
        loop = asyncio.get_running_loop()
        reader, sink = asyncio.StreamReader(), Sink()
        protocol = asyncio.streams.FlowControlMixin(loop)
        writer = asyncio.StreamWriter(sink, protocol, None, loop)
        begin = loop.time()
        carrying = asyncio.create_task(carry(reader, writer, SECONDS))
        for data in (b"one", b"two"):
            reader.feed_data(data)
            await asyncio.sleep(0)
        reader.feed_eof()
        await carrying
        return sink, begin

    sink, begin = asyncio.run(run())
    assert b"".join(data for _, data in sink.arrived) == b"onetwo"
    assert all(when - begin >= SECONDS for when, _ in sink.arrived)
    assert sink.closed
