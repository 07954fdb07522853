"""UDP echo: ROLE=server sends every datagram back, ROLE=client measures what a path does to datagrams.

brief.md has the contract. Python 3.11, standard library only.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import math
import os
import re
import signal
import socket
import struct
import sys
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone

Address = tuple[str, int]

MAX_PAYLOAD_BYTES = 65_507  # RFC 768 on RFC 791: 65,535 less 20 of IP header and 8 of UDP header
RECEIVE_BUFFER_BYTES = 1024 * 1024  # the kernel may give less


# --- Settings ---------------------------------------------------------------------------------------------------------


class SettingsError(Exception):
    """A variable has a value that the program cannot run with. The message is for the person who set it."""

    def __init__(self, name: str, expected: str, value: str | None) -> None:
        came = "not set" if value is None else json.dumps(value)
        super().__init__(f"{name} must be {expected}; it is {came}")


# #region read-number
def read_number(
    env: Mapping[str, str],
    name: str,
    low: float,
    high: float,
    fallback: float | None = None,
    *,
    fractions: bool = False,
) -> float:
    """Digits only: float() alone takes '1_0', ' 7 ', 'inf' and 'nan' for numbers."""
    text = env.get(name) or None
    if text is None and fallback is not None:
        return fallback
    pattern = r"[0-9]+(\.[0-9]+)?" if fractions else r"[0-9]+"
    # The length first: int() refuses to read thousands of digits.
    if text is None or len(text) > 32 or not re.fullmatch(pattern, text) or not low <= float(text) <= high:
        kind = "a number" if fractions else "a whole number"
        raise SettingsError(name, f"{kind} from {low} to {high}", text)
    return float(text) if fractions else int(text)


# #endregion read-number


def read_address(env: Mapping[str, str], name: str) -> str:
    text = env.get(name) or "127.0.0.1"
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise SettingsError(name, "an IPv4 address such as 127.0.0.1", text) from None


@dataclass(frozen=True)
class ServerSettings:
    host: str
    port: int
    tokens_per_second: float
    burst: int
    max_sources: int
    log_interval_s: float

    @classmethod
    def read(cls, env: Mapping[str, str]) -> ServerSettings:
        return cls(
            host=read_address(env, "HOST"),
            port=int(read_number(env, "PORT", 0, 65_535, 7_007)),
            tokens_per_second=read_number(env, "RATE_LIMIT_PER_SECOND", 0.001, 1_000_000, 1_000, fractions=True),
            burst=int(read_number(env, "RATE_LIMIT_BURST", 1, 1_000_000, 1_000)),
            max_sources=int(read_number(env, "MAX_SOURCES", 1, 1_000_000, 10_000)),
            log_interval_s=read_number(env, "LOG_INTERVAL_MS", 10, 60_000, 1_000) / 1000,
        )


@dataclass(frozen=True)
class ClientSettings:
    target: Address
    count: int
    interval_s: float
    wait_s: float

    @classmethod
    def read(cls, env: Mapping[str, str]) -> ClientSettings:
        return cls(
            target=(read_address(env, "TARGET_HOST"), int(read_number(env, "TARGET_PORT", 1, 65_535))),
            count=int(read_number(env, "COUNT", 1, 100_000, 100)),
            interval_s=read_number(env, "INTERVAL_MS", 1, 60_000, 10) / 1000,
            wait_s=read_number(env, "WAIT_MS", 1, 60_000, 1_000) / 1000,
        )


# --- Logs -------------------------------------------------------------------------------------------------------------


def log(level: str, event: str, **fields: object) -> None:
    """Writes one JSON object as one line on standard error."""
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    print(json.dumps({"time": now, "level": level, "event": event, **fields}), file=sys.stderr, flush=True)


# #region drop-log
class DropLog:
    """Tells about dropped datagrams in sums, at most one line an interval, however many a flood drops."""

    def __init__(self) -> None:
        self._untold = 0

    def add(self) -> None:
        self._untold += 1

    async def run(self, interval_s: float) -> None:
        """Tells until cancelled, and then tells the rest."""
        try:
            while True:
                await asyncio.sleep(interval_s)
                self._tell()
        finally:
            self._tell()

    def _tell(self) -> None:
        if self._untold:
            log("warn", "rate-limited", dropped=self._untold)
            self._untold = 0


# #endregion drop-log


# --- Rate limit -------------------------------------------------------------------------------------------------------


# #region bucket
@dataclass(slots=True)
class TokenBucket:
    """Tokens that come back with time. `now` is in seconds and never goes back."""

    tokens: float
    filled_at: float

    def take(self, now: float, per_second: float, burst: int) -> bool:
        # Fractions are kept: rounded down on every call, a source that asks often would never get a token back.
        self.tokens = min(burst, self.tokens + (now - self.filled_at) * per_second)
        self.filled_at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


# #endregion bucket


# #region limiter
class SourceLimiter:
    """A token bucket for each source, and a bound on how many sources are remembered."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self._buckets: OrderedDict[Address, TokenBucket] = OrderedDict()

    def admit(self, source: Address, now: float) -> bool:
        """Whether a datagram from `source` may be answered now."""
        settings = self._settings
        bucket = self._buckets.get(source)
        if bucket is None:
            if len(self._buckets) >= settings.max_sources:
                self._buckets.popitem(last=False)  # the source that has been silent the longest
            bucket = self._buckets[source] = TokenBucket(settings.burst, now)
        else:
            self._buckets.move_to_end(source)
        return bucket.take(now, settings.tokens_per_second, settings.burst)


