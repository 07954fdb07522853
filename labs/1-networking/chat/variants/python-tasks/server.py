"""The same server in Python: one task for each client, asyncio streams, the standard library alone."""

import asyncio
import json
import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

MAX_LINE_BYTES = 1_024
READ_BYTES = 65_536
HOUR_MS = 3_600_000

CONTROL_CHARACTER = re.compile("[\x00-\x1f\x7f-\x9f]")
# \Z and not $, which also matches before a line feed at the end.
NAME = re.compile(r"[A-Za-z0-9_-]{1,16}\Z")
ROOM_NAME = re.compile(r"[a-z][a-z0-9-]{0,23}\Z")
BARE_COMMANDS = {"LEAVE", "WHO", "LIST", "PING", "PONG", "QUIT"}


class Refused(Exception):
    """A line that is answered with an error. Its only argument is the error's code."""


@dataclass(frozen=True)
class Settings:
    """The configuration, with times in seconds."""

    host: str
    port: int
    max_clients: int
    max_rooms: int
    max_pending_bytes: int
    handshake_timeout: float
    heartbeat_interval: float
    heartbeat_timeout: float
    rate: int
    burst: int
    drain_timeout: float

    @classmethod
    def read(cls) -> "Settings":
        return cls(
            host=os.environ.get("HOST") or "127.0.0.1",
            port=_number("PORT", 7_070, 0, 65_535),
            max_clients=_number("MAX_CLIENTS", 1_000, 1, 10_000),
            max_rooms=_number("MAX_ROOMS", 100, 1, 10_000),
            max_pending_bytes=_number("MAX_PENDING_BYTES", 1_048_576, 4_096, 1_073_741_824),
            handshake_timeout=_number("HANDSHAKE_TIMEOUT_MS", 10_000, 10, HOUR_MS) / 1_000,
            heartbeat_interval=_number("HEARTBEAT_INTERVAL_MS", 15_000, 10, HOUR_MS) / 1_000,
            heartbeat_timeout=_number("HEARTBEAT_TIMEOUT_MS", 10_000, 10, HOUR_MS) / 1_000,
            rate=_number("RATE_LIMIT_PER_SECOND", 20, 1, 1_000_000),
            burst=_number("RATE_LIMIT_BURST", 40, 1, 1_000_000),
            drain_timeout=_number("DRAIN_TIMEOUT_MS", 2_000, 10, 60_000) / 1_000,
        )


def _number(name: str, fallback: int, low: int, high: int) -> int:
    text = os.environ.get(name) or str(fallback)
    # [0-9] and not \d or isdigit(), which know the digits of other scripts.
    if re.fullmatch("[0-9]{1,12}", text) and low <= int(text) <= high:
        return int(text)
    sys.exit(f"{name} must be a whole number from {low} to {high}; it is {text!r}")


