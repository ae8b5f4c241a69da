"""Account of the process that connects from this machine."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import sys
from pathlib import Path

import pytest

from gateway.access.peer_account import is_listed_as_service, may_be_service

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
LISTENER = "   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 77 1"


def write_table(folder: Path, *lines: str) -> tuple[Path, ...]:
    file = folder / "tcp"
    file.write_text("\n".join([HEAD, *lines]) + "\n", encoding="ascii")
    return (file, folder / "tcp6")


def build_peer_row(account: int, inode: int = 4711) -> str:
    return (
        f"   1: 0100007F:C350 0100007F:1F40 01 00000000:00000000 00:00000000 00000000 {account:5} 0 {inode} 1"
    )


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([LISTENER, build_peer_row(33)], True),
        ([LISTENER, build_peer_row(101)], True),
        ([LISTENER, build_peer_row(65_534)], True),
        ([LISTENER, build_peer_row(61_200)], True),
        ([LISTENER, build_peer_row(0)], False),
        ([LISTENER, build_peer_row(1000)], False),
        ([LISTENER, build_peer_row(1_000_000)], False),
        ([LISTENER, build_peer_row(0, inode=0)], True),
        ([LISTENER], True),
        ([build_peer_row(33)], False),
        ([], False),
    ],
    ids=[
        *("www-data", "nginx", "nobody", "dynamic", "root", "person", "directory", "closed", "gone"),
        *("no server", "nothing"),
    ],
)
def test_services_are_distinguished_from_people(tmp_path: Path, lines: list[str], expected: bool) -> None:
    assert is_listed_as_service(50_000, 8_000, write_table(tmp_path, *lines)) is expected


def test_without_the_systems_list_nothing_speaks_for_a_service(tmp_path: Path) -> None:
    assert not is_listed_as_service(50_000, 8_000, (tmp_path / "tcp",))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux")
async def test_without_a_file_descriptor_to_ask_with_it_may_be_one() -> None:
    """A proxy that exhausts the process's file descriptors is not treated as a local operator."""
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    own = server.sockets[0].getsockname()
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.create_connection(own) as client:
        peer_name = client.getsockname()
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
        try:
            assert may_be_service(peer_name, own)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    server.close()


@pytest.mark.skipif(not sys.platform.startswith("linux") or os.getuid() != 0, reason="takes another account")
@pytest.mark.parametrize(
    ("listen", "connect"), [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("::", "127.0.0.1")]
)
async def test_a_real_connection_of_another_account_is_detected(listen: str, connect: str) -> None:
    told: list[tuple[bool, bool]] = []
    done = asyncio.Event()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer, own = writer.get_extra_info("peername")[:2], writer.get_extra_info("sockname")[:2]
        told.append((may_be_service(peer, own), is_listed_as_service(peer[1], own[1])))
        writer.close()
        done.set()

    listener = socket.create_server(
        (listen, 0),
        family=socket.AF_INET6 if ":" in listen else socket.AF_INET,
        dualstack_ipv6=listen == "::",
    )
    server = await asyncio.start_server(serve, sock=listener)
    port = listener.getsockname()[1]
    code = f"import socket; s = socket.create_connection(('{connect}', {port})); s.recv(1)"
    for account in (0, 65_534):
        done.clear()
        process = await asyncio.create_subprocess_exec("/usr/bin/env", "python3", "-c", code, user=account)
        await done.wait()
        await process.wait()
    server.close()
    await server.wait_closed()

    assert told == [(False, False), (True, True)]


async def test_a_peer_that_has_gone_may_be_a_service() -> None:
    told: list[bool] = []
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # until the other end is closed
        told.append(may_be_service(writer.get_extra_info("peername"), writer.get_extra_info("sockname")))
        writer.close()
        done.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.close()
    await done.wait()
    server.close()
    await server.wait_closed()

    assert told == [sys.platform.startswith("linux")]