# #endregion limiter


# --- Server -----------------------------------------------------------------------------------------------------------


def open_socket() -> socket.socket:
    # No SO_REUSEADDR: on UDP it lets another program bind the same port and take the datagrams.
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    # macOS allows 9,216 bytes a datagram unless asked for more.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * MAX_PAYLOAD_BYTES)
    return sock


class EchoProtocol(asyncio.DatagramProtocol):
    """Sends every datagram back to its source, within the limits of its settings."""

    def __init__(self, sock: socket.socket, settings: ServerSettings) -> None:
        self._sock = sock
        self._limiter = SourceLimiter(settings)
        self.drops = DropLog()
        self.counts = {"received": 0, "echoed": 0, "dropped": 0, "failed": 0, "errors": 0}

    # #region echo
    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.counts["received"] += 1
        if not self._limiter.admit(addr, time.monotonic()):
            # No answer: an error message would go to whoever the sender claims to be, and would keep a loop going.
            self.counts["dropped"] += 1
            self.drops.add()
        elif addr[1] == 0:  # RFC 768: a source port of 0 asks for no reply
            self.counts["failed"] += 1
        else:
            self._send(data, addr)

    def _send(self, data: bytes, addr: Address) -> None:
        # On the socket itself: before Python 3.13 the transport's sendto() leaves out empty datagrams
        # (python/cpython#113812), and it queues without bound what the kernel cannot take.
        try:
            self._sock.sendto(data, addr)
            self.counts["echoed"] += 1
        except OSError:  # no room in the kernel (BlockingIOError), or news of an earlier reply: drop it, as a router would
            self.counts["failed"] += 1

    # #endregion echo

    # #region error-received
    def error_received(self, exc: OSError) -> None:
        """An error here is news about one datagram, such as an ICMP "port unreachable" (RFC 1122 §4.1.3.3)."""
        self.counts["errors"] += 1
        if self.counts["errors"] == 1:  # a line for each would be a line for each datagram of a stranger
            log("warn", "socket-error", message=str(exc))

    # #endregion error-received


async def serve(settings: ServerSettings, stopping: asyncio.Event) -> None:
    sock = open_socket()
    sock.bind((settings.host, settings.port))
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: EchoProtocol(sock, settings), sock=sock
    )
    telling = asyncio.create_task(protocol.drops.run(settings.log_interval_s))
    print(f"READY {sock.getsockname()[1]}", flush=True)

    # #region stop
    await stopping.wait()
    transport.abort()  # at once: what the kernel still holds for the socket is lost
    telling.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await telling
    log("info", "stopped", **protocol.counts)
    # #endregion stop


# --- Client -----------------------------------------------------------------------------------------------------------

PROBE = struct.Struct("!II")  # run, sequence number


