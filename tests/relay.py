"""Wires between the product and its engines that can be cut, slowed or made to lie, as networks and full servers do."""

import asyncio
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import Enum, auto

# What is reached over which wire, by the setting that holds its address.
WIRES: Mapping[str, tuple[str, ...]] = {
    "broker": ("BROKER_URL",),
    "cache": ("CACHE_URL",),
    "storage": ("STORAGE_URL", "QUARANTINE_URL"),
    "authority": ("TSA_URL",),
}
SLOW_SECONDS = 0.4
_CHUNK = 2**16
_FAILURE = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Manner(Enum):
    """How a wire behaves."""

    PASSES = auto()
    REFUSES = auto()
    """Nobody listens."""
    SWALLOWS = auto()
    """Connections open, bytes go in, and nothing comes back; the black hole of a firewall."""
    SLOW = auto()
    """Every piece takes its time."""
    FAILS = auto()
    """Each request over HTTP is answered 500."""


class Relay:
    """One wire to a port of this machine, at a port of its own. It runs in a thread until `close`."""

    def __init__(self, port: int) -> None:
        self._far, self._manner = port, Manner.PASSES
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        self.port = int(self._server.sockets[0].getsockname()[1])

    def behave(self, manner: Manner) -> None:
        """From now on. What is connected is cut, unless bytes can go on over it."""
        asyncio.run_coroutine_threadsafe(self._become(manner), self._loop).result()

    def close(self) -> None:
        """End it."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        served = asyncio.all_tasks() - {asyncio.current_task()}
        for task in served:
            task.cancel()
        await asyncio.gather(*served, return_exceptions=True)

    async def _open(self) -> asyncio.Server:
        self._flows = asyncio.Event()
        self._flows.set()
        return await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def _become(self, manner: Manner) -> None:
        self._manner = manner
        if manner in {Manner.REFUSES, Manner.FAILS}:
            for writer in self._writers:
                writer.transport.abort()
        if manner is Manner.SWALLOWS:
            self._flows.clear()
        else:
            self._flows.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._flows.wait()
            if self._manner is Manner.FAILS:
                await _fail(reader, writer)
            elif self._manner is not Manner.REFUSES:
                await self._join(reader, writer)
        except (OSError, EOFError):
            pass
        finally:
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._far)
        ends = {writer, far_writer}
        self._writers |= ends
        try:
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        finally:
            self._writers -= ends
            far_writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            await self._flows.wait()
            if self._manner is Manner.SLOW:
                await asyncio.sleep(SLOW_SECONDS)
            writer.write(data)
            await writer.drain()
        writer.write_eof()


class Wires:
    """A relay before every engine that is reached over TCP; `environment` is what the product is told instead."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment: dict[str, str] = {}
        self._relays: dict[str, Relay] = {}
        for name, settings in WIRES.items():
            addresses = {setting: environment[setting] for setting in settings}
            far = re.search(r"127\.0\.0\.1:(\d+)", addresses[settings[0]])
            assert far is not None
            relay = self._relays[name] = Relay(int(far[1]))
            near = f"127.0.0.1:{relay.port}"
            self.environment |= {setting: url.replace(far[0], near) for setting, url in addresses.items()}

    @contextmanager
    def behaving(self, name: str, manner: Manner) -> Iterator[None]:
        """One wire, until the block ends."""
        self._relays[name].behave(manner)
        try:
            yield
        finally:
            self._relays[name].behave(Manner.PASSES)

    def close(self) -> None:
        """End them all."""
        for relay in self._relays.values():
            relay.close()


async def _fail(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(_FAILURE)
    await writer.drain()
    writer.write_eof()
    # Whoever still sends a body would meet a reset connection before it had read the answer.
    with suppress(TimeoutError):
        async with asyncio.timeout(1):
            while await reader.read(_CHUNK):
                pass
