"""The head-of-line experiment over the kernel's own TCP, to hold the modelled TCP against.

Linux only. Two network namespaces, each with a TUN device; this process is the path between them and drops IP packets
by a seeded chance. Needs /dev/net/tun and the right to make a network namespace (an ordinary user
gets it from `unshare`, where the system allows that). Nothing leaves the two namespaces.

    unshare --user --map-root-user --net python3 kernel-loss.py LOSS CONNECTIONS SECONDS DELAY_MS MESSAGES_PER_SECOND MESSAGE_BYTES SEED

Prints one JSON object: the latencies in ms, and the kernel's own counts of how it repaired the losses.
"""

import contextlib
import ctypes
import fcntl
import heapq
import json
import os
import random
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

CLONE_NEWNET = 0x40000000  # sched.h
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # linux/if_tun.h
CLIENT, SERVER, PORT = "10.99.0.1", "10.99.0.2", 7007
MAX_PACKET_BYTES = 2048
GRACE_SECONDS = 10
# No process of this experiment outlives it by more.
LIFE_SECONDS = 180


def enter_namespace(address: str, parent: socket.socket) -> None:
    """Moves this process to a namespace of its own and hands the network end of its TUN device to the parent."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "a network namespace cannot be made here")
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", b"tun0", IFF_TUN | IFF_NO_PI))
    for command in (f"addr add {address}/30 dev tun0", "link set tun0 mtu 1500 txqueuelen 5000 up"):
        subprocess.run(["ip", *command.split()], check=True)
    socket.send_fds(parent, [b"tun"], [tun])


def serve(parent: socket.socket) -> None:
    enter_namespace(SERVER, parent)
    listener = socket.create_server((SERVER, PORT))
    parent.send(b"listening")

    def echo(peer: socket.socket) -> None:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while data := peer.recv(65536):
            peer.sendall(data)

    while True:
        threading.Thread(target=echo, args=(listener.accept()[0],), daemon=True).start()


def send_steadily(phase: float, seconds: float, rate: float, size: int) -> list[float]:
    """One connection, open loop: latencies in ms, each from the moment at which its message was due."""
    peer = socket.create_connection((SERVER, PORT))
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    count = int(seconds * rate)
    start = time.monotonic() + 0.5 + phase / rate
    latencies: list[float] = []

    def receive() -> None:
        peer.settimeout(seconds + GRACE_SECONDS)
        received = 0
        while len(latencies) < count and (data := peer.recv(65536)):
            now = time.monotonic()
            received += len(data)
            while len(latencies) < received // size:
                latencies.append((now - start - len(latencies) / rate) * 1000)

    receiver = threading.Thread(target=receive)
    receiver.start()
    for n in range(count):
        time.sleep(max(0.0, start + n / rate - time.monotonic()))
        peer.sendall(bytes(size))
    receiver.join()
    return latencies


def counters(path: str, group: str) -> dict[str, int]:
    """The counts of this namespace: two lines a group, names and values."""
    with open(path, encoding="ascii") as file:
        names, values = [line.split()[1:] for line in file if line.startswith(f"{group}:")]
    return dict(zip(names, map(int, values)))


def run_client(parent: socket.socket, connections: int, seconds: float, rate: float, size: int) -> None:
    enter_namespace(CLIENT, parent)
    parent.recv(1)
    latencies: list[float] = []
    threads = [
        threading.Thread(target=lambda k=k: latencies.extend(send_steadily(k / connections, seconds, rate, size)))
        for k in range(connections)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    extended = counters("/proc/net/netstat", "TcpExt")
    print(
        json.dumps(
            {
                "expected": connections * int(seconds * rate),
                "latencies": [round(latency, 3) for latency in latencies],
                "retransmitted": counters("/proc/net/snmp", "Tcp")["RetransSegs"],
                "timeouts": extended["TCPTimeouts"],
                "lostRetransmissions": extended["TCPLostRetransmit"],
            }
        )
    )


def forward(ends: tuple[int, int], loss: float, delay: float, seed: int, client_pid: int) -> None:
    """The path: reads packets from each end, drops some, hands the rest to the other end after the delay."""
    chance = {end: random.Random(seed * 2 + i) for i, end in enumerate(ends)}
    other = {ends[0]: ends[1], ends[1]: ends[0]}
    under_way: list[tuple[float, int, int, bytes]] = []
    number = 0
    while os.waitpid(client_pid, os.WNOHANG)[0] == 0:
        wait = max(0.0, under_way[0][0] - time.monotonic()) if under_way else 0.1
        for end in select.select(ends, [], [], min(wait, 0.1))[0]:
            packet = os.read(end, MAX_PACKET_BYTES)
            if chance[end].random() < loss:
                continue
            number += 1
            heapq.heappush(under_way, (time.monotonic() + delay, number, other[end], packet))
        while under_way and under_way[0][0] <= time.monotonic():
            _, _, end, packet = heapq.heappop(under_way)
            os.write(end, packet)


def spawn(run, *arguments) -> tuple[int, socket.socket]:
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        signal.alarm(LIFE_SECONDS)
        try:
            run(theirs, *arguments)
            sys.stdout.flush()
            os._exit(0)
        except Exception as error:  # told to the parent's caller, which decides what to make of it
            print(error, file=sys.stderr, flush=True)
            os._exit(1)
    theirs.close()
    return pid, ours


def main() -> None:
    loss, connections, seconds, delay_ms, rate, size, seed = map(float, sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    server, server_link = spawn(serve)
    client, client_link = spawn(run_client, int(connections), seconds, rate, int(size))
    try:
        ends = []
        for link in (client_link, server_link):
            _, received, _, _ = socket.recv_fds(link, 3, 1)
            if not received:
                sys.exit(1)
            ends.append(received[0])
        server_link.recv(9)
        client_link.send(b"!")
        forward((ends[0], ends[1]), loss, delay_ms / 1000, int(seed), client)
    finally:
        for pid in (server, client):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


main()
