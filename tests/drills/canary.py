"""Listeners on loopback that nobody may ever reach: each connection is counted, whatever is said on it."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

PORTS = (80, 443)  # what a strict installation may dial at all; taken where the system lets us


@dataclass
class Canary:
    """`hits` are (address, port, first bytes) of each connection; `ears` are where it listens."""

    ears: list[tuple[str, int]] = field(default_factory=list)
    hits: list[tuple[str, int, bytes]] = field(default_factory=list)

    @property
    def base(self) -> str:
        """The first ear as a web address."""
        address, port = self.ears[0]
        return f"http://{address}:{port}"

    @property
    def places(self) -> str:
        """Where it listens, for a table's head."""
        return ", ".join(f"{address}:{port}" for address, port in self.ears)


@contextmanager
def listening(addresses: Sequence[str], ports: Sequence[int] = (0,)) -> Iterator[Canary]:
    """A canary on each of `addresses` and `ports` that can be had; port 0 is any free one, and always can."""
    canary = Canary()
    sockets: list[socket.socket] = []
    for address in addresses:
        for port in ports:
            ear = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
            try:
                ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                ear.bind((address, port))
                ear.listen(64)
            except OSError:  # no such address here, or a port for the mighty alone
                ear.close()
                continue
            sockets.append(ear)
            canary.ears.append((address, ear.getsockname()[1]))
            threading.Thread(target=_hear, args=(canary, ear, canary.ears[-1]), daemon=True).start()
    try:
        yield canary
    finally:
        for ear in sockets:
            ear.close()


def _hear(canary: Canary, ear: socket.socket, place: tuple[str, int]) -> None:
    while True:
        try:
            connection, _ = ear.accept()
        except OSError:
            return
        said = b""
        with suppress(OSError), connection:
            connection.settimeout(0.2)
            canary.hits.append((*place, b""))
            said = connection.recv(200)
            canary.hits[-1] = (*place, said)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\ncanary")