class PathRecord:
    """What a path did to numbered datagrams: two numbers for each one sent, and no more, whatever comes back."""

    def __init__(self) -> None:
        self._sent_at: list[float] = []
        self._rtt: dict[int, float] = {}
        self._duplicated = 0
        self._reordered = 0
        self._next_expected = 0

    def sent(self, now: float) -> None:
        self._sent_at.append(now)

    # #region reply
    def reply(self, sequence: int, now: float) -> None:
        """Takes a reply; one to a number that was never sent is ignored."""
        if sequence >= len(self._sent_at):
            return
        if sequence in self._rtt:
            self._duplicated += 1
            return
        self._rtt[sequence] = now - self._sent_at[sequence]
        # RFC 4737 §3.3. Only the first copy is judged; a gap is loss until its number comes, and then it is late.
        if sequence >= self._next_expected:
            self._next_expected = sequence + 1
        else:
            self._reordered += 1

    # #endregion reply

    # #region report
    def report(self) -> dict[str, float | None]:
        ascending = sorted(self._rtt.values())

        def percentile(p: int) -> float | None:
            """Nearest rank, in milliseconds."""
            if not ascending:
                return None
            return round(ascending[max(0, math.ceil(p * len(ascending) / 100) - 1)] * 1000, 3)

        sent, received = len(self._sent_at), len(self._rtt)
        return {
            "sent": sent,
            "received": received,
            "lost": sent - received,
            "duplicated": self._duplicated,
            "reordered": self._reordered,
            "rttMinMs": percentile(0),
            "rttP50Ms": percentile(50),
            "rttP99Ms": percentile(99),
        }

    # #endregion report


class ProbeProtocol(asyncio.DatagramProtocol):
    """Takes the replies of one run."""

    def __init__(self, run: int, record: PathRecord) -> None:
        self._run = run
        self._record = record
        self.refusals = 0

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if len(data) != PROBE.size:
            return
        run, sequence = PROBE.unpack(data)
        if run == self._run:
            self._record.reply(sequence, time.monotonic())

    # #region refused
    def error_received(self, exc: OSError) -> None:
        """ECONNREFUSED says that one datagram met nobody. The next one may fare better."""
        self.refusals += 1
        if self.refusals == 1:
            log("warn", "send-failed", message=str(exc))

    # #endregion refused


async def measure_path(settings: ClientSettings, stopping: asyncio.Event) -> dict[str, float | None]:
    run = int.from_bytes(os.urandom(4))
    record = PathRecord()
    sock = open_socket()
    # Connected: the kernel drops what comes from elsewhere, and tells us of an ICMP "port unreachable".
    sock.connect(settings.target)
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: ProbeProtocol(run, record), sock=sock
    )

    # #region send-all
    # Each datagram has its moment, counted from the first: a late one does not make all others late.
    started_at = time.monotonic()
    for sequence in range(settings.count):
        await sleep_until(started_at + sequence * settings.interval_s, stopping)
        if stopping.is_set():
            break
        record.sent(time.monotonic())
        transport.sendto(PROBE.pack(run, sequence))
    # #endregion send-all
    await sleep_until(time.monotonic() + settings.wait_s, stopping)
    transport.abort()
    log("info", "finished", refusals=protocol.refusals)
    return record.report()


async def sleep_until(moment: float, stopping: asyncio.Event) -> None:
    """Returns at `moment`, or when it is time to stop."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, moment - time.monotonic())):
            await stopping.wait()


# --- Program ----------------------------------------------------------------------------------------------------------


async def main() -> None:
    stopping = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        # Simplified: on Windows the loop has no signal handlers. In production: signal.signal there.
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    role = os.environ.get("ROLE") or "server"
    if role == "server":
        await serve(ServerSettings.read(os.environ), stopping)
    elif role == "client":
        report = await measure_path(ClientSettings.read(os.environ), stopping)
        print(json.dumps(report), flush=True)
    else:
        raise SettingsError("ROLE", '"server" or "client"', role)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except SettingsError as error:
        sys.exit(f"udp-echo: {error}")
    except OSError as error:
        host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "7007"
        sys.exit(f"udp-echo: cannot listen on {host}, port {port}: {error.strerror}")
