"""TLS in front of servers without it: certificates of a private authority, and terminating relays."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import trustme

_FIRST_BYTE = b"\x16"


class Certificates:
    """A certificate authority, and the files of a server and of a client."""

    def __init__(self, folder: Path, host: str) -> None:
        self.authority = trustme.CA()
        self.ca = folder / "ca.pem"
        self.authority.cert_pem.write_to_path(str(self.ca))
        self.server = self.authority.issue_cert(host)
        self.server_key, self.server_chain = _write(self.server, folder, "server")
        self.key, self.chain = _write(self.authority.issue_cert("turngate@example.com"), folder, "client")

    def build_context(self, *, wants_client: bool = False) -> ssl.SSLContext:
        """Build the context of a server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.configure_cert(context)
        if wants_client:
            self.authority.configure_trust(context)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def _write(certificate: trustme.LeafCert, folder: Path, name: str) -> tuple[Path, Path]:
    key, chain = folder / f"{name}-key.pem", folder / f"{name}-chain.pem"
    certificate.private_key_pem.write_to_path(str(key))
    certificate.cert_chain_pems[0].write_to_path(str(chain))
    return key, chain


class Relays:
    """Ports that relay connections to servers."""

    def __init__(self) -> None:
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen_for_both(self, target: int, port: int, context: ssl.SSLContext) -> None:
        """Relay from `port` to a server's: connections by TLS as well as those without."""
        secure = await self._listen(0, context, lambda _: target)
        await self._listen(port, None, lambda first: secure if first == _FIRST_BYTE else target)

    async def _listen(self, port: int, context: ssl.SSLContext | None, choose: Callable[[bytes], int]) -> int:
        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._tasks.add(asyncio.create_task(_relay(reader, writer, choose)))

        server = await asyncio.start_server(accept, "127.0.0.1", port, ssl=context)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Close the ports and all connections."""
        for server in self._servers:
            server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _relay(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, choose: Callable[[bytes], int]
) -> None:
    with closing(writer), suppress(OSError):  # the server may not be there yet
        first = await reader.read(1)
        behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", choose(first))
        with closing(behind_writer):
            behind_writer.write(first)
            await asyncio.gather(copy(reader, behind_writer), copy(behind_reader, writer))


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy what one side sends to the other until it ends."""
    with suppress(OSError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    writer.close()