class LineSplitter:
    """Cuts bytes into lines, and holds one line at most."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> Iterator[bytes | None]:
        """Yields each whole line without its end, and None for one that is too long."""
        *ended, rest = data.split(b"\n")
        for piece in ended:
            refused = self._hold(piece)
            if refused:
                yield None
            if not self._skipping:
                yield bytes(self._held).removesuffix(b"\r")
            self._held.clear()
            self._skipping = False
        if self._hold(rest):
            yield None

    def _hold(self, piece: bytes) -> bool:
        if self._skipping:
            return False
        total = len(self._held) + len(piece)
        if total <= MAX_LINE_BYTES + 1:
            self._held += piece
            if total <= MAX_LINE_BYTES or self._held.endswith(b"\r"):
                return False
        self._held.clear()
        self._skipping = True
        return True


class Client:
    """One connection: its place in the tavern, its allowance, its time-outs and what waits for it."""

    def __init__(self, tavern: "Tavern", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tavern = tavern
        self.settings = tavern.settings
        self.reader = reader
        self.writer = writer
        self.name: str | None = None
        self.room: str | None = None
        self.gone = False
        self._loop = asyncio.get_running_loop()
        self._batch: list[bytes] = []
        self._batch_bytes = 0
        self._tokens = float(self.settings.burst)
        self._filled_at = time.monotonic()
        self._refusing = False
        self._timer = self._loop.call_later(self.settings.handshake_timeout, self.bye, "HANDSHAKE_TIMEOUT")

    async def run(self) -> None:
        """Lives as long as the connection does."""
        lines = LineSplitter()
        try:
            while data := await self.reader.read(READ_BYTES):
                self._heard()
                for line in lines.feed(data):
                    if not self.gone:
                        self._receive(line)
        except OSError:
            # Reset, or timed out in the kernel: an ending like any other.
            pass
        finally:
            self.depart()
            await self._drain()

    # Out

    def tell(self, line: str) -> None:
        """Never waits. Lines of one turn of the loop travel in one write."""
        if self.gone:
            return
        if not self._batch:
            self._loop.call_soon(self._flush)
        data = line.encode() + b"\n"
        self._batch.append(data)
        self._batch_bytes += len(data)
        if self._batch_bytes >= READ_BYTES:
            self._flush()
        if self._batch_bytes + self.writer.transport.get_write_buffer_size() > self.settings.max_pending_bytes:
            self.tavern.log("warn", "slow-reader-cut-off", name=self.name)
            self._batch.clear()
            self.writer.transport.abort()
            self.depart()

    def bye(self, code: str) -> None:
        self.tell(f"BYE {code} farewell")
        self.depart()
        self._flush()
        if not self.writer.transport.is_closing():
            self.writer.write_eof()
        self._loop.call_later(self.settings.drain_timeout, self.writer.transport.abort)

    def _flush(self) -> None:
        batch, self._batch, self._batch_bytes = self._batch, [], 0
        if batch and not self.writer.transport.is_closing():
            self.writer.write(b"".join(batch))

    async def _drain(self) -> None:
        """What is owed, then the end; at the latest when the time is up."""
        self._flush()
        try:
            async with asyncio.timeout(self.settings.drain_timeout):
                self.writer.close()
                await self.writer.wait_closed()
        except OSError:
            pass
        except TimeoutError:
            self.writer.transport.abort()

    # Time

    def _heard(self) -> None:
        if self.name is None or self.gone:
            return
        self._timer.cancel()
        self._timer = self._loop.call_later(self.settings.heartbeat_interval, self._ask)

    def _ask(self) -> None:
        self.tell("PING")
        self._timer = self._loop.call_later(self.settings.heartbeat_timeout, self.bye, "HEARTBEAT_TIMEOUT")

    # In

    def depart(self) -> None:
        """Gives everything back, once, however it came about."""
        if self.gone:
            return
        self.gone = True
        self._timer.cancel()
        self.tavern.forget(self)

    def _receive(self, line: bytes | None) -> None:
        now = time.monotonic()
        self._tokens = min(self.settings.burst, self._tokens + (now - self._filled_at) * self.settings.rate)
        self._filled_at = now
        if self._tokens < 1:
            if not self._refusing:
                self.tell("ERROR RATE_LIMITED slow down")
            self._refusing = True
            return
        self._tokens -= 1
        self._refusing = False
        try:
            if text := _text(line):
                self._obey(text)
        except Refused as refused:
            self.tell(f"ERROR {refused} this line was refused")

    def _obey(self, line: str) -> None:
        command, _, argument = line.partition(" ")
        if command == "HELLO":
            self._hello(argument)
        elif command == "JOIN":
            _require(ROOM_NAME.match(argument), "INVALID_ROOM")
            _require(self.name, "HELLO_FIRST")
            self.tavern.join(self, argument)
        elif command == "SAY":
            _require(argument, "EMPTY_MESSAGE")
            self._require_room()
            self.tavern.broadcast(self.room, f"MSG {self.name} {argument}", self)
        elif line not in BARE_COMMANDS:
            raise Refused("UNKNOWN_COMMAND")
        elif line == "PING":
            self.tell("PONG")
        elif line == "QUIT":
            self.bye("QUIT")
        elif line == "LIST":
            _require(self.name, "HELLO_FIRST")
            rooms = self.tavern.rooms
            self.tell(" ".join(["ROOMS", *(f"{room}={len(rooms[room])}" for room in sorted(rooms))]))
        elif line == "WHO":
            self._require_room()
            self.tell(self.tavern.here(self.room))
        elif line == "LEAVE":
            self._require_room()
            self.tavern.leave(self)
            self.tell(f"LEFT {self.name}")

    def _hello(self, name: str) -> None:
        _require(NAME.match(name), "INVALID_NAME")
        _require(self.name is None, "ALREADY_WELCOMED")
        _require(name.lower() not in self.tavern.names, "NAME_TAKEN")
        self.tavern.names.add(name.lower())
        self.name = name
        self.tell(f"WELCOME {name}")
        self._heard()

    def _require_room(self) -> None:
        _require(self.name, "HELLO_FIRST")
        _require(self.room, "NO_ROOM")


def _require(condition: object, code: str) -> None:
    if not condition:
        raise Refused(code)


def _text(line: bytes | None) -> str:
    if line is None:
        raise Refused("LINE_TOO_LONG")
    try:
        # Strict: overlong forms and surrogates are errors, and a byte order mark is text ("utf-8-sig" would drop it).
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("INVALID_UTF8") from None
    _require(not CONTROL_CHARACTER.search(text), "CONTROL_CHARACTER")
    return text


class Tavern:
    """Who is here, under which name, in which room."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clients: dict[Client, None] = {}
        self.names: set[str] = set()
        # The members of a room are a dict for its order: that in which they came.
        self.rooms: dict[str, dict[Client, None]] = {}
        self.stopping = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        client = Client(self, reader, writer)
        if self.stopping or len(self.clients) >= self.settings.max_clients:
            client.bye("SHUTDOWN" if self.stopping else "SERVER_FULL")
        else:
            self.clients[client] = None
        await client.run()

    def here(self, room: str | None) -> str:
        return " ".join(["HERE", str(room), *(str(member.name) for member in self.rooms[str(room)])])

    def broadcast(self, room: str | None, line: str, sender: Client) -> None:
        for member in list(self.rooms.get(str(room), ())):
            if member is not sender:
                member.tell(line)

    def join(self, client: Client, room: str) -> None:
        _require(client.room != room, "ALREADY_THERE")
        _require(room in self.rooms or len(self.rooms) < self.settings.max_rooms, "TOO_MANY_ROOMS")
        self.leave(client)
        self.rooms.setdefault(room, {})[client] = None
        client.room = room
        client.tell(self.here(room))
        self.broadcast(room, f"JOINED {client.name}", client)

    def leave(self, client: Client) -> None:
        room, client.room = client.room, None
        if room is None:
            return
        del self.rooms[room][client]
        if not self.rooms[room]:
            del self.rooms[room]
        if not self.stopping:
            self.broadcast(room, f"LEFT {client.name}", client)

    def forget(self, client: Client) -> None:
        self.leave(client)
        if client.name is not None:
            self.names.discard(client.name.lower())
        self.clients.pop(client, None)

    async def stop(self) -> None:
        self.stopping = True
        for client in list(self.clients):
            client.bye("SHUTDOWN")
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self.settings.drain_timeout)

    def log(self, level: str, event: str, **fields: object) -> None:
        print(json.dumps({"time": time.time(), "level": level, "event": event, **fields}), file=sys.stderr)


async def main() -> None:
    settings = Settings.read()
    tavern = Tavern(settings)
    try:
        server = await asyncio.start_server(tavern.serve, settings.host, settings.port, backlog=1_024)
    except OSError as error:
        sys.exit(f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error}")
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    print(f"READY {server.sockets[0].getsockname()[1]}", flush=True)
    await stop.wait()
    server.close()
    await tavern.stop()
    # Whoever is left has had its time: the process goes, and the kernel resets what is still open.
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
