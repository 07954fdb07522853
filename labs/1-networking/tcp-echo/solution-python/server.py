"""TCP echo server (RFC 862) on asyncio. Start it with `PORT=0 python3 server.py`; brief.md has the whole contract."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import re
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

DAY_MS = 24 * 60 * 60 * 1000
BACKLOG = 1024
"""Connections that the kernel may hold for us until we accept them; asyncio's own default is 100."""


def log(level: str, event: str, **fields: object) -> None:
    """Writes one JSON object a line to standard error.

    Simplified: it waits for a slow reader of the pipe. In production: a bounded queue that counts what it had to drop.
    """
    record = {"time": datetime.now(UTC).isoformat(), "level": level, "event": event, **fields}
    try:
        print(json.dumps(record), file=sys.stderr, flush=True)
    except OSError:
        pass  # Whoever read our log has gone. That is no reason to stop serving.


class BadSetting(ValueError):
    """A variable of the environment that is not valid: its name, what was expected and what came."""


@dataclass(frozen=True)
class Settings:
    """What the operator may choose. Times are in milliseconds."""

    host: str
    port: int
    max_connections: int
    idle_timeout_ms: int
    shutdown_timeout_ms: int

    # #region whole-number
    @staticmethod
    def whole_number(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
        text = env.get(name, "")
        if text == "":
            return default
        # int() takes " 80 ", "1_000", "-1" and digits of other scripts: only these ten are digits here.
        value = int(text) if re.fullmatch(r"[0-9]{1,18}", text) else -1
        if not low <= value <= high:
            raise BadSetting(f'{name} must be a whole number from {low} to {high}; it is "{text}"')
        return value

    # #endregion whole-number

    @classmethod
    def read(cls, env: Mapping[str, str]) -> Settings:
        return cls(
            host=env.get("HOST") or "127.0.0.1",
            port=cls.whole_number(env, "PORT", 7007, 0, 65_535),
            max_connections=cls.whole_number(env, "MAX_CONNECTIONS", 4_096, 1, 1_000_000),
            idle_timeout_ms=cls.whole_number(env, "IDLE_TIMEOUT_MS", 60_000, 1, DAY_MS),
            shutdown_timeout_ms=cls.whole_number(env, "SHUTDOWN_TIMEOUT_MS", 5_000, 1, DAY_MS),
        )


class Room:
    """The open connections: bounds their number, and says when the last one has gone."""

    def __init__(self, max_connections: int) -> None:
        self._max_connections = max_connections
        self._open: set[EchoConnection] = set()
        self._refusing = False
        self.empty = asyncio.Event()
        self.empty.set()

    # #region max-connections
    def enter(self, connection: EchoConnection) -> bool:
        """Returns False if there is no place; the connection is to be closed then."""
        if len(self._open) >= self._max_connections:
            if not self._refusing:  # One line when it begins: a flood must not fill the log as well.
                log("warn", "connections-refused", open=len(self._open))
            self._refusing = True
            return False
        self._refusing = False
        self._open.add(connection)
        self.empty.clear()
        return True

    def leave(self, connection: EchoConnection) -> None:
        self._open.discard(connection)
        if not self._open:
            self.empty.set()

    # #endregion max-connections

    def cut_off(self) -> None:
        for connection in list(self._open):
            connection.give_up("cut off by the stop")


class EchoConnection(asyncio.Protocol):
    """One connection: sends back what comes. asyncio calls its methods, one at a time, in one thread."""

    def __init__(self, room: Room, idle_timeout_ms: int) -> None:
        self._room = room
        self._idle_seconds = idle_timeout_ms / 1000
        self._loop = asyncio.get_running_loop()
        self._served = False
        self._reason: str | None = None
        self._bytes = 0
        self._waiting = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._since = self._moved_at = self._loop.time()
        if not self._room.enter(self):
            transport.abort()
            return
        self._served = True
        self._peer = transport.get_extra_info("peername")
        self._timer = self._loop.call_later(self._idle_seconds, self._look_at_the_clock)

    # #region backpressure
    def data_received(self, data: bytes) -> None:
        self._moved_at = self._loop.time()
        self._bytes += len(data)
        self._transport.write(data)

    def pause_writing(self) -> None:
        # More than 64 KiB wait to be written. We stop reading: the window closes, and the peer has to wait.
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._moved_at = self._loop.time()
        if not self._transport.is_closing():
            self._transport.resume_reading()

    # #endregion backpressure

    # #region half-close
    def eof_received(self) -> bool:
        # The peer's FIN closes one direction only (RFC 9293 §3.6.1). All that we owe has been given to the transport;
        # False makes it close(), which writes what still waits and sends our FIN after it. (True would keep our side
        # open until we end it, for a server that still has something of its own to say.)
        return False

    # #endregion half-close

    # #region reset
    def connection_lost(self, exc: Exception | None) -> None:
        # The one method that is called after every kind of end; exc says that it was an error, such as a reset.
        if not self._served:
            return
        self._timer.cancel()
        self._room.leave(self)
        reason = self._reason or (type(exc).__name__ if exc else "ended")
        duration_ms = round((self._loop.time() - self._since) * 1000)
        log("info", "connection-closed", peer=self._peer, reason=reason, bytes=self._bytes, durationMs=duration_ms)

    # #endregion reset

    # #region idle-timeout
    def _look_at_the_clock(self) -> None:
        # A lazy timer: data only notes the time. When the timer fires we see how much of the time is left. asyncio does
        # not tell of each write that the kernel takes, so a buffer that has become smaller counts as movement too.
        waiting = self._transport.get_write_buffer_size()
        if waiting != self._waiting:
            self._waiting = waiting
            self._moved_at = self._loop.time()
        left = self._moved_at + self._idle_seconds - self._loop.time()
        if left <= 0:
            self.give_up("idle")
        else:
            self._timer = self._loop.call_later(left, self._look_at_the_clock)

    # #endregion idle-timeout

    def give_up(self, reason: str) -> None:
        # abort() and not close(): a peer that does not read would keep us waiting for the last write for ever.
        self._reason = reason
        self._transport.abort()


async def serve(settings: Settings) -> int:
    """Serves until SIGTERM or SIGINT. Returns the exit code."""
    loop = asyncio.get_running_loop()
    room = Room(settings.max_connections)
    try:
        server = await loop.create_server(
            lambda: EchoConnection(room, settings.idle_timeout_ms), settings.host, settings.port, backlog=BACKLOG
        )
    except OSError as error:
        where = f"{settings.host} port {settings.port}"
        in_use = error.errno == errno.EADDRINUSE
        log("error", "cannot-listen", message=f"{where} is in use" if in_use else f"cannot listen on {where}: {error}")
        return 1
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    port = server.sockets[0].getsockname()[1]
    print(f"READY {port}", flush=True)
    log("info", "listening", host=settings.host, port=port)
    await stop.wait()

    # #region graceful-stop
    log("info", "stopping", withinMs=settings.shutdown_timeout_ms)
    server.close()  # closes the listening socket; open connections are served on
    try:
        async with asyncio.timeout(settings.shutdown_timeout_ms / 1000):
            await room.empty.wait()
    except TimeoutError:
        room.cut_off()
        await room.empty.wait()
    # #endregion graceful-stop
    log("info", "stopped")
    return 0


def main() -> int:
    try:
        settings = Settings.read(os.environ)
    except BadSetting as error:
        log("error", "bad-setting", message=str(error))
        return 2
    return asyncio.run(serve(settings))


if __name__ == "__main__":
    sys.exit(main())
